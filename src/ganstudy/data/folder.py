"""A user's folder of pictures, in one order on every machine, as arrays."""

import os
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from ganstudy.data.pictures import BrokenPictureError, formats_by_extension, read_picture
from ganstudy.data.pixels import Fit, shape_picture, to_array
from ganstudy.errors import InputError
from ganstudy.files import Images, Labels
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
    kept, pictures, skipped = _read_all(path, listing, resolution, channels, fit, broken)
    if not pictures:
        raise InputError(f"none of the {len(skipped)} pictures in {_quoted(path)} can be read")
    labels = _labels(path, kept, listing.classes) if listing.classes else None
    return FolderImages(_stack(pictures, channels), labels, listing.classes, tuple(skipped))


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


def _read_all(
    root: Path,
    listing: _Listing,
    resolution: int | None,
    channels: int | None,
    fit: Fit,
    broken: Broken,
) -> tuple[list[str], deque[Image.Image], list[str]]:
    """Names of the pictures that were read, the pictures, and names of those that were not."""
    kept: list[str] = []
    skipped: list[str] = []
    pictures: deque[Image.Image] = deque()
    enlarged = 0
    with Meter("reading pictures", len(listing.pictures), "pictures") as meter:
        for name in listing.pictures:
            meter.advance(1)
            try:
                picture = _read_inside(root, name)
            except BrokenPictureError as reason:
                if broken == "refuse":
                    raise InputError(
                        f"{_quoted(root)}: cannot use {name!r}: {reason}; "
                        "with data.broken: skip it is left out"
                    ) from reason
                say(f"skipped {name!r}: {reason}")
                skipped.append(name)
                continue
            if resolution is None and kept and picture.size != pictures[0].size:
                raise InputError(
                    f"{_quoted(root)}: {name!r} has {_size(picture)} pixels but {kept[0]!r} has "
                    f"{_size(pictures[0])}: all must have one size where no resolution is set"
                )
            enlarged += resolution is not None and min(picture.size) < resolution
            pictures.append(shape_picture(picture, resolution, channels, fit))
            kept.append(name)
    if skipped:
        say(f"{_quoted(root)}: skipped {len(skipped)} of {len(listing.pictures)} pictures")
    if enlarged:
        say(f"{_quoted(root)}: {enlarged} pictures were enlarged to {resolution} pixels")
    return kept, pictures, skipped


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


def _stack(pictures: deque[Image.Image], channels: int | None) -> Images:
    """Empties `pictures` into one array, so that memory never holds all of them twice."""
    if channels is None:
        channels = 1 if all(picture.mode == "L" for picture in pictures) else 3
    width, height = pictures[0].size
    images = np.empty((len(pictures), height, width, channels), np.uint8)
    for index in range(len(images)):
        images[index] = to_array(pictures.popleft())  # grey is repeated where others have colour
    return images


def _size(picture: Image.Image) -> str:
    return f"{picture.size[0]}×{picture.size[1]}"


def _quoted(path: Path) -> str:
    return repr(str(path))  # names may hold newlines
