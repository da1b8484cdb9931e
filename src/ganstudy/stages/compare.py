"""Stage `compare`: the report over the whole grid, from evidence, and MLflow made complete."""

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from ganstudy import layout, runs
from ganstudy.data.images import Split
from ganstudy.errors import InputError
from ganstudy.evidence import limits
from ganstudy.evidence.read import RunEvidence, read_real, read_run
from ganstudy.files import sha256_json
from ganstudy.params import GAN_RUN, Kind, Params
from ganstudy.progress import say
from ganstudy.reports import comparison, html, modes, page, summary
from ganstudy.reports.study import Nearest, Study, Walk
from ganstudy.runs import Run
from ganstudy.tracking import kept_link, log_run, study_place, tracked

PAGES: Mapping[Kind, Sequence[Callable[[Study, Path], None]]] = {
    "images": [page.write, html.write, summary.write],
    "stacked": [page.write, html.write, summary.write],
    "points": [modes.write, summary.write],
}


def run(params: Params, out: Path, *, partial: bool = False) -> None:
    """Writes the report of every run that params name into `out`; see `render`.

    Metrics and evidence of runs that have left the study leave `reports` (their experiments keep
    them). Where the runs' own folders are, MLflow's copies of them are made whole; no page depends
    on that.
    """
    _forget(params.run_keys())
    study = render(params, out, partial=partial)
    link = _track(study, out)
    shown = f"; in MLflow: make ui, or ganstudy ui, then its page {link}" if link else ""
    say(f"report: {out / 'README.md'}{shown}")


def render(params: Params, out: Path, *, partial: bool = False) -> Study:
    """Writes the pages, tables and figures of the study into `out`, see PAGES: a function of
    params, `reports/metrics` and `reports/evidence`, whatever the commit, the clock or the machine.

    Rows come from params, never from the files that happen to be there. Raises `InputError` when a
    run is missing, or was measured by another judge; with `partial` such a run is a remark in the
    report, which is then of the others, at least one. A run without some piece of its evidence is
    reported without it, and the report says so.
    """
    study = _study(params, partial=partial)
    for write in PAGES[study.data.kind]:
        write(study, out)
    return study


def _study(params: Params, *, partial: bool) -> Study:
    measured = runs.read_metrics(layout.REAL)
    grid, missing = _grid(params, measured, partial=partial)
    real = read_real()
    table = [_row(found) for found in grid]
    failures = _failures(grid) | _failures_without_metrics(missing)
    points = real.data.kind == "points"
    first = f"{GAN_RUN}-{params.train.loss}-{params.study.seeds[0]}"  # whose summary DVC shows
    return Study(
        params=params,
        data=real.data,
        reference=Split(_drawn(real.reference), None),
        counts=real.counts,
        farthest=real.farthest,
        real=measured,
        runs=table,
        command=_command(),
        source=_source(sorted(grid, key=lambda found: found.key != first)),
        alarms={found.key: _alarms(found) for found in grid},
        samples={f.key: _drawn(f.arrays[limits.SAMPLES][0]) for f in _having(grid, limits.SAMPLES)},
        snapshots={f.key: f.arrays[limits.SNAPSHOTS][0] for f in _having(grid, limits.SNAPSHOTS)},
        growth={found.key: found.growth for found in grid},
        seconds={found.key: found.timing.get("moments", ()) for found in grid},
        walks={found.key: _walk(found) for found in _having(grid, limits.WALKS)},
        neighbours={
            found.key: Nearest(*found.arrays[limits.NEIGHBOURS])
            for found in _having(grid, limits.NEIGHBOURS)
        },
        landscapes={f.key: f.arrays[limits.LANDSCAPE][0] for f in _having(grid, limits.LANDSCAPE)},
        failures=failures,
        missing=missing,
        lacking=_lacking(grid, table),
        comparison=None if points else comparison.compare(table, failures),
    )


def _grid(
    params: Params, real: Mapping[str, Any], *, partial: bool
) -> tuple[Sequence[RunEvidence], Mapping[str, str]]:
    """What is kept of the runs of the grid, and with `partial`, by key, why others are not among
    them."""
    grid: list[RunEvidence] = []
    missing: dict[str, str] = {}
    for key in params.run_keys():
        try:
            grid.append(_finished(key, real))
        except InputError as error:
            if not partial:
                raise
            missing[key] = str(error)
    if not grid:
        raise InputError(f"no run of the study is finished: {next(iter(missing.values()))}")
    return grid, missing


def _finished(key: str, real: Mapping[str, Any]) -> RunEvidence:
    """A run that can stand beside `real` images. Raises `InputError`."""
    metrics = runs.read_metrics(key)
    if metrics["judge_sha256"] != real["judge_sha256"]:
        raise InputError(
            f"{key} was measured by another judge than the real images: two judges make no table; "
            "run `dvc repro`, which measures again"
        )
    return read_run(key)


def _row(found: RunEvidence) -> Run:
    """The run as tables read it: the folder is that of its evidence."""
    metrics = runs.read_metrics(found.key)
    return Run(found.key, found.folder, found.meta, found.history, metrics, found.timing)


def _having(grid: Sequence[RunEvidence], name: str) -> Iterable[RunEvidence]:
    return (found for found in grid if name in found.arrays)


def _drawn(samples: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Points are kept in few digits."""
    return samples.astype(np.float32) if samples.dtype == np.float16 else samples


def _alarms(found: RunEvidence) -> Sequence[str]:
    """What went wrong in training, in words."""
    failure = found.meta.get("failure")
    return [
        *([] if failure is None else [f"failed: {failure}"]),
        *(
            f"{alarm['name']}, from {alarm['progress']:.0%} of training on: {alarm['meaning']}"
            for alarm in found.alarms
        ),
    ]


def _failures(grid: Sequence[RunEvidence]) -> dict[str, str]:
    return {found.key: found.failure for found in grid if found.failure is not None}


def _failures_without_metrics(missing: Iterable[str]) -> dict[str, str]:
    """Why runs that are not in the report count as failed all the same: they diverged."""
    found = {}
    for key in missing:
        with suppress(InputError):  # never evaluated
            if failure := read_run(key).meta.get("failure"):
                found[key] = failure
    return found


def _walk(found: RunEvidence) -> Walk:
    ends = "two test images" if found.encodes else "two random codes"
    interpolation, traversal = found.arrays[limits.WALKS]
    return Walk(interpolation, traversal, ends)


def _lacking(grid: Sequence[RunEvidence], table: Sequence[Run]) -> Mapping[str, Mapping[str, str]]:
    """By run, the pieces that pages would show of it and cannot, and why."""
    firsts = {family[0].key for family in runs.by_family(table).values()}
    found = {}
    for run_ in grid:
        pieces = dict(run_.lacking)
        if run_.key not in firsts:
            pieces.pop(limits.PICTURES, None)
        if pieces:
            found[run_.key] = pieces
    return found


def _source(grid: Sequence[RunEvidence]) -> Mapping[str, str]:
    """Which commit measured the first run, and under `others` those that measured another."""
    source = dict(next((found.source for found in grid if found.source), {}))
    source.setdefault("git.commit", "none")
    commits = dict.fromkeys(found.source.get("git.commit", "none") for found in grid)
    others = [commit for commit in commits if commit != source["git.commit"]]
    return source | ({"others": ", ".join(commit[:12] for commit in others)} if others else {})


def _command() -> str:
    """What makes this study, with the parameters that are committed beside its report."""
    if place := study_place():
        return f"dvc repro {Path(place).parent.as_posix()}/dvc.yaml"
    return "make study" if (layout.project_root() / "Makefile").is_file() else "dvc repro"


def _forget(keys: Sequence[str]) -> None:
    """Takes away what is kept of runs that are none of `keys`."""
    known = {layout.REAL, *keys}
    for path in layout.METRICS.glob("*.json"):
        if path.stem not in known:
            path.unlink()
    for path in layout.EVIDENCE.glob("*"):
        if path.name not in known:
            shutil.rmtree(path)


def _track(study: Study, out: Path) -> str:
    """Makes MLflow's copies of the study's runs whole, and logs the pages in `out`; returns the
    link that has them side by side. Nothing where the runs' folders are not here."""
    grid = []
    for row in study.runs:
        with suppress(InputError):
            grid.append(runs.read_run(row.key))
    if not grid:
        return ""
    copies = [log_run(run_) for run_ in grid]
    keys = [copy.key for copy in copies]
    with tracked("report", sha256_json(["report", *keys]), "report", {"runs": keys}) as tracker:
        tracker.log_metrics(
            {f"{name} {r.key}": r.metrics[name] for r in grid for name in _headline(r)}
        )
        pages = [out / "README.md", *out.glob("index.html")]
        tracker.log_files(*pages, *sorted((out / "figures").glob("*.png")))
    return kept_link(copies)


def _headline(run_: Run) -> Sequence[str]:
    """The one value that stands for a run, where it was measured."""
    return [name for name in ("fid", "high_quality") if name in run_.metrics][:1]
