"""Batches: rows of a store, as networks see them."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ganstudy import ranks
from ganstudy.errors import InputError
from ganstudy.files import Labels, Samples
from ganstudy.networks import Shape
from ganstudy.training.player import Batch
from ganstudy.training.stores import store_of


class Batches:
    """Draws batches of `size`; the order of an epoch depends on (seed, epoch) alone. Of several
    processes each draws its own rows of them.

    `samples`, stored as `shape` says (uint8 (N, H, W, C) or float32 (N, d)), and `labels` int64
    (N,) or None go to `device`, whole or batch by batch; see `stores`. The last, incomplete batch
    of an epoch is dropped; sets smaller than a batch are refused.
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
        ranks.share_of(size)  # or say so before anything runs
        self._store = store_of(samples, labels, size, seed, device)
        self._shape = shape
        self.size, self.seed = size, seed

    def draw(self, index: int, round_index: int) -> Batch:
        """Batch number `index` since the start of training."""
        return self.decoded(self.stored(index), index, round_index)

    def stored(self, index: int) -> Sequence[Tensor]:
        """That batch as it is stored: samples and, where there are labels, these."""
        samples, labels = self._store.batch(index)
        return [samples] if labels is None else [samples, labels]

    def decoded(self, stored: Sequence[Tensor], index: int, round_index: int) -> Batch:
        """What `stored` gave for batch `index`, as players see it."""
        labels = stored[1] if len(stored) == 2 else None
        return Batch(self._shape.encode(stored[0]), labels, round_index, index, self.seed)
