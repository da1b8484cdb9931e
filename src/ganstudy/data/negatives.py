"""MNIST in two halves, the second as negatives: two domains whose translation is known, 1 - x."""

import numpy as np

from ganstudy.data.cuts import in_splits
from ganstudy.data.domains import domains
from ganstudy.data.images import Split
from ganstudy.data.mnist import MNIST
from ganstudy.dataset import Dataset
from ganstudy.files.memmap import Rows
from ganstudy.params import DataParams
from ganstudy.seeding import numpy_generator
from ganstudy.spaces import Image, Label, Space

CLASSES = 10


def spaces(_params: DataParams) -> dict[str, Space]:
    """Grey digits, and their classes."""
    image, label = Image(1, 28, 28), Label(CLASSES)
    return {"a": image, "b": image, "label_a": label, "label_b": label}


def read_negatives(params: DataParams) -> dict[str, Dataset]:
    """Digits, and negatives of others, in splits. Each digit is in one domain; in the published
    test split it is in both, row by row, which no model is told."""
    raw = MNIST.read(params)
    assert raw.test is not None  # noqa: S101 - MNIST has one
    order = numpy_generator(0, "data/halves").permutation(len(raw.train.images))
    one, other = (np.sort(half) for half in np.split(order, 2))
    every = np.arange(len(raw.test.images))
    return in_splits(
        {"train": _halves(raw.train, one, other), "test": _halves(raw.test, every, every)}, params
    )


def _halves(digits: Split, one: Rows, other: Rows) -> Dataset:
    labels = digits.labels
    assert labels is not None  # noqa: S101 - MNIST has them
    images = np.asarray(digits.images, np.uint8)
    return domains(images[one], 255 - images[other], labels[one], labels[other], CLASSES)
