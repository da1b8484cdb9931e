"""The report of trials: what each choice of a recipe bought, on validation images."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from matplotlib.axes import Axes

from ganstudy.reports.figures import new_figure
from ganstudy.reports.templates import fill
from ganstudy.study.variants import Variant


@dataclass(frozen=True)
class Trial:
    """A variant and what it reached: the JSON of stage `trial`."""

    variant: Variant
    values: dict[str, Any]

    @property
    def floors(self) -> float:
        """FID over that of real images; infinite for a failed training."""
        return float("inf") if self.values["failed"] else self._floors()

    def _floors(self) -> float:
        return float(self.values["fid"] / self.values["fid_floor"])


@dataclass(frozen=True)
class Row:
    """All seeds of one variant."""

    words: str
    trials: Sequence[Trial]

    @property
    def floors(self) -> float:
        """The median over seeds of FID over the floor."""
        return median(trial.floors for trial in self.trials)

    @property
    def finite(self) -> list[Trial]:
        """Those that did not fail."""
        return [trial for trial in self.trials if not trial.values["failed"]]

    def middle(self, name: str) -> float:
        """The median over seeds of a value."""
        return median(float(trial.values[name]) for trial in self.trials)

    @property
    def set(self) -> Mapping[str, Any]:
        """What the variant sets."""
        return self.trials[0].variant.set

    def changes(self, common: Mapping[str, Any]) -> str:
        """What the variant sets beside what is `common` to its group."""
        return ", ".join(f"{k}: {v}" for k, v in self.set.items() if k not in common)


def grouped(trials: Sequence[Trial]) -> dict[str, list[Row]]:
    """Rows by group, in the order of the table; trials of one group and words are one row."""
    groups: dict[str, dict[str, list[Trial]]] = {}
    for trial in trials:
        group = groups.setdefault(trial.variant.group, {})
        group.setdefault(trial.variant.words, []).append(trial)
    return {
        group: [Row(words, found) for words, found in rows.items()]
        for group, rows in groups.items()
    }


def common(rows: Sequence[Row]) -> dict[str, Any]:
    """What several rows all set, each to the same value."""
    first, *others = [row.set for row in rows]
    same = {k: v for k, v in first.items() if all(other.get(k) == v for other in others)}
    return same if others else {}


def write(trials: Sequence[Trial], title: str, table: Path, made: str) -> None:
    """Writes README.md, under `title`, and trials.png beside the `table` of variants; `made` says
    from which commit they are."""
    folder = table.parent
    pipeline = folder / "dvc.yaml"
    groups = grouped(trials)
    _draw(groups, folder / "trials.png")
    hardware = sorted(
        {"{hardware}, {threads} threads, torch {torch}".format(**t.values) for t in trials}
    )
    shared = {group: common(rows) for group, rows in groups.items()}
    fill(
        "trials.md.j2",
        folder / "README.md",
        groups=groups,
        shared=shared,
        hardware=hardware,
        made=made,
        title=title,
        table=table.as_posix(),
        pipeline=pipeline.as_posix() if pipeline.is_file() else None,
    )


def _draw(groups: dict[str, list[Row]], path: Path) -> None:
    """Every seed as a dot, the median as a line, one panel a group."""
    counts = [len(rows) for rows in groups.values()]
    with new_figure(path, 8, 0.9 * len(groups) + 0.32 * sum(counts)) as figure:
        panels = figure.subplots(
            len(groups), 1, squeeze=False, sharex=True, height_ratios=[n + 1 for n in counts]
        )
        finite = [trial.floors for rows in groups.values() for row in rows for trial in row.finite]
        panels[0, 0].set_xlim(min(finite, default=1) / 1.2, max(finite, default=100) * 1.2)
        for panel, (group, rows) in zip(panels[:, 0], groups.items(), strict=True):
            _panel(panel, group, rows)
        panels[-1, 0].set_xlabel("FID to validation images, multiples of real images' own")


def _panel(panel: Axes, group: str, rows: list[Row]) -> None:
    for height, row in enumerate(reversed(rows)):
        finite = [trial.floors for trial in row.finite]
        panel.plot(finite, [height] * len(finite), "o", color="#4477aa", alpha=0.8)
        if math.isfinite(row.floors):
            panel.plot([row.floors], [height], "|", color="black", markersize=14)
    panel.set_yticks(range(len(rows)), [row.words for row in reversed(rows)])
    panel.set_ylim(-0.6, len(rows) - 0.4)
    panel.set_xscale("log")
    for which in (panel.xaxis.set_major_formatter, panel.xaxis.set_minor_formatter):
        which("{x:g}")
    panel.tick_params(axis="x", which="both", labelsize=7)
    panel.grid(axis="x", which="both", alpha=0.3)
    panel.set_title(group, loc="left", fontsize=10)
