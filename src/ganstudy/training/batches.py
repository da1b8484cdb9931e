"""Batches: rows of a store, as networks see them."""

import torch

from ganstudy.errors import InputError
from ganstudy.files import Labels, Samples
from ganstudy.networks import Shape
from ganstudy.training.player import Batch
from ganstudy.training.stores import store_of


class Batches:
    """Draws batches of `size`; the order of an epoch depends on (seed, epoch) alone.

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
        self._store = store_of(samples, labels, size, seed, device)
        self._shape = shape
        self.size, self._seed = size, seed

    def draw(self, index: int, round_index: int) -> Batch:
        """Batch number `index` since the start of training."""
        stored, labels = self._store.batch(index)
        return Batch(self._shape.encode(stored), labels, round_index, index, self._seed)
