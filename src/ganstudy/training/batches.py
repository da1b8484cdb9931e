"""Batches: index selects from one tensor on the device; no worker processes."""

import torch
from torch import Tensor

from ganstudy.errors import InputError
from ganstudy.files import Labels, Samples
from ganstudy.networks import Shape
from ganstudy.seeding import torch_generator
from ganstudy.training.player import Batch


class Batches:
    """Draws batches of `size`; the order of an epoch depends on (seed, epoch) alone.

    `samples`, stored as `shape` says (uint8 (N, H, W, C) or float32 (N, d)), and `labels` int64
    (N,) or None are moved to `device` whole. The last, incomplete batch of an epoch is dropped;
    sets smaller than a batch are refused.
    """

    def __init__(
        self,
        samples: Samples,
        labels: Labels | None,
        shape: Shape,
        size: int,
        seed: int,
        device: torch.device,
    ) -> None:
        if len(samples) < size:
            raise InputError(
                f"a batch of {size} needs as many training samples; there are {len(samples)}: "
                f"set train.batch to {len(samples)} or less"
            )
        self._samples = torch.from_numpy(samples).to(device)
        self._labels = None if labels is None else torch.from_numpy(labels).to(device)
        self._shape = shape
        self.size, self._seed = size, seed
        self._per_epoch = len(samples) // size
        self._epoch = -1
        self._order = torch.empty(0, dtype=torch.int64)

    def draw(self, index: int, round_index: int) -> Batch:
        """Batch number `index` since the start of training."""
        epoch, position = divmod(index, self._per_epoch)
        if epoch != self._epoch:
            rng = torch_generator(self._seed, "data order", epoch)
            self._order = torch.randperm(len(self._samples), generator=rng).to(self._samples.device)
            self._epoch = epoch
        rows = self._order[position * self.size : (position + 1) * self.size]
        real: Tensor = self._shape.encode(self._samples.index_select(0, rows))
        labels = None if self._labels is None else self._labels.index_select(0, rows)
        return Batch(real, labels, round_index, index, self._seed)
