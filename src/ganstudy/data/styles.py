"""What fields of data look like: stored values as images."""

from collections.abc import Callable

import numpy as np

from ganstudy.data.rendering import rendered
from ganstudy.dataset import Array, Dataset
from ganstudy.files import Images
from ganstudy.spaces import Image, Space, Voxels

# How values of a space are looked at: stored rows to images (N, H, W, C) uint8.
LOOKS: dict[type[Space], Callable[[Array], Images]] = {Image: lambda rows: rows, Voxels: rendered}


def seen(space: Space, rows: Array) -> Images | None:
    """Stored values of a space as images; None of what has no looks, like labels."""
    look = LOOKS.get(type(space))
    return None if look is None else look(rows).astype(np.uint8, copy=False)


def columns(data: Dataset, count: int) -> dict[str, Images]:
    """The first rows of every field that can be looked at, by name."""
    looked = {n: seen(data.spaces[n], rows[:count]) for n, rows in data.fields.items()}
    return {name: images for name, images in looked.items() if images is not None}
