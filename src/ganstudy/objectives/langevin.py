"""Chains of Langevin steps: samples of the density exp(D(x)) / Z, E = -D (Du & Mordatch 2019)."""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from ganstudy import distributed


class Chain(NamedTuple):
    """How a chain walks: its number of `steps`; their size λ, from `first` to `last` in equal
    ratios; the `temperature` T, by which it samples exp(-E/T); and a bound `clip` on how far the
    energy's slope moves a value in a step."""

    steps: int
    first: float
    last: float
    temperature: float
    clip: float

    def sizes(self) -> list[float]:
        """λ of each step."""
        between = max(self.steps - 1, 1)
        ratio = self.last / self.first
        return [self.first * ratio ** (step / between) for step in range(self.steps)]


def langevin(
    score: Callable[[Tensor], Tensor],
    start: Tensor,
    chain: Chain,
    bound: float,
    rng: torch.Generator,
) -> Tensor:
    """Where chains from `start` (N, ...) end, without gradient: x ← x - λ/2 ∇E(x) + ω, E = -score,
    ω ~ N(0, Tλ): eq. 1 of the paper, at T = 1. Values are kept in [-bound, bound]; one that is not
    a number stays so."""
    x = start.detach()
    with torch.enable_grad():
        for size in chain.sizes():
            x.requires_grad_()
            (slope,) = torch.autograd.grad(score(x).sum(), x)
            x = _step(x.detach(), slope, size, chain, rng).clamp_(-bound, bound)
    return x


def _step(x: Tensor, slope: Tensor, size: float, chain: Chain, rng: torch.Generator) -> Tensor:
    """`slope` is that of the score, which climbs where the energy falls."""
    each = x.shape[1:]
    noise = distributed.draw_sharded(
        lambda n: torch.randn(n, *each, generator=rng, device=x.device, dtype=x.dtype), len(x)
    )
    move = (slope * (size / 2)).clamp_(-chain.clip, chain.clip)
    return x.add(move).add_(noise, alpha=math.sqrt(size * chain.temperature))
