"""The codes that a player draws for a batch."""

import torch
from torch import Tensor

from ganstudy import distributed
from ganstudy.training.player import Batch


def noise_for(batch: Batch, purpose: str, dimensions: int) -> Tensor:
    """z ~ N(0, I), one for each sample of `batch`: (N, dimensions) in torch's default dtype."""
    rng, device = batch.rng(purpose), batch.any.device
    return distributed.draw_sharded(
        lambda n: torch.randn(n, dimensions, generator=rng, device=device), len(batch)
    )
