"""Where training samples lie: on the device where it has room, else in their file.

Both give the same batches, to the byte, so that which one it is changes no result.
"""

import warnings
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

import torch
from torch import Tensor

from ganstudy import ranks
from ganstudy.files import Labels, Samples
from ganstudy.mapped import Scattered
from ganstudy.seeding import torch_generator
from ganstudy.training.device import memory

# Of a device's memory, the part that samples may take. A training holds its networks, their
# gradients and all maps of a batch beside them, and other programs theirs.
SHARE = 0.5
AHEAD = 4  # batches that are read before they are asked for: what several critic steps draw
CPU = torch.device("cpu")

Drawn = tuple[Tensor, Tensor | None]  # samples as they are stored, and labels, on the device


class Store(Protocol):
    """Training samples, in an order of (seed, epoch) alone."""

    def batch(self, index: int) -> Drawn:
        """Batch number `index` since the start of training."""


class Order:
    """Rows of `count` samples, as int64 on `device`, in batches of `size`.

    Every epoch is a new permutation, of (seed, epoch); its last, incomplete batch is left out.
    """

    def __init__(self, count: int, size: int, seed: int, device: torch.device) -> None:
        self._count, self._size, self._seed, self._device = count, size, seed, device
        self._epoch, self._rows = -1, torch.empty(0, dtype=torch.int64)

    def rows(self, index: int) -> Tensor:
        """The rows of batch number `index` that are this process's."""
        epoch, position = divmod(index, self._count // self._size)
        if epoch != self._epoch:
            rng = torch_generator(self._seed, "data order", epoch)
            self._rows = torch.randperm(self._count, generator=rng).to(self._device)
            self._epoch = epoch
        return ranks.mine(self._rows[position * self._size : (position + 1) * self._size])


class Whole:
    """All samples on the device: a batch is an index select there."""

    def __init__(
        self, samples: Samples, labels: Labels | None, size: int, seed: int, device: torch.device
    ) -> None:
        with warnings.catch_warnings():  # of a mapped file, which is read-only: nobody writes here
            warnings.filterwarnings("ignore", "The given NumPy array is not writable")
            self._samples = torch.from_numpy(samples).to(device)
        self._labels = None if labels is None else torch.from_numpy(labels).to(device)
        self._order = Order(len(samples), size, seed, device)

    def batch(self, index: int) -> Drawn:
        """See `Store`."""
        rows = self._order.rows(index)
        labels = None if self._labels is None else self._labels.index_select(0, rows)
        return self._samples.index_select(0, rows), labels


class Streamed:
    """Samples stay where they are: a thread reads the next batches and sends them to the device."""

    def __init__(
        self, samples: Samples, labels: Labels | None, size: int, seed: int, device: torch.device
    ) -> None:
        self._samples, self._labels, self._device = Scattered(samples), labels, device
        self._order = Order(len(samples), size, seed, CPU)  # of the thread alone
        self._thread = ThreadPoolExecutor(1, "batches")
        self._coming: dict[int, Future[Drawn]] = {}

    def batch(self, index: int) -> Drawn:
        """See `Store`."""
        wanted = range(index, index + 1 + AHEAD)
        self._coming = {
            number: self._coming.get(number) or self._thread.submit(self._read, number)
            for number in wanted
        }
        return self._coming[index].result()

    def _read(self, index: int) -> Drawn:
        rows = self._order.rows(index).numpy()
        labels = None if self._labels is None else self._sent(self._labels[rows])
        return self._sent(self._samples.take(rows)), labels

    def _sent(self, array: Samples | Labels) -> Tensor:
        tensor = torch.from_numpy(array)
        if self._device.type == "cuda":  # from pinned memory a copy runs beside the computing
            tensor = tensor.pin_memory()
        return tensor.to(self._device, non_blocking=True)


def store_of(
    samples: Samples, labels: Labels | None, size: int, seed: int, device: torch.device
) -> Store:
    """The samples on `device` where they take no more than `SHARE` of its memory, else streamed."""
    kind = Whole if samples.nbytes <= SHARE * memory(device) else Streamed
    return kind(samples, labels, size, seed, device)
