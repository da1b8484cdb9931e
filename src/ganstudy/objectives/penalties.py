"""Penalties on D, one table row each: `(D, real, fake, rng) -> scalar`, summed with weights.

`D` maps samples, images (N, C, H, W) or points (N, d), to scores (N,), with the condition already
bound; `real` and `fake` are samples that depend on no weight; `rng` is for penalties that draw.
Gradients are per sample: D must score every one on its own account (no batch norm; what little
minibatch standard deviation mixes is taken into the bargain, as in StyleGAN2).
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus

from ganstudy import distributed

Critic = Callable[[Tensor], Tensor]


class Penalty(Protocol):
    """A row of the table."""

    def __call__(
        self, critic: Critic, real: Tensor, fake: Tensor, rng: torch.Generator
    ) -> Tensor: ...


def squared_gradient_norms(critic: Critic, samples: Tensor) -> Tensor:
    """|∇_x D(x)|² of each sample, (N,); differentiable in D's weights."""
    if not samples.requires_grad:
        samples = samples.detach().requires_grad_()
    scores = critic(samples)
    (gradient,) = torch.autograd.grad(scores.sum(), samples, create_graph=True)
    return gradient.flatten(1).square().sum(1)


def _gradient_norms(critic: Critic, samples: Tensor) -> Tensor:
    """|∇_x D(x)| of each sample, (N,); its own gradient is finite at 0 too."""
    return (squared_gradient_norms(critic, samples) + 1e-12).sqrt()


def _uniform(samples: Tensor, each: Sequence[int], rng: torch.Generator) -> Tensor:
    """Numbers in [0, 1) of shape `each` for each of `samples`."""
    return distributed.draw_sharded(
        lambda n: torch.rand(n, *each, generator=rng, device=samples.device, dtype=samples.dtype),
        len(samples),
    )


def between(start: Tensor, end: Tensor, rng: torch.Generator) -> Tensor:
    """Points on the lines from `start` to `end`, one uniform position for each pair."""
    each = [1] * (start.ndim - 1)
    position = _uniform(start, each, rng)
    return torch.lerp(start, end, position).detach()


def wgan_gp(critic: Critic, real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    """E (|∇D(x̂)| - 1)² between real and generated: WGAN-GP, Gulrajani et al. 2017, eq. 3."""
    norms = _gradient_norms(critic, between(real, fake, rng))
    return (norms - 1).square().mean()


def wgan_lp(critic: Critic, real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    """E max(0, |∇D(x̂)| - 1)²: WGAN-LP, Petzka et al. 2018, eq. 8."""
    norms = _gradient_norms(critic, between(real, fake, rng))
    return relu(norms - 1).square().mean()


def r1(critic: Critic, real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    """½ E |∇D(x)|² on real images: Mescheder et al. 2018, eq. 9."""
    return 0.5 * squared_gradient_norms(critic, real).mean()


def r2(critic: Critic, real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    """½ E |∇D(G(z))|² on generated images: Mescheder et al. 2018, eq. 10."""
    return 0.5 * squared_gradient_norms(critic, fake).mean()


def dragan(critic: Critic, real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    """E (|∇D(x̂)| - 1)² around real samples: DRAGAN, Kodali et al. 2017, section 2.3.

    x̂ is uniform between x and x + ½ s u, s the deviation of the batch and u uniform in [0, 1) for
    each value, as in the authors' code.
    """
    noise = _uniform(real, real.shape[1:], rng)
    around = between(real, real + 0.5 * distributed.gathered(real).std() * noise, rng)
    norms = _gradient_norms(critic, around)
    return (norms - 1).square().mean()


def margin(critic: Critic, real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    """E max(0, Δ(x, G(z)) + L(x) - L(G(z))), L = softplus(-D): Qi 2017, section 3.

    A generated sample must lose by more than a real one, the more the farther they are apart;
    Δ is their mean absolute difference over values. Pairs are those of the batch.
    """
    distance = (real - fake).abs().flatten(1).mean(1)
    return relu(distance + softplus(-critic(real)) - softplus(-critic(fake))).mean()


# Those that look at D's gradients, for which D must score each sample by itself.
GRADIENT_PENALTIES: dict[str, Penalty] = {
    "wgan_gp": wgan_gp,
    "wgan_lp": wgan_lp,
    "r1": r1,
    "r2": r2,
    "dragan": dragan,
}

PENALTIES: dict[str, Penalty] = {**GRADIENT_PENALTIES, "margin": margin}

# Random draws are for a purpose, which has the name that these penalties once had: so a seed stays
# the run that it was.
DRAWN_AS = {"wgan_gp": "gradient", "wgan_lp": "gradient_one_sided"}
