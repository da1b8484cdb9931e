"""The report over images as one interactive page, `index.html`, that needs nothing beside it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from ganstudy.reports import embedded, plots, tables
from ganstudy.reports.looks import DRAWN, Look, looks
from ganstudy.reports.page import findings
from ganstudy.reports.study import LOOKED_AT, Study, shown
from ganstudy.reports.templates import render
from ganstudy.reports.words import GLOSSARY
from ganstudy.study.runs import Run

SCRIPTS = ("state.js", "table.js", "two.js", "large.js", "page.js")  # in this order
WEB = Path(__file__).parent / "web"


@dataclass(frozen=True)
class Cell:
    """A cell of the table of metrics: its text, and the number that orders it, None where it was
    not measured."""

    text: str
    value: float | None


def write(study: Study, folder: Path) -> None:
    """Writes `folder`/index.html: styles, scripts, plots and pictures are inside it, and equal
    studies give equal bytes."""
    seen = looks(study.runs)
    columns = tables.filled([study.real, *(run.metrics for run in study.runs)])
    render(
        "web/index.html.j2",
        folder / "index.html",
        study=study,
        **findings(study),
        looks=seen,
        families=_grouped(seen, lambda look: look.family),
        seeds=_grouped(seen, lambda look: look.seed),
        columns=columns,
        cells={run.key: _cells(columns, run.metrics) for run in study.runs},
        real=_cells(columns, study.real),
        differing=_differing(study.runs),
        glossary=GLOSSARY,
        crowd=DRAWN,
        pictures=embedded.embed(study, [key for key, look in seen.items() if look.shown]),
        plots=plots.plots(study, seen),
        shown=shown(study.runs[0], study.params.train.snapshots),
        timed=study.timed(),
        failures={run.key: run.meta["failure"] for run in study.runs if "failure" in run.meta},
        costs=tables.cost_table(study.runs),
        unequal=tables.unequal(study.runs),
        looked_at=LOOKED_AT,
        points=plots.POINTS,
        style=(WEB / "page.css").read_text(encoding="utf-8"),
        script="\n".join((WEB / name).read_text(encoding="utf-8") for name in SCRIPTS),
        bokeh=plots.script(),
    )


def _differing(runs: Sequence[Run]) -> dict[str, dict[str, str]]:
    """By run, its params that are not the same in all runs."""
    every = {run.key: _flat(run.meta["params"]) for run in runs}
    names = dict.fromkeys(chain.from_iterable(every.values()))
    unlike = [n for n in names if len({params.get(n) for params in every.values()}) > 1]
    return {key: {n: params.get(n, "–") for n in unlike} for key, params in every.items()}


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = str(value)
    return found


def _cells(columns: list[tables.Column], metrics: Mapping[str, Any]) -> list[Cell]:
    found = dict(metrics)
    return [Cell(column.text(found), found.get(column.key)) for column in columns]


def _grouped(
    seen: Mapping[str, Look], group: Callable[[Look], str]
) -> Mapping[str, Mapping[str, Look]]:
    """The looks of the runs of each group, by key."""
    found: dict[str, dict[str, Look]] = {}
    for key, look in seen.items():
        found.setdefault(group(look), {})[key] = look
    return found
