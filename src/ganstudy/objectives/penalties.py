"""Penalties on D, one table row each: `(D, real, fake, rng) -> scalar`, summed with weights.

`D` maps images (N, C, H, W) to scores (N,), with the condition already bound; `real` and `fake`
are images without gradient; `rng` is for penalties that draw. Gradients are per sample: D must
score every image on its own account (no batch norm).
"""

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import relu

Critic = Callable[[Tensor], Tensor]


class Penalty(Protocol):
    """A row of the table."""

    def __call__(
        self, critic: Critic, real: Tensor, fake: Tensor, rng: torch.Generator
    ) -> Tensor: ...


def squared_gradient_norms(critic: Critic, images: Tensor) -> Tensor:
    """|∇_x D(x)|² of each image, (N,); differentiable in D's weights."""
    images = images.detach().requires_grad_()
    scores = critic(images)
    (gradient,) = torch.autograd.grad(scores.sum(), images, create_graph=True)
    return gradient.square().sum((1, 2, 3))


def between(real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    """Points on the lines from real to generated images, one uniform position for each pair."""
    position = torch.rand(len(real), 1, 1, 1, generator=rng, device=real.device, dtype=real.dtype)
    return torch.lerp(real, fake, position)


def gradient(critic: Critic, real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    """E (|∇D(x̂)| - 1)² between real and generated: WGAN-GP, Gulrajani et al. 2017, eq. 3."""
    norms = (squared_gradient_norms(critic, between(real, fake, rng)) + 1e-12).sqrt()
    return (norms - 1).square().mean()


def gradient_one_sided(critic: Critic, real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    """E max(0, |∇D(x̂)| - 1)²: WGAN-LP, Petzka et al. 2018, eq. 8."""
    norms = (squared_gradient_norms(critic, between(real, fake, rng)) + 1e-12).sqrt()
    return relu(norms - 1).square().mean()


def r1(critic: Critic, real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    """½ E |∇D(x)|² on real images: Mescheder et al. 2018, eq. 9."""
    return 0.5 * squared_gradient_norms(critic, real).mean()


def r2(critic: Critic, real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    """½ E |∇D(G(z))|² on generated images: Mescheder et al. 2018, eq. 10."""
    return 0.5 * squared_gradient_norms(critic, fake).mean()


PENALTIES: dict[str, Penalty] = {
    "gradient": gradient,
    "gradient_one_sided": gradient_one_sided,
    "r1": r1,
    "r2": r2,
}
