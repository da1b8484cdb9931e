"""Pairs of losses: which is better, by how much, and whether the seeds can tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import stats

from ganstudy.reports.statistics.aggregates import Estimate, difference
from ganstudy.reports.statistics.outcomes import Array, Outcomes, as_costs

ALPHA = 0.05  # chance of one false difference or more among all pairs
MOST_PAIRS = 2_500  # of runs, up to which all orders are counted: 50 seeds against 50
Verdict = Literal["differ", "tie", "open"]


@dataclass(frozen=True)
class Pair:
    """Two losses at the seeds that both have.

    `gap` is the median over seeds of `first` minus `second` in the metric's own units; `better` the
    probability that a run of `first` is better than one of `second`; `p` of the rank test and
    `p_holm` corrected for all pairs. `verdict`: `differ` where the gap's interval does not hold 0
    and `p_holm` <= ALPHA, `tie` where neither is so, `open` where one of them is.
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
        signs = (not self.gap.holds(0), self.p_holm <= ALPHA)
        return "differ" if all(signs) else "open" if any(signs) else "tie"


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

    Exact, by counting all orders of the runs, also where runs tie, as failed ones do; of more than
    50 seeds by the normal approximation with its correction for ties. The unpaired test is used
    although seeds are paired: a paired one cannot go below 2^(1-n), .0625 for 5 seeds, this one
    reaches 2 / C(2n, n), .008. Where pairing makes runs alike it errs on the side of no difference.
    """
    a, b = as_costs(first, "first"), as_costs(second, "second")
    ranks = stats.rankdata(np.concatenate([a, b]))
    if len(a) * len(b) > MOST_PAIRS:
        x, y = ranks[: len(a)], ranks[len(a) :]
        return float(stats.mannwhitneyu(x, y, method="asymptotic").pvalue)
    twice = (2 * ranks).astype(np.int64)  # tied runs share a rank that may end in a half
    orders, found = _orders(twice, len(a)), twice[: len(a)].sum()
    tail = min(orders[: found + 1].sum(), orders[found:].sum())
    return float(min(1.0, 2 * tail / comb(len(ranks), len(a))))


def _orders(ranks: npt.NDArray[np.int64], count: int) -> Array:
    """How many subsets of `count` of `ranks` have each sum: (sum of all + 1,)."""
    subsets = np.zeros((count + 1, ranks.sum() + 1))  # by size and sum, of the ranks so far
    subsets[0, 0] = 1
    for rank in ranks:
        subsets[1:, rank:] += subsets[:-1, :-rank].copy()
    found: Array = subsets[count]
    return found


def holm(p: Sequence[float]) -> list[float]:
    """P-values corrected so that all those <= ALPHA hold together (Holm 1979): the k-th smallest of
    m times m - k + 1, never below the one before, at most 1."""
    order = np.argsort(p, kind="stable")
    steps = np.asarray(p, dtype=np.float64)[order] * np.arange(len(p), 0, -1)
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(1, np.maximum.accumulate(steps))
    return [float(value) for value in corrected]


def least_p(seeds: int, pairs: int = 1) -> float:
    """The smallest p that `rank_test` can give with so many seeds on each side, up to 50, after
    Holm's correction for so many pairs: what no result, however clear, can go below."""
    return min(1.0, pairs * 2 / comb(2 * seeds, seeds))


def seeds_needed(pairs: int) -> int:
    """The fewest seeds with which one of so many pairs can differ at ALPHA."""
    seeds = 2
    while least_p(seeds, pairs) > ALPHA:
        seeds += 1
    return seeds
