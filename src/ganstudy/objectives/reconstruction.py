"""Objectives of the variational auto-encoder."""

import math

import torch
from torch import Tensor

from ganstudy import distributed


def gaussian_nll(samples: Tensor, decoded: Tensor, variance: float | None = None) -> Tensor:
    """-log p(x | z) in nats per sample, for a Gaussian of one `variance`. Scalar.

    None sets it to its optimum, the mean squared error of the batch, so that no weight between
    reconstruction and KL needs tuning: Rybkin, Daniilidis & Levine 2021 (σ-VAE), eq. 6.
    """
    half, error = 0.5 * samples[0].numel(), distributed.mean((samples - decoded).square().mean())
    if variance is None:
        return half * (error.clamp_min(1e-8).log() + math.log(2 * math.pi) + 1)
    return half * (error / variance + math.log(2 * math.pi * variance))


def squared_error(samples: Tensor, decoded: Tensor) -> Tensor:
    """½ |x - x̃|², summed over the values of a sample, averaged over the batch: -log p(x | z) of a
    Gaussian of variance 1, but for a constant. Scalar."""
    return 0.5 * (samples - decoded).square().flatten(1).sum(1).mean()


def gaussian_kl(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, e^log_variance) || N(0, I)) in nats per image: Kingma & Welling 2014, app. B.

    Scalar: summed over code dimensions, averaged over the batch.
    """
    terms = mean.square() + log_variance.exp() - 1 - log_variance
    return 0.5 * terms.sum(1).mean()


def reparameterize(mean: Tensor, log_variance: Tensor, rng: torch.Generator) -> Tensor:
    """A draw from N(mean, e^log_variance) that is differentiable in both."""
    each = mean.shape[1:]
    noise = distributed.draw_sharded(
        lambda n: torch.randn(n, *each, generator=rng, device=mean.device, dtype=mean.dtype),
        len(mean),
    )
    return mean + (0.5 * log_variance).exp() * noise
