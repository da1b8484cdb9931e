"""Stage `evaluate`: every metric of one set of samples, from one feature pass, as one flat JSON.

Definitions are in `ganstudy.metrics`. The reference is the test split; samples beyond its size are
left out, so that both sides have one N.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import softmax

from ganstudy import layout, metrics
from ganstudy.data.folder import read_folder
from ganstudy.data.images import Split, load_info, load_split
from ganstudy.errors import InputError
from ganstudy.files import read_images, read_json, sha256_arrays, write_json
from ganstudy.judging import Examiner, load_examiner
from ganstudy.metrics import Features
from ganstudy.models.saved import MODEL
from ganstudy.params import Params
from ganstudy.progress import say
from ganstudy.seeding import numpy_generator
from ganstudy.tracking import tracked, tracked_real, tracked_run
from ganstudy.training import device as devices

Values = dict[str, Any]


@dataclass(frozen=True)
class Measured:
    """Images with their features."""

    split: Split
    features: Features

    def rows(self, rows: Any) -> "Measured":
        """A subset."""
        labels = None if self.split.labels is None else self.split.labels[rows]
        logits = None if self.features.logits is None else self.features.logits[rows]
        return Measured(
            Split(self.split.images[rows], labels), Features(self.features.features[rows], logits)
        )

    @property
    def count(self) -> int:
        """Number of images."""
        return len(self.split.images)


def run(params: Params, key: str, out: Path) -> None:
    """Measures the samples of run `key`, or real training images where it is `real`."""
    folder = None if key == layout.REAL else layout.run_folder(key)
    examiner = _examiner(params)
    reference = _measured(examiner, load_split(layout.PREPARED, "test"), cached=True)
    train = _measured(examiner, load_split(layout.PREPARED, "train"), cached=True)
    count = min(reference.count, train.count, params.sample.count)
    rng = numpy_generator(params.evaluate.seed, "evaluation rows")
    reference = reference.rows(np.sort(rng.permutation(reference.count)[:count]))
    real = train.rows(np.sort(rng.permutation(train.count)[:count]))
    if folder is None:
        values = _against(params, examiner, real, reference)
        values |= _classes(examiner, real, reference)
        values["fid_floor"] = values["fid"]
        _write(out, values)
        with tracked_real(values):
            pass
        return
    meta = read_json(folder / MODEL)
    samples = layout.output(folder / "samples.npz", "sample")
    fake = _measured(examiner, Split(*read_images(samples))).rows(slice(count))
    values = _against(params, examiner, fake, reference) | _beside_training(fake, reference, train)
    values["fid_floor"] = metrics.frechet_distance(
        real.features.features, reference.features.features
    )
    values["fid_train"] = metrics.frechet_distance(fake.features.features, real.features.features)
    values |= _classes(examiner, fake, reference)
    _write(out, values)
    with tracked_run(key, meta) as tracker:
        tracker.log_metrics(values)


def run_files(params: Params, samples: Path, reference: Path | None, out: Path) -> None:
    """Measures anybody's `samples` (npz or folder of images) against `reference`, or the test
    split where it is None."""
    examiner = _examiner(params)
    fake = _measured(examiner, read_any(samples, examiner))
    if reference is None:
        real = _measured(examiner, load_split(layout.PREPARED, "test"), cached=True)
    else:
        real = _measured(examiner, read_any(reference, examiner), cached=True)
    if fake.split.images.shape[1:] != real.split.images.shape[1:]:
        raise InputError(
            f"{samples}: images of {fake.split.images.shape[1:]} (H, W, C) cannot be compared with "
            f"a reference of {real.split.images.shape[1:]}: bring them to one size"
        )
    count = min(fake.count, real.count)
    fake, real = fake.rows(slice(count)), real.rows(slice(count))
    values = _against(params, examiner, fake, real)
    if reference is None:
        train = _measured(examiner, load_split(layout.PREPARED, "train"), cached=True)
        values |= _beside_training(fake, real, train)
    values |= _classes(examiner, fake, real)
    _write(out, values)
    with tracked(
        f"evaluate {samples.name}",
        sha256_arrays(fake.split.images, real.split.images) + examiner.extractor.sha256[:16],
        "samples",
        {"evaluate": params.evaluate.model_dump(mode="json"), "samples": samples.name},
    ) as tracker:
        tracker.log_metrics(values)


def read_any(path: Path, examiner: Examiner) -> Split:
    """Images from an npz (arr_0, arr_1) or from a folder of images of one size.

    A folder's images are brought to the judge's number of channels (many tools save grey images as
    colour ones); its labels count only where its classes are those of the data.
    """
    if path.is_dir():
        info = examiner.info
        found = read_folder(path, channels=None if info is None else info.channels)
        names = load_info(layout.PREPARED).classes if examiner.knows_classes else None
        if found.labels is None or names is None or not set(found.classes) <= set(names):
            return Split(found.images, None)
        order = np.array([names.index(name) for name in found.classes])
        return Split(found.images, order[found.labels])
    if path.suffix != ".npz":
        raise InputError(
            f"{path}: samples are an .npz with arr_0 uint8 (N, H, W, C), or a folder of images"
        )
    return Split(*read_images(path))


def _examiner(params: Params) -> Examiner:
    return load_examiner(params.evaluate, layout.JUDGE, devices.choose(params.runtime))


def _measured(examiner: Examiner, split: Split, *, cached: bool = False) -> Measured:
    return Measured(split, examiner.features(split.images, cached=cached))


def _against(params: Params, examiner: Examiner, fake: Measured, reference: Measured) -> Values:
    """Distances, neighbours, sharpness and scores of `fake` against `reference`."""
    x, y = fake.features.features, reference.features.features
    evaluate = params.evaluate
    smallest = max(evaluate.neighbours + 1, 4)
    if min(len(x), len(y)) < smallest:
        raise InputError(
            f"{len(x)} samples against {len(y)} reference images: at least {smallest} of each "
            "are needed"
        )
    if len(y) < 50 * y.shape[1]:
        say(
            f"evaluate: {len(y)} images for {y.shape[1]} features are fewer than 50 a feature: "
            "fid is biased upwards; read it beside fid_floor and fid_debiased"
        )
    low, high = metrics.frechet_interval(x, y, resamples=evaluate.resamples, seed=evaluate.seed)
    neighbours = metrics.precision_recall_density_coverage(y, x, k=evaluate.neighbours)
    standard_y, standard_x = metrics.standardize(y, x)
    values: Values = {
        "fid": metrics.frechet_distance(x, y),
        "fid_debiased": metrics.debiased_frechet_distance(x, y, evaluate.seed),
        "fid_low": low,
        "fid_high": high,
        "kid": metrics.kernel_distance(standard_x, standard_y),
        "precision": neighbours.precision,
        "recall": neighbours.recall,
        "density": neighbours.density,
        "coverage": neighbours.coverage,
        "sharpness_ratio": metrics.sharpness_ratio(fake.split.images, reference.split.images),
        "samples": fake.count,
        "reference": reference.count,
        "reference_sha256": sha256_arrays(reference.split.images),
        "judge": examiner.extractor.name,
        "judge_sha256": examiner.extractor.sha256,
        "seed": evaluate.seed,
    }
    if examiner.info is not None:
        values["judge_accuracy"] = examiner.info.accuracy
    if fake.features.logits is not None and reference.features.logits is not None:
        score = metrics.inception_score(fake.features.logits)
        values |= {
            "inception_score": score.score,
            "entropy_conditional": score.entropy_conditional,
            "entropy_marginal": score.entropy_marginal,
            "inception_score_real": metrics.inception_score(reference.features.logits).score,
        }
    return values


def _beside_training(fake: Measured, reference: Measured, train: Measured) -> Values:
    """Memorisation: distances of `fake` and of the test split to all training images."""
    found = metrics.memorization(
        train.features.features, reference.features.features, fake.features.features
    )
    return {"mem1": found.mem1, "ct_z": found.ct_z}


def _classes(examiner: Examiner, fake: Measured, reference: Measured) -> Values:
    """Class coverage, corrected for the judge's confusion on the validation split."""
    if not examiner.knows_classes or fake.features.logits is None:
        return {}
    info, held = load_info(layout.PREPARED), load_split(layout.PREPARED, "validation")
    if info.classes is None or held.labels is None or reference.split.labels is None:
        return {}
    classes = len(info.classes)
    held_logits = examiner.features(held.images, cached=True).logits
    posteriors = softmax(fake.features.logits.astype(np.float64), axis=1)
    confusion = metrics.soft_confusion(
        softmax(np.asarray(held_logits, np.float64), axis=1), held.labels, classes
    )
    share = np.bincount(reference.split.labels, minlength=classes) / reference.count
    found = metrics.class_coverage(posteriors, confusion, share)
    values: Values = {
        "classes": classes,
        "classes_captured": found.captured,
        "class_tv": found.total_variation,
    }
    values |= {f"class_share_{index:02d}": float(w) for index, w in enumerate(found.shares)}
    if fake.split.labels is not None:  # of a conditional generator: is the condition obeyed?
        values["class_accuracy"] = float((posteriors.argmax(1) == fake.split.labels).mean())
    return values


def _write(out: Path, values: Values) -> None:
    write_json(out, values)
    shown = ("fid", "fid_floor", "precision", "recall", "coverage", "classes_captured")
    say(f"{out}: " + ", ".join(f"{k} {values[k]:.4g}" for k in shown if k in values))
