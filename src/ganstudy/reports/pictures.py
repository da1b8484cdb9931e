"""Images as pictures: grids of samples, in order and unselected."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from ganstudy.files import Images, replacing

GAP = 1


def tile(images: Images, columns: int) -> npt.NDArray[np.uint8]:
    """A grid of images (N, H, W, C), row by row, with thin white gaps: (rows, width, 3)."""
    count, height, width, _ = images.shape
    rows = -(-count // columns)
    canvas = np.full((rows * (height + GAP) + GAP, columns * (width + GAP) + GAP, 3), 255, np.uint8)
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
