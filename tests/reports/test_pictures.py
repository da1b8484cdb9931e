"""Grids of samples: every image in order, nothing selected, equal bytes for equal images."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganstudy.reports.pictures import save_grid, tile


def images(count: int, height: int = 3, width: int = 2, channels: int = 1) -> np.ndarray:
    """Image i is of one value, i."""
    values = np.arange(count, dtype=np.uint8)[:, None, None, None]
    return np.broadcast_to(values, (count, height, width, channels)).copy()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("count", "rows"), [(8, 2), (5, 2), (4, 1), (1, 1)])
def test_images_stand_row_by_row_with_white_between(count: int, rows: int, channels: int) -> None:
    canvas = tile(images(count, channels=channels), 4)
    assert canvas.shape == (rows * 4 + 1, 4 * 3 + 1, 3)
    for index in range(count):
        y, x = 1 + index // 4 * 4, 1 + index % 4 * 3
        assert (canvas[y : y + 3, x : x + 2] == index).all()
    assert (canvas == 255).all(2).sum() == canvas.shape[0] * canvas.shape[1] - count * 6


def test_colours_stay() -> None:
    picture = np.zeros((1, 2, 2, 3), np.uint8)
    picture[..., 1] = 9
    assert tile(picture, 1)[1, 1].tolist() == [0, 9, 0]


def test_small_grids_are_enlarged_by_whole_pixels_and_bytes_repeat(tmp_path: Path) -> None:
    for name in "ab":
        save_grid(tmp_path / f"{name}.png", images(6), columns=3, least=100)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    canvas, picture = tile(images(6), 3), np.asarray(Image.open(tmp_path / "a.png"))
    factor = picture.shape[1] // canvas.shape[1]
    assert picture.shape[1] >= 100
    assert np.array_equal(picture[::factor, ::factor], canvas)
    assert np.array_equal(picture, canvas.repeat(factor, 0).repeat(factor, 1))
