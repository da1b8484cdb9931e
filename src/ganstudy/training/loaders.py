"""Where training samples lie: on the device where it has room, else in their file.

Both give the same batches, to the byte, so that which one it is changes no result.
"""

import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Protocol

import torch
from torch import Tensor

from ganstudy import distributed
from ganstudy.dataset import Array, Dataset
from ganstudy.files.memmap import Scattered
from ganstudy.seeding import torch_generator
from ganstudy.training.device import memory

# Of a device's memory, the part that samples may take. A training holds its networks, their
# gradients and all maps of a batch beside them, and other programs theirs.
SHARE = 0.5
AHEAD = 4  # batches that are read before they are asked for: what several critic steps draw
CPU = torch.device("cpu")
ORDER = "data order"  # what the order of the first group is drawn for; others add their name

Drawn = dict[str, Tensor]  # fields as they are stored, on the device


class Loader(Protocol):
    """The fields of a group, in an order of (seed, epoch) alone."""

    def batch(self, index: int) -> Drawn:
        """Batch number `index` since the start of training."""


class EpochSampler:
    """Rows of `count` samples, as int64 on `device`, in batches of `size`.

    Every epoch is a new permutation, of (seed, purpose, epoch); its last, incomplete batch is left
    out.
    """

    def __init__(
        self, count: int, size: int, seed: int, device: torch.device, purpose: str = ORDER
    ) -> None:
        self._count, self._size, self._seed, self._device = count, size, seed, device
        self._purpose = purpose
        self._epoch, self._rows = -1, torch.empty(0, dtype=torch.int64)

    def rows(self, index: int) -> Tensor:
        """The rows of batch number `index` that are this process's."""
        epoch, position = divmod(index, self._count // self._size)
        if epoch != self._epoch:
            rng = torch_generator(self._seed, self._purpose, epoch)
            self._rows = torch.randperm(self._count, generator=rng).to(self._device)
            self._epoch = epoch
        return distributed.shard(self._rows[position * self._size : (position + 1) * self._size])


class DeviceLoader:
    """All fields on the device: a batch is an index select there."""

    def __init__(
        self,
        fields: Mapping[str, Array],
        order: Callable[[torch.device], EpochSampler],
        device: torch.device,
    ) -> None:
        with warnings.catch_warnings():  # of a mapped file, which is read-only: nobody writes here
            warnings.filterwarnings("ignore", "The given NumPy array is not writable")
            self._fields = {n: torch.from_numpy(array).to(device) for n, array in fields.items()}
        self._order = order(device)

    def batch(self, index: int) -> Drawn:
        """See `Loader`."""
        rows = self._order.rows(index)
        return {name: whole.index_select(0, rows) for name, whole in self._fields.items()}


class StreamingLoader:
    """Fields stay where they are: a thread reads the next batches and sends them to the device."""

    def __init__(
        self,
        fields: Mapping[str, Array],
        order: Callable[[torch.device], EpochSampler],
        device: torch.device,
    ) -> None:
        self._fields = {name: Scattered(array) for name, array in fields.items()}
        self._device = device
        self._order = order(CPU)  # of the thread alone
        self._thread = ThreadPoolExecutor(1, "batches")
        self._coming: dict[int, Future[Drawn]] = {}

    def batch(self, index: int) -> Drawn:
        """See `Loader`."""
        wanted = range(index, index + 1 + AHEAD)
        self._coming = {
            number: self._coming.get(number) or self._thread.submit(self._read, number)
            for number in wanted
        }
        return self._coming[index].result()

    def _read(self, index: int) -> Drawn:
        rows = self._order.rows(index).numpy()
        return {name: self._sent(field.take(rows)) for name, field in self._fields.items()}

    def _sent(self, array: Array) -> Tensor:
        tensor = torch.from_numpy(array)
        if self._device.type == "cuda":  # from pinned memory a copy runs beside the computing
            tensor = tensor.pin_memory()
        return tensor.to(self._device, non_blocking=True)


def loaders_of(data: Dataset, size: int, seed: int, device: torch.device) -> list[Loader]:
    """A loader for each group of the data: on `device` where all of them together take no more than
    `SHARE` of its memory, else streamed."""
    taken = sum(array.nbytes for array in data.fields.values())
    kind = DeviceLoader if taken <= SHARE * memory(device) else StreamingLoader
    found: list[Loader] = []
    for number, group in enumerate(data.groups):
        fields = {name: data.fields[name] for name in group}
        purpose = f"{ORDER} of {group[0]}" if number else ORDER
        count = len(data.fields[group[0]])
        found.append(
            kind(fields, partial(EpochSampler, count, size, seed, purpose=purpose), device)
        )
    return found
