"""What each chart of a study shows, told once: `figures` draws it by matplotlib beside the Markdown
page, `plots` by Bokeh on the interactive one."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ganstudy.reports.study import Metrics, Study, by_class, shown
from ganstudy.study.runs import Run, by_family, family_of

Values = npt.NDArray[np.float64]
MISSING = 0.25  # of its share of real images: a class with less counts as missing


@dataclass(frozen=True)
class Panel:
    """One quantity: its title, whether its axis is logarithmic, and which way is better."""

    title: str
    log: bool = False
    lower_is_better: bool = False

    @property
    def titled(self) -> str:
        """The title, and that the axis is logarithmic where it is."""
        return f"{self.title} (log scale)" if self.log else self.title


# Over training


@dataclass(frozen=True)
class Curve:
    """The `values` of a run where so many real samples were shown and so many `seconds` of training
    had gone: arrays of one length, seconds NaN where this machine does not know them."""

    images: Values
    seconds: Values
    values: Values

    @property
    def timed(self) -> bool:
        """Whether the seconds are known."""
        return bool(np.isfinite(self.seconds).any())


@dataclass(frozen=True)
class Curves:
    """A quantity over training: its `name` in metrics or history, a curve a run by key, and the
    `floor`, what real samples have of it, where it is known."""

    name: str
    panel: Panel
    runs: Mapping[str, Curve]
    floor: float | None = None

    def families(self) -> Mapping[str, Sequence[Curve]]:
        """The curves of each `<model>-<loss>`."""
        found: dict[str, list[Curve]] = {}
        for key, curve in self.runs.items():
            found.setdefault(family_of(key), []).append(curve)
        return found

    def timed(self) -> "Curves":
        """Of the runs whose seconds are known."""
        return replace(self, runs={key: curve for key, curve in self.runs.items() if curve.timed})


def growth(study: Study, panels: Mapping[str, Panel]) -> list[Curves]:
    """Those of `panels` that were measured of the snapshots of all runs; none where some were not
    measured."""
    if not study.grown():
        return []
    measured, floors = study.growth[study.runs[0].key][0], study.growth_floors()
    return [
        Curves(
            name, panel, {run.key: _grown(study, run, name) for run in study.runs}, floors.get(name)
        )
        for name, panel in panels.items()
        if name in measured
    ]


def _grown(study: Study, run: Run, name: str) -> Curve:
    grown = study.growth[run.key]
    images = np.array(shown(run, len(grown)), np.float64)
    known = study.seconds[run.key] if study.is_timed(run) else np.full(len(grown), np.nan)
    values = [float(moment[name]) for moment in grown]
    return Curve(images, np.array(known, np.float64), np.array(values))


def terms(study: Study) -> Mapping[str, Curves]:
    """Every term of training, `<player>/<term>`, over the runs that have it. Where history lacks it
    values are NaN; seconds are interpolated between snapshots, of which they are known."""
    found: dict[str, dict[str, Curve]] = {}
    for run in study.runs:
        images = run.history["images"].to_numpy(np.float64)
        seconds = np.full(len(images), np.nan)
        if study.is_timed(run):
            known = study.seconds[run.key]
            seconds = np.interp(images, [0, *shown(run, len(known))], [0, *known])
        for name in (str(name) for name in run.history.columns if "/" in str(name)):
            values = run.history[name].to_numpy(np.float64)
            found.setdefault(name, {})[run.key] = Curve(images, seconds, values)
    return {name: Curves(name, Panel(name.split("/")[1]), runs) for name, runs in found.items()}


def terms_of(run: Run, told: Mapping[str, Curves]) -> dict[str, Curve]:
    """Those of one run, in the order of its history; a player's whole loss only where the loss
    without its penalties is not among them."""
    own = [name for name in map(str, run.history.columns) if name in told]
    twice = {n.replace("/adversarial", "/loss") for n in own if n.endswith("/adversarial")}
    return {name: told[name].runs[run.key] for name in own if name not in twice}


# At the end


@dataclass(frozen=True)
class Dot:
    """A metric of one run: NaN where it was not measured."""

    key: str
    value: float
    failed: bool


@dataclass(frozen=True)
class Dots:
    """A metric of every seed, by family; `real` is that of real samples."""

    panel: Panel
    families: Mapping[str, Sequence[Dot]]
    real: float | None

    @property
    def log(self) -> bool:
        """Whether the axis is logarithmic: a debiased distance may be 0 or less."""
        return self.panel.log and min(self.values(), default=0) > 0

    def values(self) -> Iterator[float]:
        """Those that were measured."""
        for dots in self.families.values():
            yield from (dot.value for dot in dots if np.isfinite(dot.value))

    def median(self, family: str) -> float:
        """The median of its runs, in which those that failed are worse than all others."""
        worst = np.inf if self.panel.lower_is_better else -np.inf
        values = [worst if dot.failed else dot.value for dot in self.families[family]]
        return float(np.median(values)) if values else np.nan


def dots(
    families: Mapping[str, Sequence[Run]],
    panels: Mapping[str, Panel],
    real: Metrics,
    failed: Collection[str] = (),
) -> dict[str, Dots]:
    """A chart for each of `panels` that was measured; a run without the metric, or of which nothing
    is known, is there only if it `failed` (keys)."""
    found = {}
    for name, panel in panels.items():
        rows = {
            family: [
                Dot(run.key, float(run.metrics.get(name, np.nan)), run.key in failed)
                for run in runs
                if name in run.metrics or run.key in failed
            ]
            for family, runs in families.items()
        }
        there = {run.key for runs in families.values() for run in runs}
        for key in (key for key in failed if key not in there and family_of(key) in rows):
            rows[family_of(key)].append(Dot(key, np.nan, failed=True))
        chart = Dots(panel, rows, float(real[name]) if name in real else None)
        if any(True for _ in chart.values()):
            found[name] = chart
    return found


def seeds(study: Study, panels: Mapping[str, Panel]) -> dict[str, Dots]:
    """Those of the study's comparison, its families in order; nothing where there is none."""
    if study.comparison is None:
        return {}
    families = by_family(study.runs)
    ranked = {name: families[name] for name in study.comparison.families if name in families}
    return dots(ranked, panels, study.real, study.failures)


@dataclass(frozen=True)
class Balance:
    """Quality against diversity: (recall, precision) of each run by key, and of `real` images; of
    some of `families` neither may have been measured."""

    families: Sequence[str]
    runs: Mapping[str, tuple[float, float]]
    real: tuple[float, float] | None


def balance(study: Study) -> Balance | None:
    """None where neither was measured of anything."""
    if not study.overlaps():
        return None

    def at(metrics: Metrics) -> tuple[float, float] | None:
        return (metrics["recall"], metrics["precision"]) if "recall" in metrics else None

    found = {run.key: at(run.metrics) for run in study.runs}
    measured = {key: place for key, place in found.items() if place}
    return Balance(list(by_family(study.runs)), measured, at(study.real))


@dataclass(frozen=True)
class ByClass:
    """A number for each class, of which there are `classes`: of each run by key, and of real
    images, that are `reference`; below `least` a class counts as missing. `caption` is its title in
    full."""

    name: str
    title: str
    caption: str
    classes: Sequence[str]
    runs: Mapping[str, Sequence[float]]
    real: Sequence[float]
    reference: str
    least: Sequence[float] | None = None


def by_classes(study: Study) -> list[ByClass]:
    """Shares of classes and coverage inside them, where they were measured of all runs."""
    names, found = study.data.classes or (), []
    if study.knows_classes():
        real = study.real_shares()
        found.append(
            ByClass(
                "share",
                "share of each class",
                "share of each class; under its dotted line a class counts as missing",
                names,
                {run.key: by_class(run.metrics, "share") for run in study.runs},
                real,
                "real test images",
                [MISSING * share for share in real],
            )
        )
    if study.covers_classes():
        found.append(
            ByClass(
                "coverage",
                "coverage inside each class",
                "coverage inside each class: share of its test images with a sample in their ball",
                names,
                {run.key: by_class(run.metrics, "coverage") for run in study.runs},
                by_class(study.real, "coverage"),
                "real training images",
            )
        )
    return found
