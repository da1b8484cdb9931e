"""What fields of data look like, stored values as images, and what they say."""

from collections.abc import Callable

import numpy as np

from ganstudy.data.rendering import rendered
from ganstudy.data.words import text_of
from ganstudy.dataset import Array, Dataset
from ganstudy.files import Images
from ganstudy.spaces import Image, Space, Tokens, Voxels

# How values of a space are looked at: stored rows to images (N, H, W, C) uint8.
LOOKS: dict[type[Space], Callable[[Array], Images]] = {Image: lambda rows: rows, Voxels: rendered}

HELD, NOT_LEARNT = "held", " (held out)"


def seen(space: Space, rows: Array) -> Images | None:
    """Stored values of a space as images; None of what has no looks, like labels."""
    look = LOOKS.get(type(space))
    return None if look is None else look(rows).astype(np.uint8, copy=False)


def columns(data: Dataset, count: int) -> dict[str, Images]:
    """The first rows of every field that can be looked at, by name."""
    looked = {n: seen(data.spaces[n], rows[:count]) for n, rows in data.fields.items()}
    return {name: images for name, images in looked.items() if images is not None}


def texts(data: Dataset, count: int) -> list[str]:
    """What the first rows say, where a field is of texts; of a row that is `held` out of training
    also that."""
    spoken = [(n, space) for n, space in data.spaces.items() if isinstance(space, Tokens)]
    if not spoken:
        return []
    name, space = spoken[0]
    rows = data.fields[name][:count]
    held = data.fields.get(HELD, np.zeros(len(rows)))[:count]
    said = [text_of(row, space.vocabulary) for row in rows.tolist()]
    return [f"{text}{NOT_LEARNT if out else ''}" for text, out in zip(said, held, strict=True)]
