"""From images to every metric, against torch-fidelity with the same extractor; and how much memory
50,000 colour images take."""

import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch_fidelity
from scipy.special import softmax
from torch import Tensor
from torch.utils.data import Dataset

from ganstudy import metrics
from ganstudy.data.images import load_split
from ganstudy.evaluation.judging import load_judge
from ganstudy.files import Images, read_images, write_npz
from ganstudy.metrics import JudgeExtractor
from ganstudy.networks.classifier import Classifier
from ganstudy.seeding import numpy_generator
from ganstudy.spaces import Image
from ganstudy.study import layout

MANY, SIDE, CHANNELS = 50_000, 32, 3


@dataclass(frozen=True)
class Compared:
    """Seconds of ours, of torch-fidelity's four metrics, and what both gave."""

    samples: int
    ours: float
    theirs: float
    fid: float
    their_fid: float
    measured: str


class Tensors(Dataset[Tensor]):
    """uint8 (C, H, W) images, as torch-fidelity reads them."""

    def __init__(self, images: Images) -> None:
        self._images = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: int) -> Tensor:
        return self._images[index]


def against_torch_fidelity(run: str) -> Compared:
    """On the samples of a finished run of the study, its test split and its judge."""
    judge, info = load_judge(layout.JUDGE, torch.device("cpu"))
    test = load_split(layout.PREPARED, "test")
    fake = read_images(layout.run_folder(run) / "samples.npz")[0]
    count = min(len(fake), len(test.images))
    fake, real = fake[:count], test.images[:count].astype(np.uint8)
    labels = np.asarray(test.labels)[:count]

    began = time.perf_counter()
    found = all_metrics(judge, fake, real, labels, info.classes)
    ours = time.perf_counter() - began

    name = "ganstudy-benchmark"
    metrics.register_judge(lambda: judge.network, name)
    began = time.perf_counter()
    theirs = torch_fidelity.calculate_metrics(
        input1=Tensors(fake),
        input2=Tensors(real),
        fid=True,
        isc=True,
        kid=True,
        prc=True,
        prc_neighborhood=5,
        feature_extractor=name,
        batch_size=256,
        cuda=False,
        cache=False,
        save_cpu_ram=False,
        verbose=False,
    )
    seconds = time.perf_counter() - began
    names = ", ".join(found)
    return Compared(count, ours, seconds, found["fid"], theirs["frechet_inception_distance"], names)


def all_metrics(
    judge: JudgeExtractor, fake: Images, real: Images, labels: np.ndarray, classes: int
) -> dict[str, float]:
    """Every metric of two sets of images, from the images on. Distances to training images need a
    third set; here the real images stand for it, at the same cost for each."""
    x, y = judge.extract(fake), judge.extract(real)
    estimate = metrics.frechet_estimate(x.features, y.features)
    near = metrics.precision_recall_density_coverage(y.features, x.features)
    scaled_y, scaled_x = metrics.standardize(y.features, x.features)
    score = metrics.inception_score(x.logits)
    posteriors = softmax(np.asarray(x.logits, np.float64), axis=1)
    confusion = metrics.soft_confusion(
        softmax(np.asarray(y.logits, np.float64), axis=1), labels, classes
    )
    share = np.bincount(labels, minlength=classes) / len(labels)
    shares = metrics.class_coverage(posteriors, confusion, share)
    inside = metrics.per_class_coverage(
        y.features, labels, x.features, posteriors.argmax(1), classes
    )
    middle = len(y.features) // 2
    copies = metrics.memorization(y.features[:middle], y.features[middle:], x.features)
    return {
        "fid": metrics.frechet_distance(x.features, y.features),
        "fid_debiased": estimate.distance,
        "fid_low": estimate.low,
        "fid_high": estimate.high,
        "fid_relative": estimate.relative,
        "kid": metrics.kernel_distance(scaled_x, scaled_y),
        "precision": near.precision,
        "recall": near.recall,
        "density": near.density,
        "coverage": near.coverage,
        "inception_score": score.score,
        "classes_captured": shares.captured,
        "class_coverage": float(inside.coverage.mean()),
        "mem1": copies.mem1,
        "ct_z": copies.ct_z,
        "sharpness_ratio": metrics.sharpness_ratio(fake, real),
    }


@dataclass(frozen=True)
class Streamed:
    """Peak resident memory of a process that measured MANY images, and its seconds."""

    gibibytes: float
    seconds: float


def memory_of_many() -> Streamed:
    """In a process of its own: 50,000 samples of 32×32×3 against as many, from files."""
    with tempfile.TemporaryDirectory() as folder:
        rng = numpy_generator(0, "many images")
        for name in ("fake", "real"):
            images = rng.integers(0, 256, (MANY, SIDE, SIDE, CHANNELS), dtype=np.uint8)
            write_npz(Path(folder) / f"{name}.npz", images)
        command = [sys.executable, __file__, folder]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    gibibytes, seconds = done.stdout.split()
    return Streamed(float(gibibytes), float(seconds))


def main(folder: Path) -> None:
    """Measures fake.npz against real.npz; prints the peak of memory in GiB, and seconds."""
    began = time.perf_counter()
    fake, real = (read_images(folder / f"{name}.npz")[0] for name in ("fake", "real"))
    torch.manual_seed(0)
    network = Classifier(Image(CHANNELS, SIDE, SIDE), 10, 32, 128)
    labels = np.arange(MANY) % 10
    all_metrics(JudgeExtractor(network, "random", ""), fake, real, labels, 10)
    print(peak_of_memory() / 2**20, time.perf_counter() - began)


def peak_of_memory() -> int:
    """The most memory this program held, in KiB; getrusage would tell the parent's too (Linux)."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    raise OSError("the peak of memory is known on Linux only")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
