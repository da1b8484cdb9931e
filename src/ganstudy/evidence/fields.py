"""Writes the evidence of runs on data of named fields: what was given, made and meant, as pictures,
at the end and over training."""

import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ganstudy.data import styles
from ganstudy.data.fields import load_dataset
from ganstudy.data.images import load_info
from ganstudy.errors import InputError
from ganstudy.evidence import collect, history, limits
from ganstudy.evidence.write import NETWORKS, seconds
from ganstudy.files import Images, read_json, read_npz, write_json, write_npz, write_text
from ganstudy.models.saved import MODEL, model_of
from ganstudy.networks import specs
from ganstudy.params import Params
from ganstudy.study import layout, runs

ROWS = 24  # of each column of pictures


def write_run(
    params: Params,
    key: str,
    shown: Mapping[str, Images],
    source: Mapping[str, str],
    place: Path,
) -> None:
    """Writes all that pages show of run `key` to the folder `place`, in the place of what is there:
    of the first of `study.seeds` also pictures, the columns that are `shown` among them."""
    shutil.rmtree(place, ignore_errors=True)
    run, meta = layout.RUNS / key, read_json(layout.RUNS / key / MODEL)
    images = int(meta["params"]["train"]["images"])
    pictured = runs.seed_of(key) == params.study.seeds[0]
    whole = history.read(run / runs.HISTORY)
    rows = collect.rows_of(whole)
    kept = whole if pictured else history.thinned(whole, images)
    write_text(place / limits.HISTORY, history.text(kept))
    pieces = [limits.ORIGIN, limits.HISTORY]
    if pictured and shown:
        named = {name: column[:ROWS] for name, column in shown.items()}
        write_npz(place / limits.COLUMNS, named=named, deflate=True)
        pieces.append(limits.COLUMNS)
    if pictured and (course := _course(run, meta)):
        write_npz(place / limits.COURSE, named=course, deflate=True)
        pieces.append(limits.COURSE)
    timing = runs.read_timing(meta["key"])
    write_json(place / limits.ORIGIN, {"source": dict(source), "timing": seconds(timing)})
    about: dict[str, Any] = {
        "meta": {name: value for name, value in meta.items() if name not in NETWORKS},
        "encodes": False,
        "growth": [],
        "pictured": pictured,
        "pieces": pieces,
        "lacking": {},
        "images": int(whole["images"].iloc[-1]),
        "alarms": collect.raised(rows, images),
        "failure": collect.failure(rows, images, meta.get("failure")),
    }
    write_json(place / limits.RUN, about)


def write_real(source: Mapping[str, str], place: Path) -> None:
    """Writes what pages show of the data: what they are, and the first rows of the test split,
    also what these say."""
    shutil.rmtree(place, ignore_errors=True)
    info = load_info(layout.PREPARED)
    test = load_dataset(layout.PREPARED, "test")
    write_npz(place / limits.COLUMNS, named=styles.columns(test, ROWS), deflate=True)
    licence = read_json(layout.RAW / "source.json").get("licence", "")
    write_json(place / limits.ORIGIN, {"source": dict(source)})
    told = {"data": asdict(info), "counts": [], "farthest": 0.0, "licence": licence}
    if texts := styles.texts(test, ROWS):
        told["texts"] = texts
    write_json(place / limits.REAL, told)


def _course(run: Path, meta: Mapping[str, Any]) -> dict[str, Images]:
    """Samples of the main output over training and, where they are made of rows of the validation
    split, its columns; nothing where they look like nothing."""
    model, described = model_of(meta), specs.from_json(meta)
    (main, *_) = model.outputs(described).values()
    try:
        snapshots = read_npz(run / runs.SNAPSHOTS)[0]
    except InputError:
        return {}
    moments = [styles.seen(main, moment[:ROWS]) for moment in snapshots]
    made = [images for images in moments if images is not None]
    if not made:
        return {}
    data = load_dataset(layout.PREPARED, "validation")
    given = model.inputs(described).keys() & data.fields.keys()
    columns = styles.columns(data, ROWS) if given else {}
    return {**columns, limits.MADE: np.stack(made)}
