"""Sets larger than memory: what is prepared, and trained on, need not fit."""

import contextlib
import errno
import os
import resource
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ganstudy import files
from ganstudy.data.images import load_split
from ganstudy.data.sources import fetch
from ganstudy.data.splits import prepare
from ganstudy.dataset import labelled_data
from ganstudy.errors import StudyError
from ganstudy.evaluation.judging import rotated
from ganstudy.files.memmap import spooled
from ganstudy.params import DataParams
from ganstudy.spaces import Image
from ganstudy.training.batches import Batches
from training.tiny import CPU

SIDE = 64
DIGITS = DataParams(name="digits")


@contextlib.contextmanager
def limit(kind: int, value: int) -> Iterator[None]:
    before = resource.getrlimit(kind)
    resource.setrlimit(kind, (value, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(kind, before)


def memory_held() -> int:
    """Bytes of memory of its own that this process may write to; mapped files are not counted."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 2**10 for line in lines if line.startswith("VmData:"))


def write_raw(folder: Path, count: int) -> int:
    """What fetch leaves of `count` colour images, made piece by piece; returns their bytes."""
    rng = np.random.default_rng(0)
    size = (count // 8, SIDE, SIDE, 3)
    images = spooled(rng.integers(0, 256, size, np.uint8) for _ in range(8))
    files.write_npz(folder / "train.npz", images)
    info = {
        "name": "digits",
        "classes": None,
        "test": None,
        "sha256_train": files.sha256_arrays(images),
        "sha256_test": None,
    }
    files.write_json(folder / "source.json", info)
    return images.nbytes


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is known on Linux")
@pytest.mark.parametrize("channels", [None, 1])
def test_a_set_is_prepared_and_trained_on_in_less_memory_than_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, channels
) -> None:
    monkeypatch.chdir(tmp_path)
    size = write_raw(tmp_path / "raw", 16_384)
    assert size > 190e6
    chosen = DIGITS.model_copy(update={"channels": channels})
    with limit(resource.RLIMIT_DATA, memory_held() + size // 2):
        prepare(tmp_path / "raw", chosen, tmp_path / "out")
        train = load_split(tmp_path / "out", "train").images
        turned, _ = rotated(train)
        space = {"x": Image(channels or 3, SIDE, SIDE)}
        batches = Batches(labelled_data(turned, None, space), 16, 0, CPU)
        for index in range(4):
            batches.draw(index, index)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "raw"]


@pytest.mark.parametrize("full", ["at the first temporary file", "at the last byte of a split"])
def test_a_disk_that_fills_up_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full: str
) -> None:
    monkeypatch.chdir(tmp_path)
    raw, out = tmp_path / "raw", tmp_path / "out"
    fetch(DIGITS, raw)
    prepare(raw, DIGITS, tmp_path / "whole")
    size = (tmp_path / "whole/train.npz").stat().st_size
    allowed = size - 1 if full.endswith("split") else 2**14
    before = sorted(tmp_path.iterdir())
    # A file that may not grow answers as a full disk does, with another number.
    with (
        limit(resource.RLIMIT_FSIZE, allowed),
        pytest.raises(StudyError, match=f"cannot write .*{os.strerror(errno.EFBIG)}"),
    ):
        prepare(raw, DIGITS, out)
    assert sorted(path for path in tmp_path.iterdir() if path != out) == before
    assert list(out.glob("*")) == []
    prepare(raw, DIGITS, out)
    assert (out / "train.npz").stat().st_size == size
