"""Medians over seeds with exact intervals, and the interquartile mean.

An interval of the median reaches from one run to another, counted in order: from the k-th least to
the k-th greatest of n. The true median lies below the k-th least only if fewer than k of n runs
fall below it, each with chance 1/2, so that the interval holds it with probability
1 - 2 P(Binomial(n, 1/2) < k), whatever the distribution of the runs (David & Nagaraja 2003, "Order
Statistics", section 7.1); where runs tie, at least. So few seeds leave few levels. From the least
to the greatest run: 2 runs 50 %, 3 75 %, 4 87.5 %, 5 93.75 %, 6 96.9 %, 7 98.4 %, 8 99.2 %. From
the second of each end: 9 96.1 %, 10 97.9 %, 11 98.8 %. No interval of fewer than 6 reaches 95 %.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from ganstudy.reports.statistics.outcomes import Array, as_costs

LEVEL = 0.95  # what an interval should reach


@dataclass(frozen=True)
class Estimate:
    """A value with its interval, `low` <= `value` <= `high`, which holds the truth with probability
    `level`. Infinite where failed runs, which have no value but are worse than all others, reach
    it. Of one run the interval is that run, at level 0."""

    value: float
    low: float
    high: float
    level: float

    def turned(self, sign: float) -> "Estimate":
        """Times 1 or -1."""
        return self if sign > 0 else Estimate(-self.value, -self.high, -self.low, self.level)

    def holds(self, value: float) -> bool:
        """Whether the interval contains `value`."""
        return self.low <= value <= self.high


def place(runs: int) -> int:
    """The k of `runs` whose interval, from the k-th least to the k-th greatest, is the narrowest
    that reaches LEVEL; 1, the widest there is, where none does: with fewer than 6 runs."""
    k = 1
    while 2 * (k + 1) <= runs and level(runs, k + 1) >= LEVEL:
        k += 1
    return k


def level(runs: int, k: int | None = None) -> float:
    """The probability that the interval from the k-th least to the k-th greatest of `runs` holds
    the true median; of the one that `place` chooses where `k` is not given."""
    return float(1 - 2 * stats.binom.cdf((k or place(runs)) - 1, runs, 0.5))


def median(costs: Array) -> float:
    """The median (n,) -> (); infinite where half of the runs failed."""
    return _middle(np.sort(costs))


def iqm(costs: Array) -> float:
    """The interquartile mean: a quarter of the runs (rounded down) is left out at each end;
    infinite where more failed. Agarwal et al. 2021, section 4.3; of 3 runs or fewer it is the mean.

    It has no interval here: the bootstrap's is approximate, and of so few runs too narrow.
    """
    return float(stats.trim_mean(costs, 0.25))


def estimate(costs: Any) -> Estimate:
    """The median of one loss's costs (n,) over its runs, with its exact interval."""
    return _estimate(as_costs(costs, "costs"))


def difference(first: Any, second: Any) -> Estimate:
    """The median over seeds of the cost of `first` minus that of `second`, both (n,) at the same
    seeds, with its exact interval: each seed counts with its own difference.

    Exchanging the two changes exactly the sign. Where both runs of a seed failed it is 0.
    """
    a, b = as_costs(first, "first"), as_costs(second, "second")
    if a.shape != b.shape:
        raise ValueError(f"paired runs must be equally many; found {len(a)} and {len(b)}")
    both = np.isinf(a) & np.isinf(b)
    return _estimate(np.subtract(a, b, out=np.zeros_like(a), where=~both))


def _estimate(values: Array) -> Estimate:
    ordered = np.sort(values)
    k = place(len(ordered))
    return Estimate(
        _middle(ordered), float(ordered[k - 1]), float(ordered[-k]), level(len(ordered), k)
    )


def _middle(ordered: Array) -> float:
    """The median of ordered values; 0 between -inf and inf, so that it turns with the sign."""
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return 0.0 if np.isinf(low) and low == -high else float((low + high) / 2)
