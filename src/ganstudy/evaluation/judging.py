"""The judge of a study: how it is trained, kept and read back."""

from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from torch import nn

from ganstudy import distributed
from ganstudy.dataset import labelled_data
from ganstudy.errors import InputError
from ganstudy.evaluation.cache import code_version, forget_oldest
from ganstudy.files import (
    Labels,
    Samples,
    read_json,
    sha256_arrays,
    sha256_file,
    sha256_json,
)
from ganstudy.files.memmap import parts, spooled
from ganstudy.judges import ReleasedJudge
from ganstudy.metrics import FeatureExtractor, JudgeExtractor
from ganstudy.metrics import extractors as extraction
from ganstudy.metrics import judge as judge_extraction
from ganstudy.models.judge import DECAY, EMA, Judge
from ganstudy.models.saved import restored, save_weights
from ganstudy.networks import classifier as classifier_network
from ganstudy.networks.classifier import Classifier
from ganstudy.params import JudgeParams
from ganstudy.spaces import Image, Label
from ganstudy.study.layout import in_study, output, state
from ganstudy.training.batches import Batches
from ganstudy.training.precision import Precision
from ganstudy.training.trainer import Callbacks, Settings, Trainer

LabelledSplit = tuple[Samples, Labels | None]

INFO, WEIGHTS = "judge.json", "judge.safetensors"
ROTATIONS = 4
CACHED = 24  # sets of features, and networks, that are kept
SOURCES = (classifier_network, judge_extraction, extraction)  # of the code that makes them


@dataclass(frozen=True)
class JudgeInfo:
    """judge.json: what rebuilds the classifier, the data it belongs to, and how good it is.

    `key` is the hash of what made it.

    `task` is "labels", or "rotations" where the data has no labels: then the classifier tells by
    how many quarter turns an image was rotated (Gidaris et al. 2018), and classes mean nothing.
    `accuracy` is on the test split of its task, `name` how results call it, `precision` what it
    was trained in.
    """

    key: str
    task: str
    channels: int
    resolution: list[int]
    classes: int
    width: int
    features: int
    accuracy: float
    data: str
    data_sha256: str
    name: str = "judge"
    precision: Precision = "float32"

    def must_belong(self, sha256_train: str) -> None:
        """Raises `InputError` unless the judge was trained on the training split of that hash."""
        if self.data_sha256 != sha256_train:
            raise InputError(
                f"the judge was trained on other data ({self.data}) than is prepared here: "
                "run `dvc repro judge`"
            )


def rotated(images: Samples) -> tuple[Samples, Labels]:
    """The rotation task: image i turned by i mod 4 quarters, and i mod 4. Images are square; on
    disk, as there may be many."""
    rows = chain.from_iterable(parts(images))
    turned = spooled(np.rot90(image, row % ROTATIONS)[None] for row, image in enumerate(rows))
    return turned, np.arange(len(images)) % ROTATIONS


def load_judge(folder: Path, device: torch.device) -> tuple[JudgeExtractor, JudgeInfo]:
    """The judge in `folder`, ready to extract. Raises `InputError` when it is not there."""
    return _load_judge(output(folder / INFO, "judge"), folder / WEIGHTS, device)


def load_released(
    released: ReleasedJudge, device: torch.device
) -> tuple[JudgeExtractor, JudgeInfo]:
    """A judge that comes with ganstudy, likewise. Raises `InputError` when it was altered."""
    released.read()
    return _load_judge(released.description, released.weights, device, "info")


def _load_judge(
    description: Path, weights: Path, device: torch.device, part: str | None = None
) -> tuple[JudgeExtractor, JudgeInfo]:
    """By a JSON, or the `part` of one, and weights."""
    try:
        content = read_json(description)
        info = JudgeInfo(**(content if part is None else content[part]))
        height, width = info.resolution
        shape = Image(info.channels, height, width)
    except (LookupError, TypeError, ValueError) as error:
        raise InputError(f"{description} does not describe a judge: {error}") from error

    def build() -> nn.Module:
        return Classifier(shape, info.classes, info.width, info.features)

    network = restored(build, weights, description)
    sha256 = sha256_file(weights)
    return JudgeExtractor(network, info.name, sha256, str(device)), info


def classifier_training(
    recipe: JudgeParams,
    split: LabelledSplit,
    classes: int,
    precision: Precision,
    device: torch.device,
    checkpoint_seconds: float = 60.0,
) -> Trainer:
    """What trains a classifier by the judge's `recipe` on uint8 images (N, H, W, C) with labels
    int64 (N,) in 0 … `classes` - 1; its `average` is the result."""
    images, labels = split
    height, width, channels = images.shape[1:]
    shape = Image(channels, height, width)
    judge = Judge(recipe, shape, classes)
    judge.classifier.to(device)
    settings = Settings(
        images=recipe.images,
        lr_decay=DECAY,
        ema=EMA,
        bfloat16=precision == "bfloat16",
        checkpoint_seconds=checkpoint_seconds,
    )
    batch = min(recipe.batch, len(images))
    data = labelled_data(images, labels, {"x": shape, "y": Label(classes)})
    return Trainer(judge, Batches(data, batch, recipe.seed, device), settings, device)


def accuracy_learnt(
    recipe: JudgeParams,
    learnt: LabelledSplit,
    asked: LabelledSplit,
    classes: int,
    precision: Precision,
    device: torch.device,
    what: str,
) -> float:
    """Accuracy on `asked`, in [0, 1], of a classifier trained as above on `learnt`, which is
    `what`."""
    with distributed.no_sync():  # its draws are of one process
        training = classifier_training(recipe, learnt, classes, precision, device)
        training.fit(None, Callbacks(f"train a classifier on {what}"))
        return accuracy(classifier(training.average.module, device), asked)


def kept_classifier(
    recipe: JudgeParams,
    split: LabelledSplit,
    classes: int,
    precision: Precision,
    device: torch.device,
) -> JudgeExtractor:
    """A classifier trained as above, or what is kept on this machine of when it was."""
    trainer = classifier_training(recipe, split, classes, precision, device)
    images, labels = split
    assert labels is not None  # noqa: S101 - it learns them
    made_by = [recipe.model_dump(mode="json"), sha256_arrays(images, labels), precision]
    version = code_version(*SOURCES)
    path = state("classifiers", sha256_json([*made_by, version])[:48]) / WEIGHTS
    if in_study() and distributed.agreed(path.is_file()):
        network = restored(lambda: trainer.average.module, path, path)
        return classifier(network, device)
    with distributed.no_sync():  # its draws are of one process
        trainer.fit(None, Callbacks("train a classifier"))
    if in_study() and distributed.is_main():
        save_weights(path, trainer.average.module)
        forget_oldest(path, CACHED)
    return classifier(trainer.average.module, device)


def classifier(network: nn.Module, device: torch.device) -> JudgeExtractor:
    """A network that is no judge yet, ready to look at images."""
    return JudgeExtractor(network, "classifier", "", str(device))


def accuracy(judge: FeatureExtractor, split: LabelledSplit) -> float:
    """Share of images whose label `judge` gives, in [0, 1]."""
    images, labels = split
    logits = judge.extract(images).logits
    assert logits is not None  # noqa: S101 - a judge gives logits
    return float((logits.argmax(1) == labels).mean())
