"""How much of the scatter of runs is the seed, and how much the finite number of samples."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from ganstudy.reports.statistics.aggregates import LEVEL


@dataclass(frozen=True)
class VarianceSplit:
    """Standard deviations in the metric's units: `between` runs of one loss, as observed, and of
    `sampling` within a run, at most; `seed_share` of the observed variance, in [0, 1], is the
    seed's, at least."""

    between: float
    sampling: float
    seed_share: float


def variance_split(values: Any, low: Any, high: Any) -> VarianceSplit | None:
    """Splits the variance of one loss's `values` (n,), with intervals `low` to `high` at LEVEL.

    Observed = seed + sampling; the mean square of the intervals' half widths over the normal
    quantile is taken for sampling. An interval that also resamples the reference, as that of FID
    does, is wider than what moves runs against each other, since they share the reference: the
    seed's share is a lower bound. None for fewer than 2 runs.
    """
    runs, widths = np.asarray(values, dtype=np.float64), np.asarray(high) - np.asarray(low)
    if len(runs) < 2:
        return None
    between = float(runs.var(ddof=1))
    sampling = float(np.mean((widths / 2 / stats.norm.ppf((1 + LEVEL) / 2)) ** 2))
    share = max(0.0, 1 - sampling / between) if between > 0 else 0.0
    return VarianceSplit(between**0.5, sampling**0.5, share)
