"""What seeds can tell: statistics on arrays of one value per (loss, seed).

The seed is the unit, since retraining moves a metric several times more than resampling does. The
methods are those of Agarwal et al. 2021 ("Deep reinforcement learning at the edge of the
statistical precipice", arXiv:2108.13264) where they fit one data set: interquartile means,
intervals by resampling runs within each loss, and probabilities of being better.
"""

from ganstudy.reports.statistics.aggregates import Estimate, difference, estimate, iqm, median
from ganstudy.reports.statistics.outcomes import Outcomes
from ganstudy.reports.statistics.pairs import (
    ALPHA,
    Pair,
    Verdict,
    holm,
    least_p,
    pairs,
    probability_better,
    rank_test,
    seeds_needed,
)
from ganstudy.reports.statistics.ranks import friedman_test
from ganstudy.reports.statistics.variance import VarianceSplit, variance_split

__all__ = [
    "ALPHA",
    "Estimate",
    "Outcomes",
    "Pair",
    "VarianceSplit",
    "Verdict",
    "difference",
    "estimate",
    "friedman_test",
    "holm",
    "iqm",
    "least_p",
    "median",
    "pairs",
    "probability_better",
    "rank_test",
    "seeds_needed",
    "variance_split",
]
