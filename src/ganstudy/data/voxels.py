"""A user's solids: an .npz of cells, or a folder (or a .zip) of .binvox, .obj, .stl and .glb.

`data.resolution` is the number of cells a side. Equal solids stand on one side of a split.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ganstudy.data.pictures import BrokenPictureError
from ganstudy.data.places import Place, find_place, quoted
from ganstudy.data.solids import MOST_BYTES, SUFFIXES, read_solid
from ganstudy.dataset import Array, Dataset
from ganstudy.errors import InputError
from ganstudy.files import read_named
from ganstudy.params import DataParams
from ganstudy.progress import ProgressBar, log
from ganstudy.seeding import numpy_generator
from ganstudy.spaces import Space, Voxels

SIDES = (8, 16, 32, 64)  # that networks for voxels make
SEED = 0  # one split for all runs of a study


def spaces(params: DataParams) -> Mapping[str, Space]:
    """Solids `x`."""
    side = params.resolution
    if side not in SIDES:
        raise InputError(f"data.resolution: {side} cells a side; {', '.join(map(str, SIDES))}")
    return {"x": Voxels(side, side, side)}


def read(params: DataParams) -> Mapping[str, Dataset]:
    """Its splits. Raises `InputError` naming the file that cannot be used."""
    described = spaces(params)
    assert params.folder is not None and params.resolution is not None  # noqa: S101, PT018
    path = Path(params.folder).expanduser()
    npz = path.suffix == ".npz"
    solids = _cells(path, params.resolution) if npz else _files(path, params)
    different = np.unique(solids.reshape(len(solids), -1), axis=0, return_inverse=True)[1]
    count = int(different.max()) + 1
    if count < 3:
        raise InputError(f"{quoted(path)} has {count} different solids; 3 are needed: one a split")
    order = numpy_generator(SEED, "solids of a folder").permutation(count)
    test = min(max(1, round(count * params.test)), count - 2)
    validation = min(max(1, round((count - test) * params.validation)), count - test - 1)
    sides = np.empty(count, np.int64)
    sides[order] = np.repeat([2, 1, 0], [test, validation, count - test - validation])
    names = ("train", "validation", "test")
    return {
        name: Dataset({"x": solids[sides[different] == number]}, described, (("x",),))
        for number, name in enumerate(names)
    }


def _cells(path: Path, side: int) -> Array:
    """An npz's arr_0: bool, or 0 and 1, (N, side, side, side)."""
    cells = read_named(path, ("arr_0",), needed="arr_0")["arr_0"]
    if cells.dtype.kind not in "bu" or cells.shape[1:] != (side,) * 3 or not len(cells):
        raise InputError(
            f"{path}: arr_0 must be bool (N, {side}, {side}, {side}), as data.resolution says; it "
            f"is {cells.dtype} {cells.shape}"
        )
    if cells.dtype != bool and cells.max() > 1:
        raise InputError(f"{path}: arr_0 must hold 0 and 1 alone; it has {cells.max()}")
    empty = ~cells.any((1, 2, 3))
    if empty.any():
        raise InputError(f"{path}: solid {int(empty.argmax())} has no full cell")
    return np.asarray(cells, bool)


def _files(path: Path, params: DataParams) -> Array:
    place = find_place(path, params.links)
    names = [name for name in place.names if _suffix(name) in SUFFIXES]
    if not names:
        raise InputError(f"{quoted(path)} has no file that ends in {', '.join(SUFFIXES)}")
    solids: list[Array] = []
    with ProgressBar("reading solids", len(names), "solids") as meter:
        for name in names:
            try:
                solids.append(_solid(place, name, int(params.resolution or 0)))
            except InputError as error:
                if params.broken == "refuse":
                    raise InputError(
                        f"{quoted(path)}: cannot use {name!r}: {error}; with data.broken: skip it "
                        "is left out"
                    ) from error
                log(f"skipped {name!r}: {error}")
            meter.advance(1)
    if not solids:
        raise InputError(f"{quoted(path)}: none of its {len(names)} solids can be used")
    return np.stack(solids)


def _solid(place: Place, name: str, side: int) -> Array:
    try:
        with place.open(name) as stream:
            content = stream.read(MOST_BYTES + 1)
    except (BrokenPictureError, OSError) as error:
        raise InputError(f"it cannot be read: {error}") from error
    return read_solid(content, _suffix(name), side)


def _suffix(name: str) -> str:
    return Path(name).suffix.lower()
