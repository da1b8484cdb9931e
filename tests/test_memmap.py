"""Arrays on disk are equal to those in memory, and no file is seen."""

from pathlib import Path

import numpy as np
import pytest

from ganstudy import files
from ganstudy.files import memmap
from ganstudy.files.memmap import Scattered, _mapping_of, parts, spooled, taken

IMAGES = np.random.default_rng(0).integers(0, 256, (50, 40, 30, 3)).astype(np.uint8)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working folder, and parts of few rows."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(memmap, "CHUNK", 20_000)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_spooled_rows_are_one_array_that_no_one_can_write_to(tmp_path: Path, dtype: type) -> None:
    array = IMAGES.astype(dtype)
    found = spooled([array[:1], array[1:4][::-1], array[:0], array[4:]])
    assert found.dtype == dtype
    assert np.array_equal(found, array[[0, 3, 2, 1, *range(4, 50)]])
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 0
    assert list(tmp_path.iterdir()) == []


def test_no_rows_are_no_array() -> None:
    with pytest.raises(ValueError, match="no rows"):
        spooled([])


def arrays(folder: Path) -> list[np.ndarray]:
    """The same images on disk, in an npz, and in memory."""
    files.write_npz(folder / "x.npz", IMAGES)
    return [spooled([IMAGES]), files.read_npz(folder / "x.npz")[0], IMAGES]


def test_images_lie_on_disk_and_what_is_in_memory_does_not(tmp_path: Path) -> None:
    mappings = [_mapping_of(array) is not None for array in arrays(tmp_path)]
    assert mappings == [True, True, False]


def test_parts_and_rows_are_those_of_the_array(tmp_path: Path) -> None:
    rows = np.array([49, 0, 17, 17, 48])
    for whole in arrays(tmp_path):
        for array in (whole, whole[3:], whole[::2, 1:], whole[0], whole[0, 0, 0, 0]):
            found = list(parts(array))
            assert np.array_equal(np.concatenate(found), np.atleast_1d(array))
            assert all(part.flags.c_contiguous for part in found)
            assert array.nbytes <= 40_000 or len(found) > 2
        for array in (whole, whole[3:], whole[::2, 1:]):
            chosen = rows % len(array)
            assert np.array_equal(taken(array, chosen), array[chosen])
            assert np.array_equal(Scattered(array).take(chosen), array[chosen])


def test_what_was_written_to_a_private_copy_of_a_file_stays(tmp_path: Path) -> None:
    IMAGES.tofile("x")
    private = np.memmap("x", np.uint8, "c", shape=IMAGES.shape)
    private[:] = 7
    assert all((part == 7).all() for part in parts(private))
    assert (private == 7).all()
