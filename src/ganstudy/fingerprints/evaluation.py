"""What evaluation computes: every metric of fixed tiny samples, by the very protocol of the study.

A project of a few images is laid in a temporary folder, with a judge that was never trained, and
measured in float64, so that nine digits are the same on every CPU.
"""

import io
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import chdir, contextmanager, redirect_stderr
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ganstudy import judges
from ganstudy.data import fielded
from ganstudy.data.fields import write_datasets
from ganstudy.data.images import INFO as DATA
from ganstudy.data.images import SPLITS, DataInfo, Split, load_split
from ganstudy.data.points import MIXTURES
from ganstudy.dataset import random_rows
from ganstudy.evaluation import FIELD_PROTOCOLS, PROTOCOLS, few_labels
from ganstudy.evaluation.judging import INFO, WEIGHTS, JudgeInfo
from ganstudy.evidence.fields import ROWS
from ganstudy.evidence.identity import identity
from ganstudy.files import sha256_file, write_json, write_npz
from ganstudy.fingerprints.training import STORED, tiny_spaces
from ganstudy.fingerprints.values import in_float64, texts
from ganstudy.models.base import initial_weights
from ganstudy.models.saved import save_weights
from ganstudy.networks.classifier import Classifier
from ganstudy.params import Params
from ganstudy.seeding import numpy_generator
from ganstudy.spaces import Image
from ganstudy.study import layout

VERSION = 1  # raise it when a change matters that the values below cannot show
CLASSES, WIDTH, FEATURES = 2, 4, 3
COUNTS = {"train": 240, "validation": 160, "test": 160}
SAMPLES = 160  # over 50 a feature
# What says who measured, not what.
PROVENANCE = ("judge", "reference_sha256", "seed", "device", "torch", "train_precision")


def fingerprint(params: Params) -> dict[str, Any]:
    """The parameters that metrics depend on, and every metric of tiny samples: with labels and
    without, of real data, of a snapshot."""
    found: dict[str, Any] = {
        "version": VERSION,
        "evaluate": params.evaluate.model_dump(mode="json"),
        "sample": params.sample.model_dump(mode="json"),
        "conditional": params.train.conditional,
        "evidence": identity(params),
        **_extractor(params),
    }
    if params.data.traits.fields:
        found["rows"] = ROWS
        if params.judge is not None:  # a classifier learns from the training split
            found["classifier"] = params.judge.model_dump(mode="json", exclude={"weights"})
            found["precision"] = params.train.precision
        return found | {"values": texts(_numbers(_measured_fields(_tiny(params))), digits=9)}
    if params.train.conditional and params.judge is not None:  # a classifier learns from samples
        found["classifier"] = params.judge.model_dump(mode="json", exclude={"weights"})
        found["precision"] = params.train.precision
        if (few := params.data.labels_per_class) is not None:
            found["labels_per_class"] = few
    return found | {"values": texts(_numbers(_measured(params)), digits=9)}


def _numbers(measured: Iterable[tuple[str, dict[str, Any]]]) -> dict[str, float]:
    return {
        f"{name} {metric}": value
        for name, values in measured
        for metric, value in values.items()
        if isinstance(value, int | float) and not metric.startswith(PROVENANCE)
    }


def _extractor(params: Params) -> dict[str, str]:
    """The content of what the study's files do not hold: another judge, another extractor's
    weights."""
    name, weights = params.evaluate.extractor, params.evaluate.weights
    if (released := judges.named(name)) is not None:
        return {"extractor": released.sha256}
    path = None if weights is None else layout.from_root(weights)
    return {} if path is None or not path.is_file() else {"extractor": sha256_file(path)}


def _measured(params: Params) -> Iterator[tuple[str, dict[str, Any]]]:
    tiny = _tiny(params)
    rng = numpy_generator(0, "fingerprint of the evaluation")
    with _project(), in_float64(), redirect_stderr(io.StringIO()):  # it tells of no study
        _lay(tiny, rng)
        protocol = PROTOCOLS[tiny.data.kind](tiny, torch.device("cpu"))
        samples = _draw(tiny, SAMPLES, rng)
        yield "plain", protocol.measure(Split(samples.images, None), None)
        if tiny.data.traits.plain:
            yield "conditional", protocol.measure(samples, None)
        yield "real", protocol.measure_real()
        yield "snapshot", protocol.snapshot_metrics(Split(samples.images, None))
        if tiny.data.traits.plain and tiny.train.conditional and tiny.data.labels_per_class:
            yield "few labels", _few_labels(tiny, samples)


def _few_labels(params: Params, samples: Split) -> dict[str, float]:
    assert params.judge is not None  # noqa: S101 - images have one
    labelled, test = (load_split(layout.PREPARED, name) for name in ("validation", "test"))
    cpu = torch.device("cpu")
    return few_labels.errors(labelled, samples, test, params.judge, CLASSES, "float32", cpu)


def _measured_fields(params: Params) -> Iterator[tuple[str, dict[str, Any]]]:
    """The metrics of random rows of every field, in the place of outputs."""
    rng = numpy_generator(0, "fingerprint of the evaluation")
    (spaces,) = tiny_spaces(params).values()
    with _project(), in_float64(), redirect_stderr(io.StringIO()):
        splits = {name: random_rows(spaces, rng, COUNTS[name]) for name in SPLITS}
        write_datasets(layout.PREPARED, splits)
        write_json(layout.PREPARED / DATA, asdict(fielded.describe(params.data, splits)))
        protocol = FIELD_PROTOCOLS[params.data.kind](params, torch.device("cpu"))
        outputs = random_rows(spaces, rng, COUNTS["test"])
        yield "plain", protocol.measure(outputs.fields, splits["test"])
        yield "real", protocol.measure_real()


def _tiny(params: Params) -> Params:
    evaluate = {"extractor": "judge", "weights": None, "neighbours": 3}
    tiny: dict[str, Any] = {
        "evaluate": params.evaluate.model_copy(
            update={**evaluate, "classifier_images": SAMPLES, "seed": 0}
        ),
        "sample": params.sample.model_copy(update={"count": SAMPLES}),
        "train": params.train.model_copy(update={"precision": "float32"}),
    }
    if params.judge is not None:
        small = {"width": WIDTH, "features": FEATURES, "batch": 16, "seed": 0}
        small |= {"images": SAMPLES}  # of a classifier that a protocol trains
        tiny["judge"] = params.judge.model_copy(update=small)
    return params.model_copy(update=tiny)


@contextmanager
def _project() -> Iterator[None]:
    """Inside, the working directory is an empty project of its own, also for DVC's stages."""
    root = os.environ.pop("DVC_ROOT", None)
    try:
        with tempfile.TemporaryDirectory() as folder, chdir(folder):
            (Path(folder) / ".dvc").mkdir()
            yield
    finally:
        if root is not None:
            os.environ["DVC_ROOT"] = root


def _lay(params: Params, rng: np.random.Generator) -> None:
    """Prepared data, and a judge of them."""
    splits = {name: _draw(params, COUNTS[name], rng) for name in SPLITS}
    for name, split in splits.items():
        write_npz(layout.PREPARED / f"{name}.npz", *split.arrays())
    info = DataInfo(
        name=params.data.name,
        kind=params.data.kind,
        shape=splits["train"].images.shape[1:],
        scale=1.0,
        classes=tuple("ab"),
        train=len(splits["train"].images),
        validation=len(splits["validation"].images),
        test=len(splits["test"].images),
        sha256_train=splits["train"].digest(),
        sha256_validation=splits["validation"].digest(),
        sha256_test=splits["test"].digest(),
    )
    write_json(layout.PREPARED / DATA, asdict(info))
    if not params.data.traits.judged:
        return
    shape = Image(1, *STORED["images"][:2])  # stacked images are judged a channel at a time
    save_weights(layout.JUDGE / WEIGHTS, _judge(shape))
    judge = JudgeInfo(
        key="tiny",
        task="labels",
        channels=shape.channels,
        resolution=[shape.height, shape.width],
        classes=CLASSES,
        width=WIDTH,
        features=FEATURES,
        accuracy=0.5,
        data=info.name,
        data_sha256=info.sha256_train,
    )
    write_json(layout.JUDGE / INFO, asdict(judge))


def _judge(shape: Image) -> Classifier:
    """One that was never trained, and yet tells dark images from bright ones."""
    with initial_weights(0, "judge"):
        judge = Classifier(shape, CLASSES, WIDTH, FEATURES).eval()
    with torch.no_grad():
        for weight in judge.body.parameters():
            weight.mul_(2)
        levels = torch.linspace(-1, 1, 9)[:, None, None, None]
        grey = levels.expand(-1, shape.channels, shape.height, shape.width)
        logits = judge(grey)[1]
        judge.head.weight.mul_(4 / logits.std())
        judge.head.bias.copy_(judge.head.bias - judge(grey)[1].mean(0))
    return judge


def _draw(params: Params, count: int, rng: np.random.Generator) -> Split:
    """Samples of the study's kind, those of a class a little brighter."""
    if not params.data.traits.pixels:
        return MIXTURES[params.data.name].draw(count, f"fingerprint {rng.integers(2**31)}")
    labels = rng.integers(0, CLASSES, count)
    shape = STORED[params.data.kind]
    bright = rng.integers(0, 100, (count, 1, 1, shape[2])) + 60 * labels[:, None, None, None]
    images = rng.integers(0, 80, (count, *shape)) + bright
    modes = labels * 7 if params.data.traits.stacked else labels
    return Split(images.astype(np.uint8), modes.astype(np.int64))
