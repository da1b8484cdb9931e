"""Pairs of losses: which is better, by how much, and whether the seeds can tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Any, Literal

import numpy as np
from scipy import stats

from ganstudy.reports.statistics.aggregates import Estimate, difference
from ganstudy.reports.statistics.outcomes import Array, Outcomes, as_costs

ALPHA = 0.05  # chance of one false difference or more among all pairs
MOST_ORDERS = 20_000  # up to which all are counted: 8 seeds against 8
Verdict = Literal["differ", "tie", "open"]


@dataclass(frozen=True)
class Pair:
    """Two losses at the seeds that both have.

    `gap` is the median of `first` minus that of `second` in the metric's own units; `better` the
    probability that a run of `first` is better than one of `second`; `p` of the rank test and
    `p_holm` corrected for all pairs. `verdict`: `tie` where the gap's interval holds 0, else
    `differ` where `p_holm` <= ALPHA, else `open`: beside 0, and not confirmed by the test.
    """

    first: str
    second: str
    seeds: int
    gap: Estimate
    better: float
    p: float
    p_holm: float

    @property
    def verdict(self) -> Verdict:
        if self.gap.holds(0):
            return "tie"
        return "differ" if self.p_holm <= ALPHA else "open"


def pairs(outcomes: Outcomes) -> list[Pair]:
    """Every pair of losses that has two seeds or more in common, in order."""
    found = [
        (a, b, *outcomes.paired(a, b))
        for a, b in combinations(outcomes.names, 2)
        if len(outcomes.paired(a, b)[0]) > 1
    ]
    p = [rank_test(x, y) for _, _, x, y in found]
    return [
        Pair(
            a,
            b,
            len(x),
            difference(x, y).turned(outcomes.sign),
            probability_better(x, y),
            raw,
            corrected,
        )
        for (a, b, x, y), raw, corrected in zip(found, p, holm(p), strict=True)
    ]


def probability_better(first: Any, second: Any) -> float:
    """The probability that a run with a cost of `first` (n,) is better than one of `second` (m,),
    over all n·m pairs of runs, ties counting half: Agarwal et al. 2021, section 4.3; the
    Mann-Whitney U over n·m. Two failed runs tie."""
    a, b = as_costs(first, "first")[:, None], as_costs(second, "second")
    return float(((a < b) + 0.5 * (a == b)).mean())


def rank_test(first: Any, second: Any) -> float:
    """Two-sided p-value that costs (n,) and (m,) come from one distribution: Mann-Whitney.

    Exact, by counting all orders of the runs, also where runs tie, as failed ones do; from about 9
    seeds on by the normal approximation with its correction for ties. The unpaired test is used
    although seeds are paired: a paired one cannot go below 2^(1-n), .0625 for 5 seeds, this one
    reaches 2 / C(2n, n), .008. Where pairing makes runs alike it errs on the side of no difference.
    """
    a, b = as_costs(first, "first"), as_costs(second, "second")
    ranks = stats.rankdata(np.concatenate([a, b]))
    x, y = ranks[: len(a)], ranks[len(a) :]
    if comb(len(ranks), len(a)) > MOST_ORDERS:
        return float(stats.mannwhitneyu(x, y, method="asymptotic").pvalue)
    found = stats.permutation_test((x, y), _rank_sum, n_resamples=MOST_ORDERS, vectorized=True)
    return float(found.pvalue)


def _rank_sum(x: Array, y: Array, axis: int = -1) -> Array:
    total: Array = x.sum(axis=axis)
    return total


def holm(p: Sequence[float]) -> list[float]:
    """P-values corrected so that all those <= ALPHA hold together (Holm 1979): the k-th smallest of
    m times m - k + 1, never below the one before, at most 1."""
    order = np.argsort(p, kind="stable")
    steps = np.asarray(p, dtype=np.float64)[order] * np.arange(len(p), 0, -1)
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(1, np.maximum.accumulate(steps))
    return [float(value) for value in corrected]


def least_p(seeds: int, pairs: int = 1) -> float:
    """The smallest p that `rank_test` can give with so many seeds on each side, after Holm's
    correction for so many pairs: what no result, however clear, can go below."""
    return min(1.0, pairs * 2 / comb(2 * seeds, seeds))


def seeds_needed(pairs: int) -> int:
    """The fewest seeds with which one of so many pairs can differ at ALPHA."""
    seeds = 2
    while least_p(seeds, pairs) > ALPHA:
        seeds += 1
    return seeds
