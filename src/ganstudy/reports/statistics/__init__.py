"""What seeds can tell: statistics on arrays of one value per (loss, seed).

The seed is the unit, since retraining moves a metric several times more than resampling does. The
questions are those of Agarwal et al. 2021 ("Deep reinforcement learning at the edge of the
statistical precipice", arXiv:2108.13264): interquartile means, probabilities of being better, and
intervals. Intervals and tests are exact where theirs are bootstraps, which few seeds do not allow.
"""

from ganstudy.reports.statistics.aggregates import (
    LEVEL,
    Estimate,
    difference,
    estimate,
    iqm,
    level,
    median,
)
from ganstudy.reports.statistics.friedman import friedman_test
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
from ganstudy.reports.statistics.variance import VarianceSplit, variance_split

__all__ = [
    "ALPHA",
    "LEVEL",
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
    "level",
    "median",
    "pairs",
    "probability_better",
    "rank_test",
    "seeds_needed",
    "variance_split",
]
