"""Adversarial losses: pairs of pure functions on D's raw scores, one table row each.

`discriminator(real, fake)` and `generator(real, fake)` take scores (N,) of real and of generated
images and return a scalar to minimise. They never call backward or step. A critic of the WGAN
family is a D whose scores are not logits.
"""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import relu, softplus

Scores = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class AdversarialLoss:
    """One game. `relativistic` says that `generator` reads the scores of real images too;
    otherwise it is given the generated ones twice and D need not score real images for G.
    `needs` names the penalty without which D's objective is none."""

    discriminator: Scores
    generator: Scores
    relativistic: bool = False
    needs: str | None = None


def cross_entropy_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """-E log D(x) - E log(1 - D(G(z))), D = sigmoid(score): Goodfellow et al. 2014, eq. 1."""
    return softplus(-real).mean() + softplus(fake).mean()


def minimax_generator(real: Tensor, fake: Tensor) -> Tensor:
    """E log(1 - D(G(z))): Goodfellow et al. 2014, eq. 1. Saturates where D is sure."""
    return -softplus(fake).mean()


def non_saturating_generator(real: Tensor, fake: Tensor) -> Tensor:
    """-E log D(G(z)): Goodfellow et al. 2014, section 3."""
    return softplus(-fake).mean()


def wasserstein_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """E f(G(z)) - E f(x), minus the estimate of W1: Arjovsky et al. 2017, eq. 3."""
    return fake.mean() - real.mean()


def mean_score_generator(real: Tensor, fake: Tensor) -> Tensor:
    """-E f(G(z)): Arjovsky et al. 2017, theorem 3; also of the hinge game (Miyato et al. 2018)."""
    return -fake.mean()


def least_squares_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """½ E (D(x) - b)² + ½ E (D(G(z)) - a)², a = 0, b = 1, on raw scores: Mao et al. 2017, eq. 9."""
    return 0.5 * ((real - 1).square().mean() + fake.square().mean())


def least_squares_generator(real: Tensor, fake: Tensor) -> Tensor:
    """½ E (D(G(z)) - c)², c = 1: Mao et al. 2017, eq. 9."""
    return 0.5 * (fake - 1).square().mean()


def hinge_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """E max(0, 1 - D(x)) + E max(0, 1 + D(G(z))): Miyato et al. 2018, eq. 16."""
    return relu(1 - real).mean() + relu(1 + fake).mean()


def relativistic_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """E softplus(D(G(z)) - D(x)) over pairs (RpGAN): Jolicoeur-Martineau 2019, section 4."""
    return softplus(fake - real).mean()


def relativistic_generator(real: Tensor, fake: Tensor) -> Tensor:
    """E softplus(D(x) - D(G(z))) over pairs (RpGAN): Jolicoeur-Martineau 2019, section 4."""
    return softplus(real - fake).mean()


def loss_sensitive_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """E L(x) with L = softplus(-score) >= 0: Qi 2017 (arXiv:1701.06264), section 3.

    The second term of that objective compares images, not only scores: the penalty `margin`.
    """
    return softplus(-real).mean()


_NON_SATURATING = AdversarialLoss(cross_entropy_discriminator, non_saturating_generator)
_WASSERSTEIN = AdversarialLoss(wasserstein_discriminator, mean_score_generator)
_RELATIVISTIC = AdversarialLoss(
    relativistic_discriminator, relativistic_generator, relativistic=True
)

# One row a loss. What tells wgan from wgan_gp, or dragan from non_saturating, is the recipe in
# params: a projection, a penalty, a norm.
LOSSES = {
    "minimax": AdversarialLoss(cross_entropy_discriminator, minimax_generator),
    "non_saturating": _NON_SATURATING,
    "wgan": _WASSERSTEIN,
    "wgan_gp": _WASSERSTEIN,
    "dragan": _NON_SATURATING,
    "lsgan": AdversarialLoss(least_squares_discriminator, least_squares_generator),
    "hinge": AdversarialLoss(hinge_discriminator, mean_score_generator),
    "loss_sensitive": AdversarialLoss(
        loss_sensitive_discriminator, non_saturating_generator, needs="margin"
    ),
    "relativistic": _RELATIVISTIC,
    "r3gan": _RELATIVISTIC,
}
