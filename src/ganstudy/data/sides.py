"""Two named sides of a user's folder, or of a .zip of one: which picture is of which side and
split, by names alone, and their pixels.

Sides are folders, like source/ and target/, by themselves or in folders of splits (train,
validation or val, test); or folders of a split and a side in one, as CycleGAN's trainA and testB.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ganstudy.data.labelling import SPLIT_FOLDERS
from ganstudy.data.pictures import BrokenPictureError, formats_by_extension, read_picture
from ganstudy.data.pixels import shape_picture, to_array
from ganstudy.data.places import Place, find_place, quoted
from ganstudy.data.sources import folder_rules
from ganstudy.data.threads import in_threads
from ganstudy.errors import InputError
from ganstudy.files import Images
from ganstudy.files.memmap import parts, spooled
from ganstudy.params import DataParams
from ganstudy.progress import ProgressBar, log

WHOLE = ""  # of a folder without splits
Where = tuple[str, str] | None  # split and side of a name; None: neither
Row = tuple[str, ...]  # names of pictures that belong together
Cut = Callable[[list[Image.Image], Row], list[Image.Image]]
Names = dict[str, dict[str, list[str]]]  # by split and side


@dataclass(frozen=True)
class Sided:
    """What a folder holds: names of pictures by split and side, splits as they are found."""

    root: Path
    place: Place
    names: Names


def find_sides(params: DataParams, sides: Sequence[str], joined: Mapping[str, Where]) -> Sided:
    """The pictures of `sides`, folders of these names; `joined` gives split and side of folders
    that say both. Raises `InputError` where a side or a split of it holds none, or other folders
    hold pictures."""
    assert params.folder is not None  # noqa: S101 - params are refused without it
    root = Path(params.folder).expanduser()
    place = find_place(root, folder_rules(params).links)
    names: Names = {}
    strays: list[str] = []
    for name in filter(is_picture, place.names):
        where = _where(name, sides, joined)
        if where is None:
            strays.append(name)
        else:
            split, side = where
            names.setdefault(split, {each: [] for each in sides})[side].append(name)
    wanted = " and ".join(f"{side}/" for side in sides)
    if not names:
        raise InputError(f"{quoted(root)}: there are no pictures in folders {wanted}")
    if strays:
        raise InputError(
            f"{quoted(root)}: {strays[0]!r} is in neither of {wanted}, nor are "
            f"{len(strays) - 1:,} others: move them"
        )
    if WHOLE in names and len(names) > 1:
        raise InputError(
            f"{quoted(root)}: there are {wanted} by themselves and in folders of splits: have one"
        )
    for split, found in names.items():
        for side, there in found.items():
            if not there:
                of = f" of the {split} split" if split else ""
                raise InputError(f"{quoted(root)}: the side {side}{of} holds no picture")
    return Sided(root, place, names)


def is_picture(name: str) -> bool:
    """By its extension."""
    return Path(name).suffix.lower() in formats_by_extension()


def split_of(name: str) -> tuple[str, str]:
    """The split of a picture in a folder train, test …, and its path in there."""
    first, _, rest = name.partition("/")
    split = SPLIT_FOLDERS.get(first.lower())
    return (split, rest) if split and rest else (WHOLE, name)


def _where(name: str, sides: Sequence[str], joined: Mapping[str, Where]) -> Where:
    split, rest = split_of(name)
    first, _, inside = rest.partition("/")
    if not inside:
        return None
    if split == WHOLE and first in joined:
        return joined[first]
    return (split, first) if first in sides else None


def splits_of(root: Path, of: Sequence[str], splits: Iterable[str]) -> dict[str, slice]:
    """The rows of each split, where `of` names the split of each row and those of one follow each
    other. Raises `InputError` for one that has none."""
    rows = {}
    for split in splits:
        if split not in of:
            raise InputError(f"{quoted(root)}: no picture of the {split} split can be read")
        start = of.index(split)
        rows[split] = slice(start, start + of.count(split))
    return rows


@dataclass
class Reader:
    """Reads pictures of a folder as its params say: each as one or several images of one size."""

    params: DataParams
    root: Path
    place: Place
    skipped: list[str] = field(default_factory=list)

    def read(
        self,
        rows: Sequence[Row],
        cut: Cut = lambda pictures, _: pictures,
    ) -> tuple[list[Images], list[int]]:
        """One array (N, H, W, C) for each column of pictures, and the rows that are left where
        broken ones are skipped. `cut` makes columns of the pictures of a row, and refuses what is
        wrong with them."""
        count, kept = 0, list[int]()

        def shaped(row: Row) -> list[Images] | BrokenPictureError:
            try:
                return [self._shape(part) for part in cut([self._open(n) for n in row], row)]
            except InputError as error:
                raise InputError(f"{quoted(self.root)}: {error}") from error
            except BrokenPictureError as reason:
                return BrokenPictureError(f"{row[0]!r}: {reason}")

        def read() -> Iterator[Images]:
            nonlocal count
            with ProgressBar("reading pictures", len(rows), "pictures") as meter:
                for index, found in enumerate(in_threads(shaped, rows)):
                    meter.advance(1)
                    if isinstance(found, BrokenPictureError):
                        self._skip(rows[index][0], found)
                        continue
                    kept.append(index)
                    count = len(found)
                    yield np.stack([_coloured(image) for image in found])

        try:
            whole = spooled(read())
        except ValueError as error:
            raise InputError(f"{quoted(self.root)}: no picture can be read") from error
        columns = [whole[column::count] for column in range(count)]
        return [self._grey_if_grey(column) for column in columns], kept

    def _open(self, name: str) -> Image.Image:
        with self.place.open(name) as stream:
            return read_picture(stream, folder_rules(self.params).rendering).image

    def _shape(self, picture: Image.Image) -> Images:
        params = self.params
        return to_array(shape_picture(picture, params.resolution, params.channels, params.fit))

    def _grey_if_grey(self, images: Images) -> Images:
        """One channel where params say so, or leave it open and all images are grey."""
        if self.params.channels == 3:
            return images
        blocks = parts(images)
        if self.params.channels == 1 or all((b[..., :1] == b).all() for b in blocks):
            return spooled(block[..., :1] for block in parts(images))
        return images

    def _skip(self, name: str, reason: BrokenPictureError) -> None:
        if self.params.broken == "refuse":
            raise InputError(
                f"{quoted(self.root)}: cannot use {reason}; with data.broken: skip it is left out"
            ) from reason
        log(f"skipped {reason}")
        self.skipped.append(name)


def _coloured(image: Images) -> Any:
    return np.broadcast_to(image, (*image.shape[:2], 3))
