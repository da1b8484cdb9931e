"""Digits, and other digits over patches of photographs, |patch - digit|: what a classifier of the
first sees in the second is another domain.

Made as MNIST-M is (Ganin et al. 2016, section 5.2.4), of two photographs in the place of 300, so it
is not that data set. They are scikit-learn's samples, china.jpg and flower.jpg (CC BY 2.0). Patches
of the training and the validation split are from the left halves, those of the test split from the
right ones: no pixel is in both.
"""

from collections.abc import Mapping
from functools import partial

import numpy as np

from ganstudy.data.digits import CLASSES, SIDES, two_domains
from ganstudy.dataset import Dataset
from ganstudy.files import Images
from ganstudy.params import DataParams, DatasetName
from ganstudy.seeding import numpy_generator
from ganstudy.spaces import Image, Label, Space

LICENCE = "photographs of scikit-learn: danielbuechele and vultilion, CC BY 2.0"
FINEST = 28  # pixels that a patch spans in the photograph, whatever the digits' own


def spaces(name: DatasetName, _params: DataParams) -> dict[str, Space]:
    """Images in colour and their classes."""
    image, label = Image(3, SIDES[name], SIDES[name]), Label(CLASSES)
    return {"a": image, "b": image, "label_a": label, "label_b": label}


def read(name: DatasetName, params: DataParams) -> Mapping[str, Dataset]:
    """One half of the digits as they are, in three equal channels, the other over photographs."""
    return two_domains(params, name, "photos", lambda digits, _: coloured(digits), over_patches)


ROWS = {name: (partial(spaces, name), partial(read, name)) for name in SIDES}


def coloured(digits: Images) -> Images:
    """Grey images in three equal channels."""
    return np.repeat(digits, 3, axis=3)


def over_patches(digits: Images, split: str) -> Images:
    """|patch - digit| in each channel, for patches that this split may show."""
    count, side = digits.shape[:2]
    patches = _patches(count, side, split).astype(np.int16)
    over: Images = np.abs(patches - digits).astype(np.uint8)
    return over


def _patches(count: int, side: int, split: str) -> Images:
    """Patches uint8 (count, side, side, 3) at random places of either photograph."""
    rng = numpy_generator(0, f"data/patches of photographs/{split}")
    halves = [_half(photo, split, max(1, FINEST // side)) for photo in _photographs()]
    found = np.empty((count, side, side, 3), np.uint8)
    for index in range(count):
        half = halves[rng.integers(len(halves))]
        top, left = (rng.integers(0, whole - side + 1) for whole in half.shape[:2])
        found[index] = half[top : top + side, left : left + side]
    return found


def _half(photo: Images, split: str, factor: int) -> Images:
    """The half of a photograph (H, W, 3) that a split may show, `factor` times smaller by means."""
    middle = photo.shape[1] // 2
    half = photo[:, middle:] if split == "test" else photo[:, :middle]
    height, width = (whole // factor for whole in half.shape[:2])
    boxes = half[: height * factor, : width * factor].reshape(height, factor, width, factor, 3)
    smaller: Images = np.round(boxes.mean(axis=(1, 3))).astype(np.uint8)
    return smaller


def _photographs() -> list[Images]:
    from sklearn.datasets import load_sample_images

    found: list[Images] = load_sample_images().images
    return found
