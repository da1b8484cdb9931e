"""A user's images with captions: a folder (or a .zip) with metadata.csv or metadata.jsonl, columns
`file_name` and `text`, as the `datasets` library lays them out.

Where the metadata lies in folders train, test and perhaps validation, these are the splits; else
shares are held out. Equal files stand on one side.
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ganstudy.data.images import SPLITS
from ganstudy.data.pictures import BrokenPictureError, Rendering, read_picture
from ganstudy.data.pixels import shape_picture, to_array
from ganstudy.data.places import Place, find_place, quoted
from ganstudy.data.threads import in_threads
from ganstudy.data.words import tokens_of, vocabulary_of, words_of
from ganstudy.dataset import Array, Dataset
from ganstudy.errors import InputError
from ganstudy.files import Images
from ganstudy.params import DataParams
from ganstudy.progress import log
from ganstudy.seeding import numpy_generator
from ganstudy.spaces import Image, Space, Tokens

METADATA = ("metadata.csv", "metadata.jsonl")
MOST_BYTES = 2**27  # of one of them
FILE, TEXT = "file_name", "text"
COLOURS = 3  # channels, where params leave them open
SEED = 0  # one split for all runs of a study


class Captioned(NamedTuple):
    """A picture's name in the folder, and what it is said to show."""

    name: str
    text: str


def spaces(params: DataParams) -> Mapping[str, Space]:
    """Images `x` and captions `text`, whose words and length are those of the training split."""
    _, parts = _listed(params)
    return _spaces(params, parts["train"])


def read(params: DataParams) -> Mapping[str, Dataset]:
    """Its splits. Raises `InputError` for a row without its file or without a word, for a picture
    that cannot be read unless such are skipped, and where a split keeps none."""
    place, parts = _listed(params)
    described = _spaces(params, parts["train"])
    return {name: _dataset(params, place, rows, described) for name, rows in parts.items()}


def _spaces(params: DataParams, train: Sequence[Captioned]) -> dict[str, Space]:
    assert params.resolution is not None  # noqa: S101 - params demand it of folders
    texts = [row.text for row in train]
    tokens = Tokens(max(len(words_of(text)) for text in texts), vocabulary_of(texts))
    side = params.resolution
    return {"x": Image(params.channels or COLOURS, side, side), "text": tokens}


def _listed(params: DataParams) -> tuple[Place, dict[str, list[Captioned]]]:
    """Every split's pictures by name, with their captions."""
    assert params.folder is not None  # noqa: S101 - params demand it
    root = Path(params.folder).expanduser()
    place = find_place(root, params.links)
    known = set(place.names)
    found: dict[str, list[Captioned]] = {}
    for split in ("", *SPLITS):
        prefix = f"{split}/" if split else ""
        files = [name for name in METADATA if prefix + name in known]
        if len(files) > 1:
            raise InputError(f"{quoted(root)}: {prefix} has {' and '.join(files)}: leave one")
        if files:
            found[split] = list(_rows(root, place, prefix, prefix + files[0], known))
    if not found:
        raise InputError(
            f"{quoted(root)} has no {' or '.join(METADATA)}; one is needed, with columns {FILE} "
            f"and {TEXT}, there or in folders {', '.join(SPLITS)}"
        )
    if "" in found and len(found) > 1:
        raise InputError(f"{quoted(root)}: metadata lies both there and in folders of splits")
    train = found.get("") or found.get("train")
    if train is None:
        raise InputError(f"{quoted(root)} has metadata in {', '.join(found)}, and none in train")
    held = {"test": params.test, "validation": params.validation}
    for split, share in held.items():
        if split not in found:
            train, found[split] = _cut(root, place, train, share)
    return place, {"train": train, **{split: found[split] for split in held}}


def _rows(
    root: Path, place: Place, prefix: str, metadata: str, known: set[str]
) -> Iterator[Captioned]:
    """The rows of a metadata file; what is wrong with one names it."""
    count = 0
    for line, row in _records(root, metadata, _text(root, place, metadata)):
        where = f"{quoted(root)}: {metadata}, row {line}"
        name, text = row.get(FILE), row.get(TEXT)
        if not isinstance(name, str) or not isinstance(text, str):
            raise InputError(f"{where}: {FILE} and {TEXT} are needed, both texts")
        if prefix + name not in known:
            raise InputError(f"{where}: there is no file {prefix + name!r}")
        try:
            words_of(text)
        except InputError as error:
            raise InputError(f"{where}: {error}") from error
        count += 1
        yield Captioned(prefix + name, text)
    if not count:
        raise InputError(f"{quoted(root)}: {metadata} has no row")


def _text(root: Path, place: Place, metadata: str) -> str:
    try:
        with place.open(metadata) as stream:
            content = stream.read(MOST_BYTES + 1)
    except (BrokenPictureError, OSError) as error:
        raise InputError(f"{quoted(root)}: cannot read {metadata}: {error}") from error
    if len(content) > MOST_BYTES:
        raise InputError(f"{quoted(root)}: {metadata} has more than {MOST_BYTES:,} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{quoted(root)}: {metadata} is not UTF-8: {error}") from error


def _records(root: Path, metadata: str, text: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    """Every row with its line, from 1."""
    try:
        if metadata.endswith(".csv"):
            table = csv.DictReader(io.StringIO(text, newline=""))
            yield from ((table.line_num, row) for row in table)
            return
        for line, content in enumerate(text.splitlines(), 1):
            if content.strip():
                row = json.loads(content)
                yield line, row if isinstance(row, dict) else {}
    except (csv.Error, ValueError, RecursionError) as error:
        raise InputError(f"{quoted(root)}: {metadata} cannot be read: {error}") from error


def _cut(
    root: Path, place: Place, rows: Sequence[Captioned], share: float
) -> tuple[list[Captioned], list[Captioned]]:
    """What is kept and what is held out: a share, one at least, of the different files."""
    digests = list(in_threads(lambda row: _digest(root, place, row.name), rows))
    different = list(dict.fromkeys(digests))
    if len(different) < 2:
        raise InputError(
            f"{quoted(root)} has too few different pictures: one each to train, validate and test"
        )
    count = min(max(1, round(len(different) * share)), len(different) - 1)
    order = numpy_generator(SEED, "captions of a folder").permutation(len(different))
    held = {different[index] for index in order[:count]}
    sides: tuple[list[Captioned], list[Captioned]] = ([], [])
    for row, digest in zip(rows, digests, strict=True):
        sides[digest in held].append(row)
    return sides


def _digest(root: Path, place: Place, name: str) -> bytes:
    try:
        with place.open(name) as stream:
            return hashlib.file_digest(stream, "sha256").digest()  # type: ignore[arg-type]
    except (BrokenPictureError, OSError) as error:
        raise InputError(f"{quoted(root)}: cannot read {name!r}: {error}") from error


def _dataset(
    params: DataParams, place: Place, rows: Sequence[Captioned], described: Mapping[str, Space]
) -> Dataset:
    tokens, space = described["text"], described["x"]
    assert isinstance(tokens, Tokens)  # noqa: S101 - made above
    assert isinstance(space, Image)  # noqa: S101
    rendering = Rendering(params.background, params.bits)

    def pixels(row: Captioned) -> Images | BrokenPictureError:
        try:
            with place.open(row.name) as stream:
                picture = read_picture(stream, rendering).image
        except BrokenPictureError as reason:
            return reason
        return to_array(shape_picture(picture, space.height, space.channels, params.fit))

    images, kept = [], []
    for row, found in zip(rows, in_threads(pixels, rows), strict=True):
        if isinstance(found, BrokenPictureError):
            _skip(params, row, found)
        else:
            images.append(found)
            kept.append(row)
    text = tokens_of([row.text for row in kept], tokens.vocabulary, tokens.length)
    readable = text.any(1)
    if not readable.all():
        log(f"{(~readable).sum():,} captions of unknown words only are left out")
    if not readable.any():
        raise InputError(f"{params.folder!r}: a split keeps no picture with a caption")
    fields: dict[str, Array] = {"x": np.stack(images)[readable], "text": text[readable]}
    return Dataset(fields, described, (tuple(fields),))


def _skip(params: DataParams, row: Captioned, reason: BrokenPictureError) -> None:
    if params.broken == "refuse":
        raise InputError(
            f"{params.folder!r}: cannot use {row.name!r}: {reason}; with data.broken: skip it is "
            "left out"
        ) from reason
    log(f"skipped {row.name!r}: {reason}")
