"""Reads evidence: what `write` wrote, and what is missing of it. Needs no torch and no data."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import TypeAdapter, ValidationError

from ganstudy.data.images import DataInfo
from ganstudy.errors import InputError
from ganstudy.evidence import history, limits
from ganstudy.files import Samples, read_json, read_named, read_npz
from ganstudy.study import layout

Told = TypeVar("Told")
Piece = Literal[
    "origin.json",
    "history.csv",
    "samples.npz",
    "snapshots.npz",
    "walks.npz",
    "neighbours.npz",
    "landscape.npz",
    "columns.npz",
    "course.npz",
]
AXES = {  # of the arrays of each file: images (N, H, W, C) or points (N, d), rows of images, scores
    limits.SAMPLES: ([4], [2]),
    limits.SNAPSHOTS: ([5], [3]),
    limits.WALKS: ([5, 5],),
    limits.NEIGHBOURS: ([5, 5],),
    limits.LANDSCAPE: ([2],),
}
PICTURED = (limits.COLUMNS, limits.COURSE)  # arrays by name


@dataclass(frozen=True)
class Alarm:
    """A sign of a sick game: its name, the share of training at which it began, what it means."""

    name: str
    progress: float
    meaning: str


@dataclass(frozen=True)
class RunEvidence:
    """What is kept of a run.

    `meta` is model.json without its networks; `history` a row for each part of training; `alarms`
    those of training; `failure` says why the run counts as failed; `growth` has
    metrics at each snapshot; `timing` seconds and hardware; `source` the commit that measured it.
    `arrays` holds, by file name, those of its npz files; `encodes` tells whether walks begin and
    end at real images. `pictures` holds, by file name, images by the names of their columns.
    `lacking` says, by name, why a piece is not there.
    """

    key: str
    folder: Path
    meta: dict[str, Any]
    history: pd.DataFrame
    alarms: Sequence[Alarm]
    failure: str | None
    growth: Sequence[Mapping[str, Any]]
    encodes: bool
    timing: dict[str, Any]
    source: Mapping[str, str]
    arrays: Mapping[str, list[npt.NDArray[Any]]]
    pictures: Mapping[str, Mapping[str, npt.NDArray[Any]]]
    lacking: Mapping[str, str]


@dataclass(frozen=True)
class RealEvidence:
    """What is kept of the data: what they are, the `reference` samples that are shown, how many of
    the reference are of each class (`counts`, empty where that is unknown), and its `farthest`
    coordinate."""

    data: DataInfo
    reference: Samples
    counts: Sequence[int]
    farthest: float
    source: Mapping[str, str]


@dataclass(frozen=True)
class RealFields:
    """What is kept of data of named fields: what they are, the first rows of the test split as
    columns of images, the `licence` that stands beside every picture of them, and what these rows
    say, where they are told by `texts`."""

    data: DataInfo
    columns: Mapping[str, npt.NDArray[Any]]
    licence: str
    texts: Sequence[str]


@dataclass(frozen=True)
class _About:
    """What run.json says."""

    meta: dict[str, Any]
    encodes: bool
    images: int
    alarms: list[Alarm]
    failure: str | None
    growth: list[dict[str, int | float]]
    pictured: bool
    pieces: list[Piece]
    lacking: dict[str, str]


@dataclass(frozen=True)
class _Origin:
    """What origin.json says."""

    source: dict[str, str]
    timing: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Real:
    """What real.json says."""

    data: DataInfo
    counts: list[int]
    farthest: float
    licence: str = ""
    texts: list[str] = field(default_factory=list)


def read_run(key: str, evidence: Path = layout.EVIDENCE) -> RunEvidence:
    """The evidence of a run. Raises `InputError` where its run.json is missing or broken; any other
    piece is left out."""
    folder = evidence / key
    about = _read(_About, folder / limits.RUN, "evaluate")
    lacking = dict(about.lacking)
    arrays: dict[str, list[npt.NDArray[Any]]] = {}
    pictures: dict[str, dict[str, npt.NDArray[Any]]] = {}
    origin, course = _Origin({}), history.unknown(about.images)
    for name in about.pieces:
        path = folder / name
        try:
            layout.output(path, "evaluate")
            if name == limits.ORIGIN:
                origin = _read(_Origin, path, "evaluate")
            elif name == limits.HISTORY:
                course = history.read(path)
            elif name in PICTURED:
                pictures[name] = read_columns(path)
            else:
                arrays[name] = _arrays(path)
        except InputError as error:
            lacking[name] = str(error)
    if not about.pictured:
        lacking[limits.PICTURES] = "they are kept of the first of study.seeds alone"
    return RunEvidence(
        key=key,
        folder=folder,
        meta=about.meta,
        history=course,
        alarms=about.alarms,
        failure=about.failure,
        growth=about.growth,
        encodes=about.encodes,
        timing=origin.timing,
        source=origin.source,
        arrays=arrays,
        pictures=pictures,
        lacking=lacking,
    )


def read_real(evidence: Path = layout.EVIDENCE) -> RealEvidence:
    """The evidence of the data. Raises `InputError` where a file is missing or broken: no page can
    do without."""
    folder, stage = evidence / layout.REAL, "evaluate_real"
    about = _read(_Real, folder / limits.REAL, stage)
    return RealEvidence(
        data=about.data,
        reference=read_npz(layout.output(folder / limits.REFERENCE, stage))[0],
        counts=about.counts,
        farthest=about.farthest,
        source=_read(_Origin, folder / limits.ORIGIN, stage).source,
    )


def read_real_fields(evidence: Path = layout.EVIDENCE) -> RealFields:
    """The evidence of data of named fields. Raises `InputError` where a file is missing."""
    folder, stage = evidence / layout.REAL, "evaluate_real"
    about = _read(_Real, folder / limits.REAL, stage)
    columns = read_columns(layout.output(folder / limits.COLUMNS, stage))
    return RealFields(about.data, columns, about.licence, about.texts)


def missing_files(key: str, evidence: Path = layout.EVIDENCE) -> list[Path]:
    """The files of the evidence of a run, or of real images, that were written and are gone."""
    folder = evidence / key
    if key == layout.REAL:
        names = [limits.REAL, limits.ORIGIN, limits.REFERENCE]
        with suppress(InputError):
            about = _read(_Real, folder / limits.REAL, "evaluate_real")
            if about.data.traits.fields:
                names[-1] = limits.COLUMNS
    else:
        names = [limits.RUN]
        with suppress(InputError):
            names += _read(_About, folder / limits.RUN, "evaluate").pieces
    return [folder / name for name in names if not (folder / name).is_file()]


def _read(kind: type[Told], path: Path, stage: str) -> Told:
    """What a JSON that `stage` writes says. Raises `InputError` naming the file, and what of it is
    wrong."""
    try:
        return TypeAdapter(kind).validate_python(read_json(layout.output(path, stage)))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "content"
        raise InputError(
            f"{path}: {place}: {first['msg'].lower()}: run `dvc repro {stage}`"
        ) from error


def read_columns(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Images (..., H, W, C) by name."""
    found = read_named(path)
    if any(array.dtype != np.uint8 or array.ndim < 4 for array in found.values()):
        raise InputError(f"{path} holds other arrays than images")
    return found


def _arrays(path: Path) -> list[npt.NDArray[Any]]:
    """The arrays of a file, as many and of as many axes as its kind has."""
    found = read_npz(path)
    wanted = AXES[path.name]
    if [array.ndim for array in found] not in wanted:
        raise InputError(f"{path} has arrays of {[array.shape for array in found]}")
    return found
