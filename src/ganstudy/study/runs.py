"""A run as its files tell it: what reports, tracking and backfill read."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ganstudy.errors import InputError
from ganstudy.files import read_json
from ganstudy.keys import RunKey
from ganstudy.study import layout

LEFT_OUT = "left_out_"  # in metrics, before the name of one that could not be measured: why
HISTORY, GRID, SNAPSHOTS, TIMING = "history.csv", "grid.png", "snapshots.npz", "timing.json"
SAMPLING = "sampling.json"
SAMPLED = "sampling_ms"  # in it, of one sample


@dataclass(frozen=True)
class Run:
    """`meta` is model.json, `history` a row per logged round, `metrics`
    the flat JSON of `evaluate`, `timing` seconds and hardware where this machine
    knows them."""

    key: str
    folder: Path
    meta: dict[str, Any]
    history: pd.DataFrame
    metrics: dict[str, Any]
    timing: dict[str, Any]


def family_of(key: str) -> str:
    """`<model>-<loss>` of a run's key: what its seeds have in common."""
    return RunKey.parse(key).family


def seed_of(key: str) -> int:
    """The seed of a run's key."""
    return RunKey.parse(key).seed


def by_family(runs: Sequence[Run]) -> dict[str, list[Run]]:
    """The runs of each `<model>-<loss>`, in order."""
    families: dict[str, list[Run]] = {}
    for run in runs:
        families.setdefault(family_of(run.key), []).append(run)
    return families


def read_run(key: str, measured: dict[str, Any] | None = None) -> Run:
    """Reads one run of the grid. Raises `InputError` naming the stage whose output is missing. With
    metrics that were just `measured`, those are its metrics, and its history, which they did not
    need, may be missing."""
    folder = layout.RUNS / key
    if not (folder / "model.json").is_file():
        raise InputError(f"{folder} holds no finished run: run `dvc repro train`")
    meta = read_json(folder / "model.json")
    history = folder / HISTORY
    unseen = measured is not None and not history.is_file()
    return Run(
        key,
        folder,
        meta,
        pd.DataFrame() if unseen else _read_history(layout.output(history, "train")),
        read_metrics(key) if measured is None else measured,
        read_timing(meta["key"]),
    )


def _read_history(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path)
    except ValueError as error:  # pandas' parser errors are such
        raise InputError(f"{path} is not a readable table: {error}") from error


def read_metrics(key: str) -> dict[str, Any]:
    """The metrics of a run, or of the real images."""
    path = layout.METRICS / f"{key}.json"
    if not path.is_file():
        raise InputError(f"{path} is missing: run `dvc repro evaluate`")
    metrics: dict[str, Any] = read_json(path)
    return metrics


def timing_path(key: str) -> Path:
    """Where the seconds and the hardware of a training are kept: beside its checkpoints."""
    return layout.state("train", key) / TIMING


def sampling_path(key: str) -> Path:
    """Where it is kept how long its model takes to sample, beside `timing_path`."""
    return layout.state("train", key) / SAMPLING


def read_timing(key: str) -> dict[str, Any]:
    """Seconds and hardware of a training, milliseconds of sampling; empty where that was on another
    machine."""
    timing: dict[str, Any] = {}
    for path in (timing_path(key), sampling_path(key)):
        timing |= read_json(path) if path.is_file() else {}
    return timing
