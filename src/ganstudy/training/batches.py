"""Batches: index selects from one uint8 tensor on the device; no worker processes."""

import torch
from torch import Tensor

from ganstudy.errors import InputError
from ganstudy.files import Images, Labels
from ganstudy.seeding import torch_generator
from ganstudy.training.player import Batch


def to_float(images: Tensor) -> Tensor:
    """uint8 in [0, 255] to [-1, 1] in torch's default dtype."""
    return images.to(torch.get_default_dtype()).mul_(2 / 255).sub_(1)


def to_uint8(images: Tensor) -> Tensor:
    """float in [-1, 1] to uint8 in [0, 255], rounded to nearest."""
    return images.float().add(1).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8)


class Batches:
    """Draws batches of `size`; the order of an epoch depends on (seed, epoch) alone.

    `images` uint8 (N, H, W, C) and `labels` int64 (N,) or None are moved to `device` whole. The
    last, incomplete batch of an epoch is dropped; sets smaller than a batch are refused.
    """

    def __init__(
        self,
        images: Images,
        labels: Labels | None,
        size: int,
        seed: int,
        device: torch.device,
    ) -> None:
        if len(images) < size:
            raise InputError(
                f"a batch of {size} needs as many training images; there are {len(images)}: "
                f"set train.batch to {len(images)} or less"
            )
        self._images = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous().to(device)
        self._labels = None if labels is None else torch.from_numpy(labels).to(device)
        self.size, self._seed = size, seed
        self._per_epoch = len(images) // size
        self._epoch = -1
        self._order = torch.empty(0, dtype=torch.int64)

    def draw(self, index: int, round_index: int) -> Batch:
        """Batch number `index` since the start of training."""
        epoch, position = divmod(index, self._per_epoch)
        if epoch != self._epoch:
            rng = torch_generator(self._seed, "data order", epoch)
            self._order = torch.randperm(len(self._images), generator=rng).to(self._images.device)
            self._epoch = epoch
        rows = self._order[position * self.size : (position + 1) * self.size]
        images = to_float(self._images.index_select(0, rows))
        labels = None if self._labels is None else self._labels.index_select(0, rows)
        return Batch(images, labels, round_index, index, self._seed)
