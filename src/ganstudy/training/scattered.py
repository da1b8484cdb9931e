"""Rows of an array in any order, from memory or from the file that it is mapped from."""

import mmap
from typing import Any

import numpy as np
import numpy.typing as npt

from ganstudy.files import Samples


class Scattered:
    """Takes rows of `array`.

    Of one that is mapped from a file, the system is told which parts are needed. It then reads all
    of them at a time and no others; untold it reads one after the other, each with megabytes around
    it that nobody wants.
    """

    def __init__(self, array: Samples) -> None:
        self._array = array
        self._mapping = _mapping_of(array)
        if self._mapping is not None:
            self._mapping.madvise(mmap.MADV_RANDOM)
            self._start = _address(array) - _address(np.frombuffer(self._mapping, np.uint8))

    def take(self, rows: npt.NDArray[np.int64]) -> Samples:
        """`array[rows]`, in memory."""
        if self._mapping is not None:
            size = self._array.strides[0]
            for row in rows.tolist():
                start = self._start + row * size
                page = start - start % mmap.PAGESIZE
                self._mapping.madvise(mmap.MADV_WILLNEED, page, start + size - page)
        return self._array[rows]


def _mapping_of(array: npt.NDArray[Any]) -> mmap.mmap | None:
    """What a contiguous `array` is mapped from; None where it lies in memory."""
    base: Any = array if array.flags.c_contiguous else None
    while isinstance(base, np.ndarray | memoryview):
        base = base.base if isinstance(base, np.ndarray) else base.obj
    return base if isinstance(base, mmap.mmap) else None


def _address(array: npt.NDArray[Any]) -> int:
    address: int = array.__array_interface__["data"][0]
    return address
