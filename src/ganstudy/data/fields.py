"""Prepared data as named fields: samples with labels, or whatever fields.json describes."""

from collections.abc import Mapping
from pathlib import Path

from ganstudy import spaces
from ganstudy.data.images import load_info, load_split
from ganstudy.dataset import Array, Dataset, labelled_data
from ganstudy.errors import InputError
from ganstudy.files import read_json, read_named, sha256_arrays, write_json, write_npz

FIELDS = "fields.json"
MEMBERS = {"x": "arr_0", "y": "arr_1"}  # of an npz; every other field has its own name there


def write_datasets(prepared: Path, splits: Mapping[str, Dataset]) -> None:
    """Writes `prepared`/<split>.npz for each, and fields.json: spaces, groups and digests. Only
    data that is not samples with labels alone needs it."""
    for name, data in splits.items():
        named = {MEMBERS.get(field, field): array for field, array in data.fields.items()}
        write_npz(prepared / f"{name}.npz", named=named)
    any_of_them = next(iter(splits.values()))
    described = {name: spaces.to_json(space) for name, space in any_of_them.spaces.items()}
    digests = {name: digest(data.fields) for name, data in splits.items()}
    groups = [list(group) for group in any_of_them.groups]
    write_json(prepared / FIELDS, {"spaces": described, "groups": groups, "sha256": digests})


def load_dataset(prepared: Path, split: str) -> Dataset:
    """One split with all its fields. Raises `InputError` when a file is missing, malformed, or not
    the one that was prepared."""
    if not (prepared / FIELDS).is_file():
        return _samples(prepared, split)
    path, info = prepared / f"{split}.npz", read_json(prepared / FIELDS)
    try:
        described = {name: spaces.from_json(space) for name, space in info["spaces"].items()}
        groups = tuple(tuple(group) for group in info["groups"])
        arrays = read_named(path)
        fields = {name: arrays[MEMBERS.get(name, name)] for name in described}
        if digest(fields) != info["sha256"][split]:
            raise InputError(f"{path} is not the file that {FIELDS} tells of: prepare it again")
        return Dataset(fields, described, groups)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise InputError(f"{prepared / FIELDS} does not describe {path.name}: {error}") from error


def _samples(prepared: Path, split: str) -> Dataset:
    info, part = load_info(prepared), load_split(prepared, split)
    classes = 0 if part.labels is None else len(info.classes or ())
    described = spaces.labelled(info.shape, info.scale, classes)
    return labelled_data(part.images, part.labels, described)


def digest(fields: Mapping[str, Array]) -> str:
    """SHA-256 over all fields, in hex."""
    return sha256_arrays(*(fields[name] for name in sorted(fields)))
