"""Data of named fields, by name: pairs, domains, captions, volumes; and how they are brought in.

`fetch` reads them, in splits, as they will be learnt from; `prepare` checks that they are whole
and hands them on.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ganstudy.data import (
    captioned_emoji,
    captioned_fashion,
    captions,
    domains,
    edges,
    furniture,
    negatives,
    openmoji,
    pairs,
    photos,
    superres,
    twemoji,
    voxels,
)
from ganstudy.data.fields import FIELDS, digest, load_dataset, write_datasets
from ganstudy.data.images import INFO, SPLITS, DataInfo
from ganstudy.dataset import Dataset
from ganstudy.errors import InputError
from ganstudy.files import read_json, write_json
from ganstudy.params import DataParams, DatasetName
from ganstudy.progress import log
from ganstudy.spaces import SampleSpace, Space

SOURCE = "source.json"
Spaces = Mapping[str, Space]


@dataclass(frozen=True)
class FieldedSource:
    """A row of FIELDED: the `spaces` of the data's fields, as far as params tell them, and how to
    `read` the splits train, validation and test. Raises `InputError` where they cannot be had.
    `licence` stands beside every figure of the data."""

    spaces: Callable[[DataParams], Spaces]
    read: Callable[[DataParams], Mapping[str, Dataset]]
    licence: str = ""


FIELDED: dict[DatasetName, FieldedSource] = {
    "pairs": FieldedSource(pairs.user_spaces, pairs.read_user_pairs),
    "domains": FieldedSource(domains.user_spaces, domains.read_user_domains),
    "openmoji": FieldedSource(openmoji.spaces, openmoji.read_openmoji, openmoji.LICENCE),
    "openmoji_twemoji": FieldedSource(twemoji.spaces, twemoji.read_emoji_domains, twemoji.LICENCES),
    "mnist_negatives": FieldedSource(negatives.spaces, negatives.read_negatives),
    "digits_edges": FieldedSource(*edges.ROWS["digits"]),
    "mnist_edges": FieldedSource(*edges.ROWS["mnist"]),
    "digits_photos": FieldedSource(*photos.ROWS["digits"], photos.LICENCE),
    "mnist_photos": FieldedSource(*photos.ROWS["mnist"], photos.LICENCE),
    "superres_mnist": FieldedSource(*superres.ROWS["mnist"]),
    "superres_fashion": FieldedSource(*superres.ROWS["fashion"]),
    "superres_icons": FieldedSource(*superres.ROWS["icons"], superres.ICON_LICENCE),
    "captions": FieldedSource(captions.spaces, captions.read),
    "fashion_captions": FieldedSource(
        captioned_fashion.spaces, captioned_fashion.read, "Fashion-MNIST: MIT, Zalando SE"
    ),
    "openmoji_captions": FieldedSource(
        captioned_emoji.spaces, captioned_emoji.read, openmoji.LICENCE
    ),
    "voxels": FieldedSource(voxels.spaces, voxels.read),
    "chairs_and_tables": FieldedSource(furniture.spaces, furniture.read),
}


def spaces_of(params: DataParams) -> Spaces:
    """What the fields of the data will be, before they are there."""
    return FIELDED[params.name].spaces(params)


def fetch_fields(params: DataParams, out: Path) -> None:
    """Writes `out`/train.npz, validation.npz, test.npz, fields.json, and source.json with counts
    and digests."""
    source = FIELDED[params.name]
    splits = source.read(params)
    write_datasets(out, splits)
    counts = {name: len(_main(data)[1]) for name, data in splits.items()}
    described: dict[str, Any] = {"name": params.name, "classes": None, **counts}
    described |= {f"sha256_{name}": digest(data.fields) for name, data in splits.items()}
    if source.licence:
        described["licence"] = source.licence
    write_json(out / SOURCE, described)
    told = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    log(f"{params.name}: {told} in {out}")


def prepare_fields(raw: Path, params: DataParams, out: Path) -> None:
    """Hands on what `fetch_fields` left in `raw`, and says what it is in `out`/data.json."""
    told = raw / SOURCE
    if not (raw / FIELDS).is_file() or read_json(told).get("name") != params.name:
        raise InputError(f"{told} is missing or not of {params.name!r}: run `dvc repro fetch`")
    splits = {name: load_dataset(raw, name) for name in SPLITS}
    write_datasets(out, splits)
    info = describe(params, splits)
    write_json(out / INFO, asdict(info))
    train = splits["train"].fields
    fields = ", ".join(f"{n} {'×'.join(map(str, a.shape[1:]))}".rstrip() for n, a in train.items())
    counts = f"{info.train:,} train, {info.validation:,} validation, {info.test:,} test"
    log(f"{params.name}: {fields}: {counts}")


def describe(params: DataParams, splits: Mapping[str, Dataset]) -> DataInfo:
    """What data.json says of them: the shape is that of the first field of samples, and counts are
    its rows."""
    name, rows = _main(splits["train"])
    counts = {split: len(data.fields[name]) for split, data in splits.items()}
    hashes = {split: digest(data.fields) for split, data in splits.items()}
    return DataInfo(
        name=params.name,
        kind=params.kind,
        shape=rows.shape[1:],
        scale=1.0,
        classes=None,
        train=counts["train"],
        validation=counts["validation"],
        test=counts["test"],
        sha256_train=hashes["train"],
        sha256_validation=hashes["validation"],
        sha256_test=hashes["test"],
    )


def _main(data: Dataset) -> tuple[str, Any]:
    """The first field of samples, and its rows."""
    return next((n, a) for n, a in data.fields.items() if isinstance(data.spaces[n], SampleSpace))
