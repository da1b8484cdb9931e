"""A user's folder of pictures, or a .zip of one, in one order on every machine, as arrays."""

import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from PIL import Image

from ganstudy.data.labelling import (
    Labelling,
    LabelSource,
    UnsureLabelsError,
    label,
    read_dataset,
)
from ganstudy.data.pictures import (
    BrokenPictureError,
    Loss,
    Picture,
    Rendering,
    formats_by_extension,
    read_further_pages,
    read_picture,
)
from ganstudy.data.pixels import Fit, shape_picture, to_array
from ganstudy.data.places import LINK_REMEDY, Links, Place, find_place, quoted
from ganstudy.data.threads import in_threads
from ganstudy.errors import InputError
from ganstudy.files import Images, Labels
from ganstudy.files.memmap import parts, spooled
from ganstudy.progress import ProgressBar, log, printable

Broken = Literal["refuse", "skip"]
Pages = Literal["first", "all"]
DATASET = "dataset.json"


@dataclass(frozen=True)
class Rules:
    """What counts in a folder: where labels come from (None decides), whether links that leave it
    are followed, whether pages and frames after the first are pictures, and how pictures become
    8-bit ones."""

    labels: LabelSource | None = None
    links: Links = "refuse"
    pages: Pages = "first"
    rendering: Rendering = Rendering()  # noqa: RUF009


USUAL = Rules()


@dataclass(frozen=True)
class FolderImages:
    """Images (N, H, W, C) uint8 in 0..255, by split and sorted relative path; labels (N,) int64
    number `classes`, or are None; `skipped` are the relative paths of what could not be read;
    `splits` are the rows of train, validation and test where the folder has such folders; `names`
    are relative paths, one for each image.
    """

    images: Images
    labels: Labels | None
    classes: tuple[str, ...]
    skipped: tuple[str, ...]
    splits: Mapping[str, slice]
    names: tuple[str, ...]


@dataclass(frozen=True)
class Survey:
    """What a folder holds, by names alone: `others` counts files that are no pictures, by their
    extension."""

    place: Place
    labelling: Labelling
    others: Counter[str]


def survey(path: Path, rules: Rules = USUAL) -> Survey:
    """Lists a folder or a .zip, and tells classes and splits without reading a picture.

    Raises `InputError` when there is no picture, when the layout is none that is known (see
    `labelling`) or when only the user can know what it means.
    """
    place = find_place(path, rules.links)
    try:
        dataset = read_dataset(_content(place, DATASET)) if DATASET in place.names else None
        pictures = [name for name in place.names if _is_picture(name)]
        others = Counter(
            _extension(name)
            for name in place.names
            if not _is_picture(name) and not (dataset and name == DATASET)
        )
        if not pictures and not place.closed:
            raise InputError(
                f"it holds no picture, and {_counted(others)}; "
                "pictures are known by their extension, such as .png or .jpg"
            )
        found = label(pictures, dataset, rules.labels) if pictures else Labelling(())
    except InputError as error:
        raise type(error)(f"{quoted(path)}: {error}") from error
    return Survey(place, found, others)


def read_folder(
    path: Path,
    *,
    resolution: int | None = None,
    channels: int | None = None,
    fit: Fit = "crop",
    broken: Broken = "refuse",
    rules: Rules = USUAL,
) -> FolderImages:
    """Reads all pictures of a folder or a .zip, with the classes and splits that it has.

    `resolution` is the side to bring them to; None demands that all have one size already.
    `channels` is 1 or 3; None means 1 when every picture is grey, else 3. Other files are passed
    over, hidden ones silently. A picture that cannot be read, or that a link fetches from outside
    the folder where the rules do not follow it, is refused or, with `broken="skip"`, named and left
    out. What pictures lose is counted and said.

    Raises `InputError` as `survey` does, when a class or split keeps no picture, when sizes differ
    and `resolution` is None, and for a broken picture unless it is skipped.
    """
    found = survey(path, rules)
    if found.others:
        log(f"{quoted(path)}: passed over what is no picture: {_counted(found.others)}")
    for notice in found.labelling.notices:
        log(f"{quoted(path)}: {notice}")
    reading = _Reading(path, found, resolution, channels, fit, broken, rules)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, of odd files that it can read
        images = spooled(reading.rows())
    if channels is None and reading.grey:
        images = spooled(part[..., :1] for part in parts(images))
    labelling, kept = found.labelling, reading.kept
    return FolderImages(
        images,
        _labels(path, kept, labelling) if labelling.classes else None,
        labelling.classes,
        tuple(reading.skipped),
        _splits(path, kept, labelling),
        tuple(kept),
    )


def read_sample_folder(path: Path, channels: int | None, rules: Rules) -> FolderImages:
    """Reads anybody's samples: where the layout leaves a doubt, as the numbered folders of workers
    do, no classes count as asked for, which is said."""
    try:
        return read_folder(path, channels=channels, rules=replace(rules, labels=None))
    except UnsureLabelsError:
        log(
            f"{quoted(path)}: sub-folders may be classes or not, so these samples are measured "
            "without labels; dataset.json in it, or arr_1 of an .npz, would tell them"
        )
        return read_folder(path, channels=channels, rules=replace(rules, labels="none"))


def _is_picture(name: str) -> bool:
    return Path(name).suffix.lower() in formats_by_extension()


def _extension(name: str) -> str:
    return printable(Path(name).suffix.lower()) or "no extension"


def _counted(others: Counter[str]) -> str:
    """So that pictures of a format that is not read are not missed in silence."""
    shown = ", ".join(f"{count:,} of {name}" for name, count in others.most_common(4))
    more = ", …" if len(others) > 4 else ""
    return f"{others.total():,} other files" + (f" ({shown}{more})" if others else "")


def _content(place: Place, name: str) -> bytes:
    try:
        with place.open(name) as stream:
            return stream.read()
    except (BrokenPictureError, OSError) as error:
        raise InputError(f"cannot read {name}: {error}") from error


class _Shaped(NamedTuple):
    pixels: Images  # (H, W, C)
    grey: bool
    more: int  # pages


@dataclass
class _Reading:
    """One pass over the pictures of a folder, and what it met so far."""

    root: Path
    found: Survey
    resolution: int | None
    channels: int | None
    fit: Fit
    broken: Broken
    rules: Rules
    kept: list[str] = field(default_factory=list)  # names, one for each page
    skipped: list[str] = field(default_factory=list)
    notices: Counter[str] = field(default_factory=Counter)  # what is true of how many pictures
    reason: str = ""  # of the first that was skipped
    left_out: int = 0  # pages
    grey: bool = True  # all of them

    def rows(self) -> Iterator[Images]:
        """The pixels (1, H, W, C) of each picture that can be used; C is 3 where it is open."""
        names = [*self.found.labelling.names, *self.found.place.closed]
        shape: tuple[int, ...] | None = None
        with ProgressBar("reading pictures", len(names), "pictures") as meter:
            for name, picture in self._shaped(names, meter):
                shape = shape or picture.pixels.shape
                if picture.pixels.shape[:2] != shape[:2]:
                    raise InputError(
                        f"{quoted(self.root)}: {name!r} has {_size(picture.pixels.shape)} pixels "
                        f"but {self.kept[0]!r} has {_size(shape)}: all must have one size where no "
                        "resolution is set"
                    )
                self.kept.append(name)
                self.grey &= picture.grey
                # Grey is repeated where others have, or may have, colour.
                yield np.broadcast_to(picture.pixels, (1, *shape[:2], self.channels or 3))
        if not self.kept:
            raise InputError(
                f"none of the {len(self.skipped)} pictures in {quoted(self.root)} can be read; of "
                f"{self.skipped[0]!r}: {self.reason}"
            )
        if self.skipped:
            log(f"{quoted(self.root)}: skipped {len(self.skipped)} of {len(names)} pictures")
        for notice, count in self.notices.items():
            text = notice.format(background=self.rules.rendering.background, more=self.left_out)
            log(f"{quoted(self.root)}: {count:,} pictures {text}")

    def _shaped(self, names: list[str], meter: ProgressBar) -> Iterator[tuple[str, _Shaped]]:
        """Each picture that can be read, with its name, page after page."""
        for name, found in zip(names, in_threads(self._first, names), strict=True):
            meter.advance(1)
            if isinstance(found, BrokenPictureError):
                self._skip(name, found)
                continue
            shaped, notices = found
            yield name, shaped
            self.notices.update(notices)
            self.left_out += shaped.more
            if self.rules.pages == "all" and shaped.more:
                yield from self._further(name)

    def _first(self, name: str) -> tuple[_Shaped, list[str]] | BrokenPictureError:
        try:
            with self.found.place.open(name) as stream:
                return self._shape(read_picture(stream, self.rules.rendering))
        except BrokenPictureError as reason:
            return reason

    def _further(self, name: str) -> Iterator[tuple[str, _Shaped]]:
        try:
            with self.found.place.open(name) as stream:
                for page in read_further_pages(stream, self.rules.rendering):
                    shaped, notices = self._shape(page)
                    yield name, shaped
                    self.notices.update(notices)
        except BrokenPictureError as reason:
            self._skip(f"{name}, after its first page", reason)

    def _shape(self, picture: Picture) -> tuple[_Shaped, list[str]]:
        """The pixels, and what there is to say of them."""
        losses = picture.losses - ({Loss.PAGES} if self.rules.pages == "all" else set())
        notices = [loss.value for loss in Loss if loss in losses]
        image: Image.Image = picture.image
        if self.resolution is not None and min(image.size) < self.resolution:
            notices.append(f"were enlarged to {self.resolution} pixels")
        if self.resolution is not None and image.width != image.height:
            done = "of which the middle is kept" if self.fit == "crop" else "and are distorted"
            notices.append(f"are not square, {done} (data.fit: {self.fit})")
        shaped = shape_picture(image, self.resolution, self.channels, self.fit)
        return _Shaped(to_array(shaped), shaped.mode == "L", picture.more), notices

    def _skip(self, name: str, reason: BrokenPictureError) -> None:
        if self.broken == "refuse":
            remedy = "" if LINK_REMEDY in str(reason) else "; with data.broken: skip it is left out"
            raise InputError(
                f"{quoted(self.root)}: cannot use {name!r}: {reason}{remedy}"
            ) from reason
        log(f"skipped {name!r}: {reason}")
        self.reason = self.reason or str(reason)
        self.skipped.append(name)


def _labels(root: Path, kept: list[str], labelling: Labelling) -> Labels:
    number = {name: index for index, name in enumerate(labelling.classes)}
    labels = np.array([number[labelling.labels[name]] for name in kept], np.int64)
    for lost in sorted(set(number.values()) - set(labels.tolist())):
        raise InputError(
            f"{quoted(root)}: no picture of class {labelling.classes[lost]!r} can be read"
        )
    return labels


def _splits(root: Path, kept: list[str], labelling: Labelling) -> dict[str, slice]:
    """The rows of each split: they follow each other as the splits do."""
    rows: dict[str, slice] = {}
    start = 0
    for split, names in labelling.splits.items():
        members = set(names)
        count = sum(name in members for name in kept)
        if not count:
            raise InputError(f"{quoted(root)}: no picture of the {split} split can be read")
        rows[split] = slice(start, start := start + count)
    return rows


def _size(shape: tuple[int, ...]) -> str:
    height, width = shape[:2]
    return f"{width}×{height}"
