"""A pool of past samples, so that D does not forget what G made some time ago."""

import torch
from torch import Tensor, nn

from ganstudy import distributed
from ganstudy.spaces import Space
from ganstudy.training.player import Batch


class Pool(nn.Module):
    """The last `size` samples or so (Shrivastava et al. 2017, section 2.3; Zhu et al. 2017, section
    4): once it is full, each fresh sample by one chance in two goes in, and one that was in comes
    out in its place.

    All of it is buffers that are written in place: it is state of a model, and rounds with it can
    be recorded. Samples of a batch swap with different places. Of several processes each holds the
    same pool, of the whole batch.
    """

    def __init__(self, space: Space, size: int, name: str) -> None:
        super().__init__()
        self.size, self._name = size, name
        self.kept: Tensor
        self.count: Tensor
        self.register_buffer("kept", torch.zeros(size, *space.size))
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def swapped(self, fresh: Tensor, batch: Batch) -> Tensor:
        """As many samples (N, ...) as `fresh` ones; where N is larger than the pool, those beyond
        pass by it."""
        if not self.size:
            return fresh
        whole = distributed.gathered(fresh).to(self.kept.dtype)
        rng, mine = batch.rng(f"pool {self._name}"), whole[: self.size]
        draws = torch.rand(2, self.size, generator=rng, device=whole.device)
        rows = torch.arange(len(mine), device=whole.device)
        full = self.count >= self.size
        # Places of one batch differ, so that writing them has one result.
        places = torch.where(full, draws[0].argsort()[: len(mine)], (self.count + rows) % self.size)
        filling = self.count + rows < self.size
        swaps = full & (draws[1, : len(mine)] < 0.5)
        old = self.kept[places]
        self.kept.index_copy_(0, places, _where(filling | swaps, mine, old))
        self.count.add_(len(mine)).clamp_(max=self.size)
        out = torch.cat([_where(swaps, old, mine), whole[self.size :]])
        return distributed.shard(out)


def _where(chosen: Tensor, one: Tensor, other: Tensor) -> Tensor:
    return torch.where(chosen.view(-1, *[1] * (one.ndim - 1)), one, other)
