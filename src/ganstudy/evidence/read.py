"""Reads evidence: what `write` wrote, and what is missing of it. Needs no torch and no data."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt
import pandas as pd
from pydantic import TypeAdapter, ValidationError

from ganstudy import layout
from ganstudy.data.images import DataInfo
from ganstudy.errors import InputError
from ganstudy.evidence import history, limits
from ganstudy.files import Samples, read_json, read_npz


@dataclass(frozen=True)
class RunEvidence:
    """What is kept of a run.

    `meta` is model.json without its networks; `history` a row for each part of training; `alarms`
    have name, progress and meaning; `failure` says why the run counts as failed; `growth` has
    metrics at each snapshot; `timing` seconds and hardware; `source` the commit that measured it.
    `arrays` holds, by file name, those of its npz files; `encodes` tells whether walks begin and
    end at real images. `lacking` says, by name, why a piece is not there.
    """

    key: str
    folder: Path
    meta: dict[str, Any]
    history: pd.DataFrame
    alarms: Sequence[Mapping[str, Any]]
    failure: str | None
    growth: Sequence[Mapping[str, Any]]
    encodes: bool
    timing: dict[str, Any]
    source: Mapping[str, str]
    arrays: Mapping[str, list[npt.NDArray[Any]]]
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


def read_run(key: str) -> RunEvidence:
    """The evidence of a run. Raises `InputError` where its run.json is missing or broken; any other
    piece is left out."""
    folder = layout.EVIDENCE / key
    about = _fields(folder / limits.RUN, "evaluate", ("meta", "growth", "alarms", "pieces"))
    lacking, arrays = dict(about["lacking"]), {}
    origin: dict[str, Any] = {"source": {}, "timing": {}}
    course = history.unknown(about["images"])
    for name in about["pieces"]:
        path = folder / name
        try:
            layout.output(path, "evaluate")
            if name == limits.ORIGIN:
                origin = _fields(path, "evaluate", ("source", "timing"))
            elif name == limits.HISTORY:
                course = history.read(path)
            else:
                arrays[name] = read_npz(path)
        except InputError as error:
            lacking[name] = str(error)
    if not about["pictured"]:
        lacking[limits.PICTURES] = "they are kept of the first of study.seeds alone"
    return RunEvidence(
        key=key,
        folder=folder,
        meta=about["meta"],
        history=course,
        alarms=about["alarms"],
        failure=about["failure"],
        growth=about["growth"],
        encodes=about["encodes"],
        timing=origin["timing"],
        source=origin["source"],
        arrays=arrays,
        lacking=lacking,
    )


def read_real() -> RealEvidence:
    """The evidence of the data. Raises `InputError` where a file is missing or broken: no page can
    do without."""
    folder, stage = layout.EVIDENCE / layout.REAL, "evaluate_real"
    about = _fields(folder / limits.REAL, stage, ("data", "counts", "farthest"))
    try:
        data = TypeAdapter(DataInfo).validate_python(about["data"])
    except ValidationError as error:
        raise InputError(
            f"{folder / limits.REAL} does not tell of data: {error.errors()[0]['msg'].lower()}"
        ) from error
    return RealEvidence(
        data=data,
        reference=read_npz(layout.output(folder / limits.REFERENCE, stage))[0],
        counts=about["counts"],
        farthest=about["farthest"],
        source=_fields(folder / limits.ORIGIN, stage, ("source",))["source"],
    )


def missing_files(key: str) -> list[Path]:
    """The files of the evidence of a run, or of real images, that were written and are gone."""
    folder = layout.EVIDENCE / key
    if key == layout.REAL:
        names = [limits.REAL, limits.ORIGIN, limits.REFERENCE]
    else:
        names = [limits.RUN]
        with suppress(InputError):
            names += _fields(folder / limits.RUN, "evaluate", ("pieces",))["pieces"]
    return [folder / name for name in names if not (folder / name).is_file()]


def _fields(path: Path, stage: str, names: Sequence[str]) -> dict[str, Any]:
    """A JSON object that has `names`."""
    content = read_json(layout.output(path, stage))
    if not isinstance(content, dict) or not set(names) <= content.keys():
        raise InputError(f"{path} is no evidence: run `dvc repro {stage}`")
    return content
