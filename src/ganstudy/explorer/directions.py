"""The directions in which codes change images most, found without a label.

GANSpace (Härkönen et al. 2020) has them from samples of an early layer, SeFa (Shen & Zhou 2021)
in closed form from the first layer's weights: eigenvectors of AᵀA. Here A is the whole generator's
Jacobian J, averaged over codes: eigenvectors of E JᵀJ, whose eigenvalues are how much the squared
image changes for a step of length 1 (Ramesh et al. 2019 look at J's singular vectors at one code).
Nothing is fitted, and a generator of any family has them.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from ganstudy.explorer.critics import applied
from ganstudy.models.base import latents
from ganstudy.models.saved import SavedGenerator

MOST, CODES, SEED, STEP = 8, 32, 0, 0.01


@dataclass(frozen=True)
class Directions:
    """`vectors` (k, latent) are orthonormal, the strongest first; `shares` (k,) of all change are
    theirs, and `dimensions` (latent,) those of single dimensions of a code."""

    vectors: Tensor
    shares: Tensor
    dimensions: Tensor


def directions(generator: SavedGenerator, told: Tensor | None = None) -> Directions:
    """The strongest directions of `generator`, at most MOST, over CODES codes. Where it is told
    something beside a code, that is the row (N, ...) of `told` of the code's number, and so on from
    the first. The sign of each is such that its largest component is positive."""
    change = sensitivity(generator, told)
    values, vectors = torch.linalg.eigh(change)
    strongest = vectors.flip(1).T[:MOST]
    largest = strongest.gather(1, strongest.abs().argmax(1, keepdim=True))
    whole = change.trace().clamp_min(torch.finfo(change.dtype).tiny)
    return Directions(
        (strongest * largest.sign()).float(),
        (values.flip(0)[:MOST].clamp_min(0) / whole).float(),
        (change.diagonal() / whole).float(),
    )


def sensitivity(generator: SavedGenerator, told: Tensor | None = None) -> Tensor:
    """E JᵀJ (latent, latent) in float64, J the Jacobian of images in [-1, 1] by codes, from
    differences over a step of 2 × STEP."""
    latent, network = generator.spec.latent, generator.network
    found = torch.zeros(latent, latent, dtype=torch.float64)
    steps = STEP * torch.eye(latent)
    with torch.no_grad():
        for index, code in enumerate(latents(latent, CODES, SEED)):
            y = None if told is None else told[[index % len(told)] * latent]
            change = applied(network, code + steps, y) - applied(network, code - steps, y)
            rows = change.flatten(1).double() / (2 * STEP)
            found += rows @ rows.T / CODES
    return found
