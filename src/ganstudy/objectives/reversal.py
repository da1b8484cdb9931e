"""Gradient reversal (Ganin & Lempitsky 2015; Ganin et al. 2016, "Domain-adversarial training of
neural networks", section 4.2)."""

from typing import Any

import torch
from torch import Tensor

STEEPNESS = 10  # gamma of the paper, which keeps it for all its experiments


def reversed_gradient(x: Tensor, strength: Tensor) -> Tensor:
    """`x` itself, whose gradient is -`strength` × what comes back: R_λ of eqs. 10 and 11.

    What is in front of it climbs what is behind it descends. `strength` is a scalar on the device
    of `x`; a recorded round reads it anew at every replay.
    """
    reversed_: Tensor = _Reversal.apply(x, strength)
    return reversed_


def strength_at(progress: Tensor) -> Tensor:
    """λ = 2 / (1 + exp(-10 p)) - 1, from 0 to nearly 1 as `progress` p goes from 0 to 1: eq. 14.

    Early on, when D knows nothing yet, features are not disturbed by it.
    """
    return 2 / (1 + torch.exp(-STEEPNESS * progress)) - 1


class _Reversal(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, strength: Tensor) -> Tensor:
        ctx.save_for_backward(strength)
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (strength,) = ctx.saved_tensors
        return -strength.to(gradient.dtype) * gradient, None
