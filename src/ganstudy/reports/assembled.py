"""A study put together from what git keeps of it: metrics and evidence."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from ganstudy.claims.declared import claims_of, declared
from ganstudy.data.images import Split
from ganstudy.errors import InputError
from ganstudy.evidence import limits
from ganstudy.evidence.read import RunEvidence, read_real, read_run
from ganstudy.params import GAN_RUN, Params
from ganstudy.reports import comparison, worlds
from ganstudy.reports.study import Nearest, Study, Walk
from ganstudy.study import layout, runs
from ganstudy.study.runs import Run


def assemble(params: Params, *, partial: bool = False) -> Study:
    """The study that params name, from `reports/metrics` and `reports/evidence` of the folder here.

    Rows come from params, never from the files that happen to be there. Raises `InputError` when a
    run is missing, or was measured by another judge; with `partial` such a run is told by the
    study's `missing`. What a run lacks is told by its `lacking`.
    """
    measured = runs.read_metrics(layout.REAL)
    grid, missing = grid_of(params, measured, partial=partial)
    real = read_real()
    table = [_row(found) for found in grid]
    failures = failures_of(grid) | _failures_without_metrics(missing)
    points = real.data.traits.points
    first = f"{GAN_RUN}-{params.train.loss}-{params.study.seeds[0]}"  # whose summary DVC shows
    return Study(
        params=params,
        data=real.data,
        reference=Split(_drawn(real.reference), None),
        counts=real.counts,
        farthest=real.farthest,
        real=measured,
        runs=table,
        command=command(),
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
        claims=claims_of(
            declared(layout.CLAIMS),
            {run.key: run.timing | run.metrics for run in table},
            measured,
            worlds.metrics_of,
        ),
    )


def grid_of(
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
            f"{alarm.name}, from {alarm.progress:.0%} of training on: {alarm.meaning}"
            for alarm in found.alarms
        ),
    ]


def failures_of(grid: Sequence[RunEvidence]) -> dict[str, str]:
    """Why runs count as failed; see `evidence.collect.failure`."""
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


def command() -> str:
    """What makes this study, with the parameters that are committed beside its report."""
    if place := layout.study_place():
        return f"dvc repro {Path(place).parent.as_posix()}/dvc.yaml"
    return "make study" if (layout.project_root() / "Makefile").is_file() else "dvc repro"
