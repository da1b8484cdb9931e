"""Stage `release`: puts the judge of a study among those that come with ganstudy."""

from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from safetensors.torch import load, save

from ganstudy import metrics
from ganstudy.data.images import Split, load_split
from ganstudy.errors import InputError, StudyError
from ganstudy.evaluation.judging import INFO, WEIGHTS, accuracy, load_judge
from ganstudy.files import sha256_json, write_bytes, write_json
from ganstudy.params import Params
from ganstudy.progress import log
from ganstudy.seeding import numpy_generator
from ganstudy.study import layout
from ganstudy.training import device as devices

MOST_BYTES = 1_000_000
MOST_SHIFT = 0.001  # of a FID, by what float16 takes from the weights
NOISE = 24  # levels of the noise on images that stand for generated ones


def run(params: Params, out: Path, commit: str) -> None:
    """Writes the judge of this study with weights in float16 into `out`, as `ganstudy.judges`
    describes, where that moves no FID by more than a thousandth; else raises `StudyError`."""
    device = devices.choose(params.runtime)
    full, info = load_judge(layout.JUDGE, device)
    if info.task != "labels" or not params.data.traits.plain:
        raise InputError(f"a judge that is released tells classes of images, not {info.task}")
    height, width = info.resolution
    name = f"{info.data}-{height}x{width}x{info.channels}"
    weights = out / f"{name}.safetensors"
    content = _halved((layout.JUDGE / WEIGHTS).read_bytes())
    if len(content) > MOST_BYTES:
        raise StudyError(f"{name} takes {len(content):,} bytes; {MOST_BYTES:,} are allowed: lower "
                         "judge.width or judge.features")  # fmt: skip
    with TemporaryDirectory() as folder:
        write_bytes(Path(folder) / WEIGHTS, content)
        write_json(Path(folder) / INFO, asdict(info))
        half, _ = load_judge(Path(folder), device)
    test, shifts = load_split(layout.PREPARED, "test"), _shifts(full, half)
    if max(shifts.values()) > MOST_SHIFT:
        raise StudyError(f"float16 moves the FIDs of {name} by {shifts}; {MOST_SHIFT} are allowed")
    right = accuracy(half, test)
    released = replace(info, name=name, accuracy=right)
    write_bytes(weights, content)
    write_json(
        weights.with_suffix(".json"),
        {
            "sha256": half.sha256,
            "info": asdict(replace(released, key=sha256_json([info.key, half.sha256]))),
            "made": {
                "recipe": _recipe(params),
                "commit": commit,
                "precision": info.precision,
                "accuracy_float32": accuracy(full, test),
                "fid_moved_by_float16": shifts,
                **devices.describe(device),
            },
        },
    )
    log(f"{weights}: {len(content):,} bytes, {right:.2%} right, FID moved by {shifts}")


def _recipe(params: Params) -> dict[str, Any]:
    assert params.judge is not None  # noqa: S101 - it was trained
    return params.judge.model_dump(mode="json", exclude={"weights"})


def _halved(content: bytes) -> bytes:
    """The same weights in float16, but for norms and biases: their rounding would move a whole
    channel, and they take next to nothing."""
    state = {
        name: tensor.half() if tensor.is_floating_point() and tensor.ndim > 1 else tensor
        for name, tensor in load(content).items()
    }
    return save(state)


def _shifts(full: metrics.FeatureExtractor, half: metrics.FeatureExtractor) -> dict[str, float]:
    """By what share the FID to the test split moves: of real training images, the smallest there
    is, and of noisy ones, about as far away as a good generator's."""
    test, train = load_split(layout.PREPARED, "test"), load_split(layout.PREPARED, "train")
    rng = numpy_generator(0, "images that stand for generated ones")
    real = train.images[np.sort(rng.permutation(len(train.images))[: len(test.images)])]
    noise = rng.integers(-NOISE, NOISE + 1, real.shape)
    noisy = np.clip(real.astype(np.int64) + noise, 0, 255).astype(np.uint8)
    found = {}
    for name, images in {"real": real, "noisy": noisy}.items():
        before, after = (_fid(judge, images, test) for judge in (full, half))
        found[name] = float(f"{abs(after / before - 1):.2e}")
    return found


def _fid(judge: metrics.FeatureExtractor, images: Any, test: Split) -> float:
    features = [judge.extract(side).features for side in (images, test.images)]
    return metrics.frechet_distance(*features)
