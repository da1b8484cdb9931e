"""Boxes on the floor of an 8³ grid: solids on which a 3-D GAN can be proved to learn in seconds."""

import numpy as np

from ganstudy.dataset import Dataset
from ganstudy.spaces import Voxels

SPACES = {"x": Voxels(8, 8, 8)}


def boxes(count: int = 400) -> Dataset:
    """Heights 2 to 6 and widths 4 or 6, in the middle across: each its own mirror image."""
    rng = np.random.default_rng(0)
    cells = np.zeros((count, 8, 8, 8), bool)
    for box in cells:
        height, half, deep = rng.integers(2, 7), rng.integers(2, 4), rng.integers(4, 7)
        box[:height, :deep, 4 - half : 4 + half] = True
    return Dataset({"x": cells}, SPACES, (("x",),))
