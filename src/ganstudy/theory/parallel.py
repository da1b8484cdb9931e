"""Two parallel lines: where the Jensen-Shannon divergence sees no distance (Arjovsky et al. 2017,
example 1).

Z is uniform in [0, 1]; real points are (0, Z), generated ones (θ, Z). The divergence is log 2 for
every θ but 0, so its slope in θ is 0; the Wasserstein distance is θ.
"""

import math
from typing import Any

import numpy as np
import torch
from torch.nn.functional import softplus

from ganstudy.dataset import Array
from ganstudy.models.adversary import Adversary
from ganstudy.seeding import numpy_generator
from ganstudy.theory.frozen import scores, seen, trained
from ganstudy.theory.settings import ParallelParams

JUDGED = 4000  # samples of each side that an estimate is of
PROFILE = (-0.5, 2.5, 61)  # where scores are asked between and beside the lines, at half height


def play(params: ParallelParams, seed: int) -> list[dict[str, Any]]:
    """What D and the critic make of each distance: see `told`, and the planted mistakes beside."""
    return [told(params, distance, seed) for distance in params.distances]


def told(params: ParallelParams, distance: float, seed: int) -> dict[str, Any]:
    """D's estimate `js` of the divergence, the critic's `w` of the Wasserstein distance, and by
    both the slope of G's objective in θ, where θ is all that G has: `slope` of the saturating game,
    `slope_w` of the critic's. `js_planted`, `slope_planted` and `w_planted` are those of a D that
    is asked too early and of a critic without penalty. Profiles are raw scores at PROFILE."""
    real, fake = lines(distance, params.samples, seed)
    d, f = params.discriminator, params.critic
    judge = trained(d, real, fake, seed)
    early = trained(d, real, fake, seed, d.planted)
    critic = trained(f, real, fake, seed)
    loose = trained(f.model_copy(update={"penalties": {}}), real, fake, seed, f.planted)
    real, fake = real[:JUDGED], fake[:JUDGED]
    return {
        "distance": distance,
        "js": jensen_shannon(judge, real, fake),
        "w": wasserstein(critic, real, fake),
        "slope": saturating_slope(judge, fake),
        "slope_w": critic_slope(critic, fake),
        "js_planted": jensen_shannon(early, real, fake),
        "slope_planted": saturating_slope(early, fake),
        "w_planted": wasserstein(loose, real, fake),
        "profile": profile(judge),
        "profile_w": profile(critic),
    }


def lines(distance: float, count: int, seed: int) -> tuple[Array, Array]:
    """`count` points float32 (count, 2) of each line."""
    z = numpy_generator(seed, "parallel lines").uniform(size=(2, count)).astype(np.float32)
    zero = np.zeros(count, np.float32)
    return np.stack([zero, z[0]], 1), np.stack([zero + np.float32(distance), z[1]], 1)


def jensen_shannon(adversary: Adversary, real: Array, fake: Array) -> float:
    """log 2 + ½ (E log D(x) + E log(1 - D(G(z)))): Goodfellow et al. 2014, theorem 1, for the D at
    hand in the place of the best. A lower bound of the divergence up to sampling."""
    value = softplus(-scores(adversary, real)).mean() + softplus(scores(adversary, fake)).mean()
    return math.log(2) - 0.5 * value.item()


def wasserstein(adversary: Adversary, real: Array, fake: Array) -> float:
    """E f(x) - E f(G(z)): Arjovsky et al. 2017, eq. 2."""
    return (scores(adversary, real).mean() - scores(adversary, fake).mean()).item()


def saturating_slope(adversary: Adversary, fake: Array) -> float:
    """d/dθ E log(1 - D(θ, Z)): Goodfellow et al. 2014, eq. 1."""
    return _slope(fake, lambda x: -softplus(adversary.score(x)))


def critic_slope(adversary: Adversary, fake: Array) -> float:
    """d/dθ -E f(θ, Z): Arjovsky et al. 2017, theorem 3. Near 1 it tells G to come closer."""
    return _slope(fake, lambda x: -adversary.score(x))


def _slope(fake: Array, objective: Any) -> float:
    x = seen(fake).requires_grad_()
    (gradient,) = torch.autograd.grad(objective(x).mean(), x)
    return float(gradient[:, 0].sum())


def profile(adversary: Adversary) -> list[float]:
    """Raw scores across the lines."""
    x = np.linspace(*PROFILE).astype(np.float32)
    found: list[float] = scores(adversary, np.stack([x, np.full_like(x, 0.5)], 1)).tolist()
    return found
