"""The report over data of named fields: claims, metrics beside what they are compared with, and
pictures of what was given, made and meant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ganstudy import claims
from ganstudy.claims.declared import claims_of, declared
from ganstudy.data.images import DataInfo
from ganstudy.errors import InputError
from ganstudy.evidence import limits
from ganstudy.evidence.read import RunEvidence, read_real_fields, read_run
from ganstudy.files import Images, write_json
from ganstudy.params import Params
from ganstudy.reports import embedded, templates, worlds
from ganstudy.reports.pictures import save_columns
from ganstudy.reports.summary import SUMMARY
from ganstudy.study import layout, runs
from ganstudy.study.runs import LEFT_OUT, Run

WEB = Path(__file__).parent / "web"
# What says who measured what, and is no result.
ASIDE = frozenset({"seed", "samples", "reference", "failed", "judge_accuracy"})
ROWS = 12  # of pictures, on the page


@dataclass(frozen=True)
class FieldStudy:
    """The runs of a study on data of named fields: their `metrics` by key, and what is kept of
    each; `real` holds what outputs are compared with, `licence` stands beside every picture, and
    `texts` are what the pictured rows say, where they say something."""

    params: Params
    data: DataInfo
    licence: str
    real: Mapping[str, Any]
    kept: Sequence[RunEvidence]
    metrics: Mapping[str, Mapping[str, Any]]
    missing: Mapping[str, str]
    command: str
    source: Mapping[str, str]
    texts: Sequence[str] = ()

    @property
    def runs(self) -> list[Run]:
        """The runs as tracking reads them."""
        return [
            Run(f.key, f.folder, f.meta, f.history, dict(self.metrics[f.key]), f.timing)
            for f in self.kept
        ]

    def families(self) -> dict[str, list[str]]:
        """Keys of the runs of each `<model>-<loss>`, in order."""
        found: dict[str, list[str]] = {}
        for run in self.kept:
            found.setdefault(runs.family_of(run.key), []).append(run.key)
        return found


def assemble(params: Params, command: str, *, partial: bool = False) -> FieldStudy:
    """The study that params name, from `reports/metrics` and `reports/evidence` of the folder here.
    Raises `InputError` when a run is missing; with `partial` it is told by `missing`."""
    kept, metrics, missing = [], {}, {}
    for key in params.run_keys():
        try:
            metrics[key] = runs.read_metrics(key)
            kept.append(read_run(key))
        except InputError as error:
            if not partial:
                raise
            missing[key] = str(error)
    if not kept:
        raise InputError(f"no run of the study is finished: {next(iter(missing.values()))}")
    source = dict(next((found.source for found in kept if found.source), {}))
    source.setdefault("git.commit", "none")
    about = read_real_fields()
    return FieldStudy(
        params=params,
        data=about.data,
        licence=about.licence,
        real=runs.read_metrics(layout.REAL),
        kept=kept,
        metrics=metrics,
        missing=missing,
        command=command,
        source=source,
        texts=about.texts,
    )


def write(study: FieldStudy, out: Path) -> None:
    """Writes `out`/README.md, index.html, figures, summary.json and, where the study declares what
    it claims, claims.json."""
    claimed = claims_of(declared(layout.CLAIMS), study.metrics, study.real, worlds.metrics_of)
    if claimed:
        claims.write(out / "claims.json", claimed)
    pictured = _pictured(study)
    for key, columns in pictured.items():
        save_columns(out / "figures" / f"columns-{key}.png", columns)
    told = {
        "claims": claims.as_markdown(claimed) if claimed else "",
        "table": _table(study),
        "pictured": list(pictured),
        "alarms": {run.key: run.alarms for run in study.kept if run.alarms},
        "failures": {run.key: run.failure for run in study.kept if run.failure},
        "left_out": _left_out(study),
        "columns": {key: list(columns) for key, columns in pictured.items()},
    }
    templates.render("relations.md.j2", out / "README.md", study, **told)
    templates.render(
        "web/relations.html.j2",
        out / "index.html",
        study,
        **told,
        claimed=claims.as_html(claimed) if claimed else "",
        ends={key: embedded.columns(columns, ROWS) for key, columns in pictured.items()},
        courses={key: _course(found) for key, found in _courses(study).items()},
        said=study.texts[:ROWS],
        orders={key: _order(found) for key, found in _courses(study).items()},
        style=_read("page.css") + _read("relations.css"),
        script=_read("relations.js"),
    )
    first = study.kept[0].key
    write_json(out / SUMMARY, _numbers(study.metrics[first]))


def _read(name: str) -> str:
    return (WEB / name).read_text(encoding="utf-8")


def _pictured(study: FieldStudy) -> dict[str, dict[str, Images]]:
    return {
        run.key: dict(run.pictures[limits.COLUMNS])
        for run in study.kept
        if limits.COLUMNS in run.pictures
    }


def _courses(study: FieldStudy) -> dict[str, Mapping[str, Images]]:
    return {
        run.key: run.pictures[limits.COURSE] for run in study.kept if limits.COURSE in run.pictures
    }


def _course(columns: Mapping[str, Images]) -> list[embedded.Picture]:
    """What was given, meant and made, at each moment."""
    order = _order(columns)
    return [
        embedded.columns({n: moment if n == limits.MADE else columns[n] for n in order}, ROWS)
        for moment in columns[limits.MADE]
    ]


def _order(columns: Mapping[str, Images]) -> list[str]:
    """What was made stands behind the first of the others: input, output, truth."""
    others = [name for name in columns if name != limits.MADE]
    return [*others[:1], limits.MADE, *others[1:]]


def _numbers(metrics: Mapping[str, Any]) -> dict[str, float]:
    return {
        name: value
        for name, value in metrics.items()
        if isinstance(value, int | float) and name not in ASIDE
    }


def _table(study: FieldStudy) -> str:
    """Metrics in rows; a column for each family, medians over its seeds and their range, and for
    each thing that outputs are compared with."""
    families = {
        name: [_numbers(study.metrics[key]) for key in keys]
        for name, keys in study.families().items()
    }
    names = list(dict.fromkeys(n for each in families.values() for m in each for n in m))
    real = _numbers(study.real)
    compared = _compared(real, names)
    heads = [*families, *compared]
    lines = ["| | " + " | ".join(heads) + " |", "|---|" + "---:|" * len(heads)]
    for name in names:
        cells = [_middle([m[name] for m in each if name in m]) for each in families.values()]
        cells += [f"{column[name]:.4g}" if name in column else "–" for column in compared.values()]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _compared(real: Mapping[str, float], names: Sequence[str]) -> dict[str, dict[str, float]]:
    """`<baseline>/<metric>` under its baseline, and metrics of real data under `real`."""
    found: dict[str, dict[str, float]] = {}
    for name, value in real.items():
        baseline, _, metric = name.partition("/")
        if name in names:
            found.setdefault("real", {})[name] = value
        elif metric in names:
            found.setdefault(baseline, {})[metric] = value
    return found


def _middle(values: Sequence[float]) -> str:
    if not values:
        return "–"
    middle = f"{np.median(values):.4g}"
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):.4g} to {max(values):.4g})"


def _left_out(study: FieldStudy) -> dict[str, list[str]]:
    """By reason, the metrics that were not measured, as `<run>: <metric>`."""
    found: dict[str, list[str]] = {}
    for key, metrics in study.metrics.items():
        for name, reason in metrics.items():
            if name.startswith(LEFT_OUT):
                found.setdefault(str(reason), []).append(f"{key}: {name.removeprefix(LEFT_OUT)}")
    return found
