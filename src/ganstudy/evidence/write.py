"""Writes the evidence of a run, and of real images: see `limits` for the files."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ganstudy.data.images import DataInfo, load_info, load_split
from ganstudy.errors import InputError
from ganstudy.evaluation import MeasuringProtocol
from ganstudy.evidence import collect, history, limits
from ganstudy.files import (
    Samples,
    read_json,
    read_npz,
    read_samples,
    write_json,
    write_npz,
    write_text,
)
from ganstudy.models.saved import MODEL
from ganstudy.params import DataKind, Params
from ganstudy.progress import log
from ganstudy.study import layout, runs

Arrays = tuple[npt.NDArray[Any], ...]
NETWORKS = ("generator", "discriminator", "encoder", "networks")  # no page names their layers


@dataclass
class _Folder:
    """The files of a run as they are written, and what could not be."""

    place: Path
    key: str
    pieces: list[str] = field(default_factory=list)
    lacking: dict[str, str] = field(default_factory=dict)

    def tried(self, name: str, make: Callable[[], Any]) -> Any:
        """What `make` returns; None, and said, where it raises an `InputError`."""
        try:
            return make()
        except InputError as error:
            self.lacking[name] = str(error)
            log(f"evaluate: {self.key} is reported without {name}: {error}")
            return None

    def arrays(self, name: str, make: Callable[[], Arrays | None]) -> None:
        """Writes what `make` returns, where it returns something."""
        found = self.tried(name, make)
        if found is not None:
            write_npz(self.place / name, *found, deflate=True)
            self.pieces.append(name)


def write_run(
    params: Params,
    protocol: MeasuringProtocol,
    key: str,
    source: Mapping[str, str],
    place: Path,
) -> None:
    """Writes all that pages show of run `key` to the folder `place`, in the place of what is there;
    `source` says which commit measured it.

    What only the first seed of a loss shows is written of the first of `study.seeds` alone. A piece
    whose file is missing or broken is left out, said, and named in run.json.
    """
    shutil.rmtree(place, ignore_errors=True)
    run, folder = layout.RUNS / key, _Folder(place, key)
    info, meta = load_info(layout.PREPARED), read_json(run / MODEL)
    images = int(meta["params"]["train"]["images"])
    pictured = runs.seed_of(key) == params.study.seeds[0]
    whole = folder.tried(limits.HISTORY, lambda: history.read(run / runs.HISTORY))
    told: dict[str, Any] = {"images": 0, "alarms": [], "failure": meta.get("failure")}
    if whole is not None:
        rows = collect.rows_of(whole)
        told = {
            "images": int(whole["images"].iloc[-1]),
            "alarms": collect.raised(rows, images),
            "failure": collect.failure(rows, images, meta.get("failure")),
        }
        kept = whole if pictured else history.thinned(whole, images)
        write_text(place / limits.HISTORY, history.text(kept))
        folder.pieces.append(limits.HISTORY)
    snapshots = folder.tried(limits.SNAPSHOTS, lambda: read_npz(run / runs.SNAPSHOTS)[0])
    grown = None if snapshots is None else collect.growth(protocol, snapshots)
    if snapshots is not None and not info.traits.points:
        count = limits.KEPT if pictured else limits.FEW
        folder.arrays(limits.SNAPSHOTS, lambda: (snapshots[:, :count].copy(),))
    if pictured:
        _pictures(folder, run, info, protocol)
    timing = runs.read_timing(meta["key"])
    write_json(place / limits.ORIGIN, {"source": dict(source), "timing": seconds(timing)})
    about = {
        "meta": {name: value for name, value in meta.items() if name not in NETWORKS},
        "encodes": "encoder" in meta,
        "growth": grown or [],
        "pictured": pictured,
        "pieces": [limits.ORIGIN, *folder.pieces],
        "lacking": folder.lacking,
    }
    write_json(place / limits.RUN, about | told)


def write_real(params: Params, source: Mapping[str, str], place: Path) -> None:
    """Writes what pages show of the data: what they are, how many of the reference are of each
    class, and the first of them."""
    shutil.rmtree(place, ignore_errors=True)
    info, test = load_info(layout.PREPARED), load_split(layout.PREPARED, "test")
    counts: list[int] = []
    if test.labels is not None and info.classes and info.traits.plain:
        counts = np.bincount(test.labels, minlength=len(info.classes)).tolist()
    write_npz(
        place / limits.REFERENCE,
        _shown(test.images[: params.sample.count], info.traits),
        deflate=True,
    )
    write_json(place / limits.ORIGIN, {"source": dict(source)})
    write_json(
        place / limits.REAL,
        {"data": asdict(info), "counts": counts, "farthest": float(np.abs(test.images).max())},
    )


def _pictures(folder: _Folder, run: Path, info: DataInfo, protocol: MeasuringProtocol) -> None:
    """What is shown of the first seed of a loss."""

    def samples() -> Samples:
        return read_samples(layout.output(layout.samples_of(folder.key), "sample"))[0]

    test = load_split(layout.PREPARED, "test")
    folder.arrays(limits.SAMPLES, lambda: (_shown(samples(), info.traits),))
    if info.traits.points:
        farthest = float(np.abs(test.images).max())
        folder.arrays(
            limits.LANDSCAPE,
            lambda: None if (found := collect.landscape(run, farthest)) is None else (found,),
        )
        return
    folder.arrays(limits.WALKS, lambda: collect.walk(run, test))
    if info.traits.plain:
        train = load_split(layout.PREPARED, "train").images
        folder.arrays(limits.NEIGHBOURS, lambda: collect.neighbours(protocol, samples(), train))


def _shown(samples: Samples, traits: DataKind) -> npt.NDArray[Any]:
    """The first images, or all points in as many digits as a picture has."""
    if traits.points:
        with np.errstate(over="ignore"):  # those of a game that diverged are outside every picture
            return samples.astype(np.float16)
    return samples[: limits.KEPT].astype(np.uint8, copy=False)


def seconds(timing: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of the time a training took: of its moments the seconds alone."""
    kept = {name: value for name, value in timing.items() if name not in ("moments", "alarms")}
    if "moments" in timing:
        kept["moments"] = [float(moment["live/seconds"]) for moment in timing["moments"]]
    return kept
