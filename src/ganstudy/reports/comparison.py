"""What several seeds of each loss allow to be said: runs in, statistics out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ganstudy.params import GAN_RUN
from ganstudy.reports.statistics import (
    Estimate,
    Outcomes,
    Pair,
    VarianceSplit,
    Verdict,
    estimate,
    friedman_test,
    iqm,
    pairs,
    variance_split,
)
from ganstudy.study.runs import Run, by_family, family_of, seed_of

# What losses are compared by: one, so that none is picked afterwards.
METRIC, TITLE = "fid_debiased", "debiased FID"


@dataclass(frozen=True)
class Beside:
    """A metric that is shown beside it: its title, which way it goes, and what it is multiplied
    by."""

    title: str
    lower_is_better: bool = False
    scale: float = 1.0


BESIDE = {
    "recall": Beside("recall"),
    "coverage": Beside("coverage"),
    "fid_relative": Beside("relative FID in %", lower_is_better=True, scale=100),
    "modes_captured": Beside("modes captured"),
    "fid": Beside("FID", lower_is_better=True),
}


@dataclass(frozen=True)
class Comparison:
    """The families of runs, `<model>-<loss>`, over their seeds, by debiased FID.

    By family, the least median first: `medians` with their intervals, `iqms` (interquartile means),
    `variance` where two runs or more did not fail, and `beside`, by title, medians of other metrics
    where they were measured. `pairs` of all families; `overall`, the p-value that all losses of
    GANs do equally well, None where too few. A family of which no FID was measured is not among
    them.
    """

    outcomes: Outcomes
    medians: Mapping[str, Estimate]
    iqms: Mapping[str, float]
    beside: Mapping[str, Mapping[str, Estimate]]
    pairs: Sequence[Pair]
    overall: float | None
    variance: Mapping[str, VarianceSplit]

    @property
    def families(self) -> Sequence[str]:
        """Their names, the least median first."""
        return self.outcomes.names

    def seeds(self, family: str) -> int:
        """Runs of a family that are there, failed ones too."""
        return len(self.outcomes.cost(family))

    def failed(self, family: str) -> int:
        """Those of them that failed."""
        return int(np.isinf(self.outcomes.cost(family)).sum())

    @property
    def chances(self) -> Mapping[tuple[str, str], tuple[float, Verdict]]:
        """By (one, other), both ways round: the probability that a run of the one is better than
        one of the other, and the pair's verdict."""
        found: dict[tuple[str, str], tuple[float, Verdict]] = {}
        for pair in self.pairs:
            found[pair.first, pair.second] = pair.better, pair.verdict
            found[pair.second, pair.first] = 1 - pair.better, pair.verdict
        return found

    def with_verdict(self, verdict: str) -> Sequence[Pair]:
        """The pairs that differ, tie or are open."""
        return [pair for pair in self.pairs if pair.verdict == verdict]


def compare(runs: Sequence[Run], failures: Mapping[str, str]) -> Comparison | None:
    """The comparison of `runs`; None where no family has two seeds, of which nothing can be said.

    `failures` by run key, also of runs that could not be measured: they count as worse than every
    other.
    """
    outcomes = _outcomes(runs, failures, METRIC, lower_is_better=True)
    outcomes = outcomes.rows([name for name in outcomes.names if len(outcomes.cost(name))])
    if not any(len(outcomes.cost(name)) > 1 for name in outcomes.names):
        return None
    medians = {name: estimate(outcomes.cost(name)) for name in outcomes.names}
    ranked = sorted(outcomes.names, key=lambda name: medians[name].value)
    outcomes = outcomes.rows(ranked)
    return Comparison(
        outcomes=outcomes,
        medians={name: medians[name] for name in ranked},
        iqms={name: iqm(outcomes.cost(name)) for name in ranked},
        beside={
            other.title: _medians(runs, failures, key, other, ranked)
            for key, other in BESIDE.items()
            if any(key in run.metrics for run in runs)
        },
        pairs=pairs(outcomes),
        overall=friedman_test(
            outcomes.rows([name for name in ranked if name.startswith(f"{GAN_RUN}-")])
        ),
        variance=_variance(runs, failures),
    )


def _outcomes(
    runs: Sequence[Run],
    failures: Mapping[str, str],
    metric: str,
    *,
    lower_is_better: bool,
    scale: float = 1.0,
) -> Outcomes:
    keys = list(dict.fromkeys([*(run.key for run in runs), *failures]))
    names = list(dict.fromkeys(map(family_of, keys)))
    seeds = sorted(set(map(seed_of, keys)))
    values = np.full((len(names), len(seeds)), np.nan)
    failed = np.zeros(values.shape, dtype=bool)
    for run in runs:
        value = scale * run.metrics.get(metric, np.nan)
        values[names.index(family_of(run.key)), seeds.index(seed_of(run.key))] = value
    for key in failures:
        failed[names.index(family_of(key)), seeds.index(seed_of(key))] = True
    return Outcomes(names, seeds, values, failed, lower_is_better)


def _medians(
    runs: Sequence[Run],
    failures: Mapping[str, str],
    metric: str,
    other: Beside,
    names: Sequence[str],
) -> dict[str, Estimate]:
    outcomes = _outcomes(
        runs, failures, metric, lower_is_better=other.lower_is_better, scale=other.scale
    )
    return {
        name: estimate(cost).turned(outcomes.sign)
        for name in names
        if len(cost := outcomes.cost(name))
    }


def _variance(runs: Sequence[Run], failures: Mapping[str, str]) -> dict[str, VarianceSplit]:
    # Failed runs say nothing about the scatter of those that work: here alone they are left out.
    found = {}
    fine = [
        run
        for run in runs
        if run.key not in failures and all(key in run.metrics for key in _INTERVAL)
    ]
    for name, family in by_family(fine).items():
        columns = [[float(run.metrics[k]) for run in family] for k in _INTERVAL]
        if (split := variance_split(*columns)) is not None:
            found[name] = split
    return found


_INTERVAL = (METRIC, "fid_low", "fid_high")
