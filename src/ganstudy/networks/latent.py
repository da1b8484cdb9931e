"""A generator in two parts: codes by a game, samples by the decoder of an auto-encoder."""

import torch
from torch import Tensor, nn

from ganstudy import distributed
from ganstudy.networks.norms import upcast

MOMENTUM = 0.01  # of the running mean and covariance of codes: some hundred batches
FLOOR = 1e-4  # of a direction's variance, beside the mean variance: a code that is always equal


class Whitening(nn.Module):
    """Codes (N, d) to such of mean 0 and covariance I, and back, by their running mean and
    covariance C = L Lᵀ: w = L⁻¹ (c - mean)."""

    mean: Tensor
    covariance: Tensor
    factor: Tensor
    seen: Tensor

    def __init__(self, dimensions: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(dimensions))
        self.register_buffer("covariance", torch.eye(dimensions))
        self.register_buffer("factor", torch.eye(dimensions))
        self.register_buffer("seen", torch.zeros(()))

    @torch.no_grad()
    def follow(self, codes: Tensor) -> None:
        """Moves mean and covariance towards those of a batch, in place: at first plain means over
        batches, then running ones."""
        codes = upcast(codes)
        mean = distributed.mean(codes.mean(0))
        apart = codes - mean
        covariance = distributed.mean(apart.T @ apart / len(codes))
        share = (1 / (1 + self.seen)).clamp_min(MOMENTUM)
        self.mean.lerp_(mean.to(self.mean.dtype), share)
        self.covariance.lerp_(covariance.to(self.covariance.dtype), share)
        self.seen.add_(1)
        floor = FLOOR * self.covariance.diagonal().mean().clamp_min(1e-12)
        raised = self.covariance + torch.diag_embed(floor.expand(len(self.mean)))
        self.factor.copy_(torch.linalg.cholesky_ex(raised).L)

    def whitened(self, codes: Tensor) -> Tensor:
        """Codes with mean 0 and covariance I."""
        apart = (upcast(codes) - self.mean).T
        whitened: Tensor = torch.linalg.solve_triangular(self.factor, apart, upper=False).T
        return whitened

    def forward(self, whitened: Tensor) -> Tensor:
        """And back."""
        return self.mean + upcast(whitened) @ self.factor.T


class Generator(nn.Module):
    """G(z): whitened codes (N, latent) of z, brought to an auto-encoder's spread, and decoded.

    Whitened codes are z + `mapping`(z), so that a game begins near N(0, I): the Gaussian that fits
    the codes.
    """

    def __init__(self, mapping: nn.Module, decoder: nn.Module, latent: int) -> None:
        super().__init__()
        self.latent = latent
        self.mapping, self.whitening, self.decoder = mapping, Whitening(latent), decoder

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        samples: Tensor = self.decoder(self.whitening(self.codes(z)), y)
        return samples

    def codes(self, z: Tensor) -> Tensor:
        """Whitened codes of z."""
        codes: Tensor = z + self.mapping(z)
        return codes
