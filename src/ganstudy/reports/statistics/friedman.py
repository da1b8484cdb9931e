"""Whether losses differ at all: one test over all of them needs fewer seeds than pairs do."""

import numpy as np
from scipy import stats

from ganstudy.reports.statistics.outcomes import Array, Outcomes
from ganstudy.seeding import numpy_generator

PERMUTATIONS = 9_999


def friedman_test(outcomes: Outcomes, seed: int = 0) -> float | None:
    """P-value that all losses do equally well, by Friedman's test: at each seed the losses are
    ranked, failed runs last together, and rank sums that lie apart speak against it.

    By drawing the order of the losses anew at each seed, not by the chi-squared approximation,
    which few seeds do not allow. The observed order counts as one of the draws, so that a p of at
    most alpha is found in at most alpha of studies of equal losses, however few the draws (Phipson
    & Smyth 2010); it reaches 1 / (PERMUTATIONS + 1). Seeds that a loss lacks are left out; None
    with fewer than 3 losses (a pair has its own test) or 2 seeds.
    """
    costs = outcomes.costs()
    costs = costs[:, ~np.isnan(costs).any(axis=0)]
    losses, seeds = costs.shape
    if losses < 3 or seeds < 2:
        return None
    ranks = stats.rankdata(costs, axis=0).T  # (seeds, losses)
    rng = numpy_generator(seed, "ranks within seeds")
    drawn = rng.permuted(np.broadcast_to(ranks, (PERMUTATIONS, seeds, losses)), axis=2)
    # Sums of halves are exact: equal is equal.
    as_far = _spread(drawn) >= _spread(ranks)
    return float((1 + as_far.sum()) / (1 + PERMUTATIONS))


def _spread(ranks: Array) -> Array:
    """Of rank sums: grows with Friedman's statistic, for ranks (..., seeds, losses)."""
    spread: Array = np.square(ranks.sum(axis=-2)).sum(axis=-1)
    return spread
