"""Batches: index selects from one tensor on the device; no worker processes."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ganstudy import ranks
from ganstudy.errors import InputError
from ganstudy.files import Labels, Samples
from ganstudy.networks import Shape
from ganstudy.seeding import torch_generator
from ganstudy.training.player import Batch


class Batches:
    """Draws batches of `size`; the order of an epoch depends on (seed, epoch) alone. Of several
    processes each draws its own rows of them.

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
        self.size, self.seed = size, seed
        ranks.share_of(size)  # or say so before anything runs
        self._per_epoch = len(samples) // size
        self._epoch = -1
        self._order = torch.empty(0, dtype=torch.int64)

    def draw(self, index: int, round_index: int) -> Batch:
        """Batch number `index` since the start of training."""
        return self.decoded(self.stored(index), index, round_index)

    def stored(self, index: int) -> Sequence[Tensor]:
        """That batch as it is stored: samples and, where there are labels, these."""
        epoch, position = divmod(index, self._per_epoch)
        if epoch != self._epoch:
            rng = torch_generator(self.seed, "data order", epoch)
            self._order = torch.randperm(len(self._samples), generator=rng).to(self._samples.device)
            self._epoch = epoch
        rows = ranks.mine(self._order[position * self.size : (position + 1) * self.size])
        wholes = [self._samples] if self._labels is None else [self._samples, self._labels]
        return [whole.index_select(0, rows) for whole in wholes]

    def decoded(self, stored: Sequence[Tensor], index: int, round_index: int) -> Batch:
        """What `stored` gave for batch `index`, as players see it."""
        real: Tensor = self._shape.encode(stored[0])
        labels = stored[1] if len(stored) == 2 else None
        return Batch(real, labels, round_index, index, self.seed)
