"""Samples as pictures: grids of images and clouds of points, in order and unselected."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from ganstudy.files import Images, Points, Samples, replacing

GAP = 1
CELLS = 64  # of a grid of images
ROWS = 16  # rows of columns side by side
SIDE, MARGIN = 480, 12  # of a cloud of points, in pixels
INK = (0, 114, 178)


def tile(images: Images, columns: int, ground: int = 255) -> npt.NDArray[np.uint8]:
    """A grid of images (N, H, W, C), row by row, with thin gaps of the grey `ground`, white by
    default: (rows, width, 3)."""
    count, height, width, _ = images.shape
    rows = -(-count // columns)
    shape = (rows * (height + GAP) + GAP, columns * (width + GAP) + GAP, 3)
    canvas = np.full(shape, ground, np.uint8)
    for index in range(count):
        y = GAP + index // columns * (height + GAP)
        x = GAP + index % columns * (width + GAP)
        canvas[y : y + height, x : x + width] = images[index]  # grey broadcasts
    return canvas


def save_grid(path: Path, images: Images, columns: int = 8, least: int = 480) -> None:
    """Writes a grid as PNG, enlarged by a whole number so that it is at least `least` wide."""
    picture = Image.fromarray(tile(images, columns))
    factor = max(1, -(-least // picture.width))
    picture = picture.resize(
        (picture.width * factor, picture.height * factor), Image.Resampling.NEAREST
    )
    with replacing(path) as temporary:
        picture.save(temporary, format="PNG", optimize=True)


def save_picture(path: Path, samples: Samples) -> None:
    """Writes the first images (N, H, W, C) as a grid, or all points (N, 2) as a cloud."""
    if samples.ndim == 4:
        save_grid(path, samples[:CELLS].astype(np.uint8))
    else:
        save_cloud(path, samples.astype(np.float32))


def side_by_side(named: Mapping[str, Images], count: int = ROWS) -> Images:
    """Columns of images as one sequence, row by row, all brought to the largest of them."""
    sets = [images[:count] for images in named.values()]
    height, width = (max(images.shape[axis] for images in sets) for axis in (1, 2))
    colours = max(images.shape[3] for images in sets)
    fitted = [_enlarged(images, height, width, colours) for images in sets]
    rows = min(len(images) for images in fitted)
    both = np.stack([images[:rows] for images in fitted], axis=1)
    return both.reshape(-1, height, width, colours)


def save_columns(path: Path, named: Mapping[str, Images]) -> None:
    """Writes columns of images, in their order, four rows of them side by side."""
    save_grid(path, side_by_side(named), columns=len(named) * 4)


def _enlarged(images: Images, height: int, width: int, colours: int) -> Images:
    """Each pixel as often as it fits, on white."""
    factor = max(1, min(height // images.shape[1], width // images.shape[2]))
    large = images.repeat(factor, axis=1).repeat(factor, axis=2)
    canvas = np.full((len(images), height, width, colours), 255, np.uint8)
    canvas[:, : large.shape[1], : large.shape[2]] = large  # grey broadcasts
    return canvas


def save_cloud(path: Path, points: Points) -> None:
    """Writes points (N, 2) as a PNG of one pixel a point; farther than twice the half of them,
    points are left out."""
    most = max(2.0 * float(np.median(np.abs(points))), 1e-6)
    places = (points / most * (SIDE / 2 - MARGIN) + SIDE / 2).round()
    inside = ((places >= 1) & (places < SIDE - 1)).all(1)
    columns, rows = places[inside].astype(np.int64).T
    canvas = np.full((SIDE, SIDE, 3), 255, np.uint8)
    for dy, dx in ((0, 0), (0, 1), (1, 0), (1, 1)):
        canvas[SIDE - 1 - rows + dy - 1, columns + dx] = INK
    with replacing(path) as temporary:
        Image.fromarray(canvas).save(temporary, format="PNG", optimize=True)
