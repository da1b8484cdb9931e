"""Arrays that lie on disk: made of a stream of rows, gone through in parts, or read in any order.

They are mapped from files, and are plain arrays otherwise, which cannot be written to. What is
looked at comes into memory by itself; here it also leaves again.
"""

import math
import mmap
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ganstudy.errors import StudyError

CHUNK = 2**24  # bytes in memory at a time
Array = npt.NDArray[Any]
Rows = npt.NDArray[np.int64]


def spooled(parts: Iterable[Array]) -> Array:
    """All rows of `parts`, arrays of one type and row shape, as one array on disk; memory holds one
    part at a time.

    It is a file in the working folder that has no name: it is gone with the array, or with the
    process however that ends. Raises `StudyError` where the disk is full, `ValueError` where there
    are no rows.
    """
    try:
        with tempfile.TemporaryFile(dir=os.curdir) as file:
            rows = 0
            for part in parts:
                file.write(np.ascontiguousarray(part).data)
                rows += len(part)
            if not rows:
                raise ValueError("there are no rows")
            file.flush()
            shape = (rows, *part.shape[1:])
            return np.memmap(file, part.dtype, "r", shape=shape).view(np.ndarray)
    except OSError as error:
        reason = error.strerror or error
        raise StudyError(f"cannot write a temporary file in {Path.cwd()}: {reason}") from error


def parts(array: Array) -> Iterator[Array]:
    """`array` from its first row to its last, in contiguous parts of about `CHUNK` bytes."""
    array = np.atleast_1d(array)
    for rows in _blocks(array, len(array)):
        yield np.ascontiguousarray(array[rows])
        _leave(array)


def taken(array: Array, rows: Rows) -> Array:
    """`array[rows]`, on disk."""

    def blocks() -> Iterator[Array]:
        for block in _blocks(array, len(rows)):
            yield array[rows[block]]
            _leave(array)

    return spooled(blocks())


class Scattered:
    """Takes rows of `array`, here and there.

    The system is told which parts of a file are needed. It then reads all of them at a time and no
    others; untold it reads one after the other, each with megabytes around it that nobody wants.
    """

    def __init__(self, array: Array) -> None:
        self._array = array
        self._mapping = _mapping_of(array)
        if self._mapping is not None:
            self._mapping.madvise(mmap.MADV_RANDOM)
            self._start = _address(array) - _address(np.frombuffer(self._mapping, np.uint8))

    def take(self, rows: Rows) -> Array:
        """`array[rows]`, in memory."""
        if self._mapping is not None:
            size = self._array.strides[0]
            for row in rows.tolist():
                start = self._start + row * size
                page = start - start % mmap.PAGESIZE
                self._mapping.madvise(mmap.MADV_WILLNEED, page, start + size - page)
        return self._array[rows]


def _blocks(array: Array, count: int) -> Iterator[slice]:
    """Slices over `count` rows like those of `array`, of about `CHUNK` bytes each."""
    step = max(1, CHUNK // max(1, array.itemsize * math.prod(array.shape[1:])))
    return (slice(start, start + step) for start in range(0, count, step))


def _leave(array: Array) -> None:
    """What has come into memory of a file may go: it comes again when it is looked at again."""
    mapping = _mapping_of(array)
    if mapping is not None:
        mapping.madvise(mmap.MADV_DONTNEED)


def _mapping_of(array: Array) -> mmap.mmap | None:
    """What a contiguous `array` is mapped from; None where it lies in memory, or where somebody may
    have written to it what is in no file."""
    base: Any = array if array.flags.c_contiguous and not array.flags.writeable else None
    while isinstance(base, np.ndarray | memoryview):
        base = base.base if isinstance(base, np.ndarray) else base.obj
    return base if isinstance(base, mmap.mmap) else None


def _address(array: Array) -> int:
    address: int = array.__array_interface__["data"][0]
    return address
