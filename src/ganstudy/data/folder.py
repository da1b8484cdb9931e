"""A user's folder of pictures, in one order on every machine, as arrays."""

import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from PIL import Image

from ganstudy.data.pictures import BrokenPictureError, formats_by_extension, read_picture
from ganstudy.data.pixels import Fit, shape_picture, to_array
from ganstudy.data.threads import in_threads
from ganstudy.errors import InputError
from ganstudy.files import Images, Labels
from ganstudy.mapped import parts, spooled
from ganstudy.progress import Meter, say

Broken = Literal["refuse", "skip"]


@dataclass(frozen=True)
class FolderImages:
    """Images (N, H, W, C) uint8 in 0..255 by sorted relative path; labels (N,) int64 number
    `classes`, or are None; `skipped` are the relative paths of what could not be read.
    """

    images: Images
    labels: Labels | None
    classes: tuple[str, ...]
    skipped: tuple[str, ...]


def has_classes(path: Path) -> bool:
    """Whether a folder has sub-folders, which then are the classes of the images in them."""
    return any(entry.is_dir() and not entry.name.startswith(".") for entry in path.iterdir())


@dataclass(frozen=True)
class _Listing:
    """What a folder holds; paths are relative to it, with forward slashes, sorted."""

    pictures: tuple[str, ...]
    classes: tuple[str, ...]  # empty: the pictures lie directly in the folder


def read_folder(
    path: Path,
    *,
    resolution: int | None = None,
    channels: int | None = None,
    fit: Fit = "crop",
    broken: Broken = "refuse",
) -> FolderImages:
    """Reads all pictures of a folder, or of its sub-folders, which then are the classes.

    `resolution` is the side to bring them to; None demands that all have one size already.
    `channels` is 1 or 3; None means 1 when every picture is grey, else 3. Other files are passed
    over, hidden ones silently. A picture that cannot be read, or that a link fetches from outside
    the folder, is refused or, with `broken="skip"`, named and left out.

    Raises `InputError` when there is no picture, when pictures lie both beside and within
    sub-folders or deeper than those, when a class keeps no picture, when sizes differ and
    `resolution` is None, and for a broken picture unless it is skipped.
    """
    listing = _list(path)
    reading = _Reading(path, listing.pictures, resolution, channels, fit, broken)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, of odd files that it can read
        images = spooled(reading.rows())
    if channels is None and reading.grey:
        images = spooled(part[..., :1] for part in parts(images))
    labels = _labels(path, reading.kept, listing.classes) if listing.classes else None
    return FolderImages(images, labels, listing.classes, tuple(reading.skipped))


def _list(root: Path) -> _Listing:
    if not root.is_dir():
        what = "is not a folder" if root.exists() else "does not exist"
        raise InputError(f"{_quoted(root)} {what}; a folder of pictures is needed")
    try:
        direct, others = _files(root, root)
        nested: list[str] = []
        classes = []
        for folder in _folders(root):
            if not _is_inside(root, folder):
                nested.append(folder.name)  # a link to elsewhere: met again, as broken
                continue
            pictures, passed_over = _files(root, folder)
            _refuse_deeper(root, folder)
            others += passed_over
            nested += pictures
            if pictures:
                classes.append(_class_name(root, folder))
    except OSError as error:
        raise InputError(f"cannot read the folder {_quoted(root)}: {error}") from error
    if direct and classes:
        raise InputError(
            f"{_quoted(root)} holds pictures ({direct[0]!r}) and sub-folders of pictures "
            f"({nested[0]!r}): put each picture into its class's folder, or all directly inside"
        )
    if not direct and not nested:
        raise InputError(
            f"{_quoted(root)} holds no picture, and {others} other files; "
            "pictures are known by their extension, such as .png or .jpg"
        )
    if others:
        say(f"{_quoted(root)}: passed over {others} files that are no pictures")
    return _Listing(tuple(sorted(direct + nested)), tuple(classes))


def _files(root: Path, folder: Path) -> tuple[list[str], int]:
    """The relative paths of pictures directly in `folder`, and how many other files there are."""
    names = [
        entry.relative_to(root).as_posix()
        for entry in folder.iterdir()
        if not entry.name.startswith(".") and not entry.is_dir()
    ]
    pictures = [name for name in names if _is_picture(name)]
    return pictures, len(names) - len(pictures)


def _folders(folder: Path) -> list[Path]:
    return sorted(
        entry for entry in folder.iterdir() if not entry.name.startswith(".") and entry.is_dir()
    )


def _class_name(root: Path, folder: Path) -> str:
    try:
        folder.name.encode()
    except UnicodeEncodeError as error:  # it could not be written to a report
        raise InputError(f"{_quoted(root)}: {folder.name!r} is no text: rename it") from error
    return folder.name


def _refuse_deeper(root: Path, folder: Path) -> None:
    # Reading root/train/cat/1.png as class `train` would be a silent mistake.
    for below in _folders(folder):
        for place, _, names in os.walk(below):
            for name in names:
                if _is_picture(name) and not name.startswith("."):
                    deep = (Path(place) / name).relative_to(root).as_posix()
                    raise InputError(
                        f"{_quoted(root)}: {deep!r} lies too deep: pictures lie directly in the "
                        "folder, or in one sub-folder for each class"
                    )


def _is_picture(name: str) -> bool:
    return Path(name).suffix.lower() in formats_by_extension()


def _is_inside(root: Path, path: Path) -> bool:
    return path.resolve().is_relative_to(root.resolve())


class _Picture(NamedTuple):
    pixels: Images  # (H, W, C)
    grey: bool
    enlarged: bool


@dataclass
class _Reading:
    """One pass over the pictures of a folder, and what it met so far."""

    root: Path
    names: tuple[str, ...]
    resolution: int | None
    channels: int | None
    fit: Fit
    broken: Broken
    kept: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    enlarged: int = 0
    grey: bool = True  # all of them

    def rows(self) -> Iterator[Images]:
        """The pixels (1, H, W, C) of each picture that can be used; C is 3 where it is open."""
        shape: tuple[int, ...] | None = None
        with Meter("reading pictures", len(self.names), "pictures") as meter:
            for name, found in zip(self.names, in_threads(self._read, self.names), strict=True):
                meter.advance(1)
                if isinstance(found, BrokenPictureError):
                    self._skip(name, found)
                    continue
                shape = shape or found.pixels.shape
                if found.pixels.shape[:2] != shape[:2]:
                    raise InputError(
                        f"{_quoted(self.root)}: {name!r} has {_size(found.pixels.shape)} pixels "
                        f"but {self.kept[0]!r} has {_size(shape)}: all must have one size where no "
                        "resolution is set"
                    )
                self.kept.append(name)
                self.enlarged += found.enlarged
                self.grey &= found.grey
                # Grey is repeated where others have, or may have, colour.
                yield np.broadcast_to(found.pixels, (1, *shape[:2], self.channels or 3))
        if not self.kept:
            raise InputError(
                f"none of the {len(self.skipped)} pictures in {_quoted(self.root)} can be read"
            )
        if self.skipped:
            say(f"{_quoted(self.root)}: skipped {len(self.skipped)} of {len(self.names)} pictures")
        if self.enlarged:
            say(
                f"{_quoted(self.root)}: {self.enlarged} pictures were enlarged to "
                f"{self.resolution} pixels"
            )

    def _read(self, name: str) -> _Picture | BrokenPictureError:
        try:
            picture = _read_inside(self.root, name)
        except BrokenPictureError as reason:
            return reason
        small = self.resolution is not None and min(picture.size) < self.resolution
        shaped = shape_picture(picture, self.resolution, self.channels, self.fit)
        return _Picture(to_array(shaped), shaped.mode == "L", small)

    def _skip(self, name: str, reason: BrokenPictureError) -> None:
        if self.broken == "refuse":
            raise InputError(
                f"{_quoted(self.root)}: cannot use {name!r}: {reason}; "
                "with data.broken: skip it is left out"
            ) from reason
        say(f"skipped {name!r}: {reason}")
        self.skipped.append(name)


def _read_inside(root: Path, name: str) -> Image.Image:
    path = root / name
    try:
        inside = _is_inside(root, path)
    except (OSError, RuntimeError) as error:  # links in a circle
        raise BrokenPictureError("it is a link that leads nowhere") from error
    if not inside:
        raise BrokenPictureError("it is a link that leads outside the folder")
    return read_picture(path)


def _labels(root: Path, names: list[str], classes: tuple[str, ...]) -> Labels:
    number = {name: label for label, name in enumerate(classes)}
    labels = np.array([number[name.split("/")[0]] for name in names], np.int64)
    for label in sorted(set(number.values()) - set(labels.tolist())):
        raise InputError(f"{_quoted(root)}: no picture of class {classes[label]!r} can be read")
    return labels


def _size(shape: tuple[int, ...]) -> str:
    height, width = shape[:2]
    return f"{width}×{height}"


def _quoted(path: Path) -> str:
    return repr(str(path))  # names may hold newlines
