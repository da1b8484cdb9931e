"""Digits and the edges of other digits (Liu & Tuzel 2016, section 4): two domains whose relation is
known, so that it can be measured whether two images of one code belong together."""

from collections.abc import Mapping
from functools import partial

import numpy as np

from ganstudy.data.digits import CLASSES, SIDES, two_domains
from ganstudy.dataset import Dataset
from ganstudy.files import Images
from ganstudy.params import DataParams, DatasetName
from ganstudy.spaces import Image, Label, Space


def outlined(images: Images) -> Images:
    """The edges of grey images uint8 (N, H, W, C): each pixel's largest neighbour, of the 3×3
    around it, less the pixel: dilation less the image."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    height, width = images.shape[1:3]
    around = [padded[:, y : y + height, x : x + width] for y in range(3) for x in range(3)]
    found: Images = np.maximum.reduce(around) - images
    return found


def spaces(name: DatasetName, _params: DataParams) -> dict[str, Space]:
    """Grey images and their classes."""
    image, label = Image(1, SIDES[name], SIDES[name]), Label(CLASSES)
    return {"a": image, "b": image, "label_a": label, "label_b": label}


def read(name: DatasetName, params: DataParams) -> Mapping[str, Dataset]:
    """One half of the digits as they are, and the edges of the other."""
    return two_domains(
        params, name, "edges", lambda digits, _: digits, lambda digits, _: outlined(digits)
    )


ROWS = {name: (partial(spaces, name), partial(read, name)) for name in SIDES}
