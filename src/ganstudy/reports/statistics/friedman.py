"""Whether losses differ at all: one test over all of them needs fewer seeds than pairs do."""

import numpy as np
from scipy import stats

from ganstudy.reports.statistics.outcomes import Array, Outcomes
from ganstudy.seeding import numpy_generator

PERMUTATIONS = 9_999


def friedman_test(outcomes: Outcomes, seed: int = 0) -> float | None:
    """P-value that all losses do equally well, by Friedman's test: at each seed the losses are
    ranked, failed runs last together, and rank sums that lie apart speak against it.

    By all orders of the losses at each seed, or PERMUTATIONS drawn ones where they are more, not by
    the chi-squared approximation, which few seeds do not allow. The observed order counts as one of
    those drawn, so that a p of at most alpha is found in at most alpha of studies of equal losses
    (Phipson & Smyth 2010). Seeds that a loss lacks are left out; None
    with fewer than 3 losses (a pair has its own test) or 2 seeds.
    """
    costs = outcomes.costs()
    costs = costs[:, ~np.isnan(costs).any(axis=0)]
    losses, seeds = costs.shape
    if losses < 3 or seeds < 2:
        return None
    found = stats.permutation_test(
        stats.rankdata(costs, axis=0),
        _spread,
        permutation_type="samples",  # within seeds
        vectorized=True,
        n_resamples=PERMUTATIONS,
        alternative="greater",
        rng=numpy_generator(seed, "ranks within seeds"),
    )
    return float(found.pvalue)


def _spread(*ranks: Array, axis: int) -> Array:
    """Of rank sums over seeds: grows with Friedman's statistic."""
    spread: Array = np.square(np.stack([sums.sum(axis=axis) for sums in ranks])).sum(axis=0)
    return spread
