"""Batches: rows of a dataset, as networks see them."""

from collections.abc import Mapping

import torch
from torch import Tensor

from ganstudy import distributed
from ganstudy.dataset import Dataset
from ganstudy.errors import InputError
from ganstudy.training.loaders import loaders_of
from ganstudy.training.player import Batch


class Batches:
    """Draws batches of `size`; the order of an epoch depends on (seed, epoch) alone, and for each
    group of fields is its own. Of several processes each draws its own rows of them.

    The data goes to `device`, whole or batch by batch; see `loaders`. The last, incomplete batch of
    an epoch is dropped; groups smaller than a batch are refused.
    """

    def __init__(self, data: Dataset, size: int, seed: int, device: torch.device) -> None:
        fewest, name = min((len(data.fields[group[0]]), group[0]) for group in data.groups)
        if fewest < size:
            of = f" of {name}" if len(data.groups) > 1 else ""
            raise InputError(
                f"a batch of {size} needs as many training samples; there are {fewest}{of}: "
                f"{fewest} or less"
            )
        distributed.share_of(size)  # or say so before anything runs
        self._loaders = loaders_of(data, size, seed, device)
        self._spaces = data.spaces
        self.size, self.seed = size, seed
        self.progress = torch.zeros((), device=device)

    def set_progress(self, share: float) -> None:
        """Tells batches that are drawn from now on which `share` of training has passed; in place,
        where a recorded round reads it."""
        self.progress.fill_(share)

    def draw(self, index: int, round_index: int) -> Batch:
        """Batch number `index` since the start of training."""
        return self.decoded(self.stored(index), index, round_index)

    def stored(self, index: int) -> Mapping[str, Tensor]:
        """The fields of that batch as they are stored."""
        return {
            name: rows for loader in self._loaders for name, rows in loader.batch(index).items()
        }

    def decoded(self, stored: Mapping[str, Tensor], index: int, round_index: int) -> Batch:
        """What `stored` gave for batch `index`, as players see it."""
        fields = {name: self._spaces[name].encode(rows) for name, rows in stored.items()}
        return Batch(fields, round_index, index, self.seed, self.progress)
