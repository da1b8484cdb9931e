"""The same emoji drawn by two hands: OpenMoji and Twemoji, as two domains without pairs.

Twemoji 16 (CC BY 4.0, graphics by X and contributors) are the 64-pixel images of npm's package
emoji-datasource-twitter; OpenMoji see `openmoji`. Emoji are matched by code. For training each is
in one domain alone; those held out are in both, row by row, which no model is told: so it can be
measured whether a translation finds its partner.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from ganstudy.data.domains import domains
from ganstudy.data.locations import FOLDER_VARIABLE, UnavailableError, find_folder
from ganstudy.data.npm import Package
from ganstudy.data.openmoji import COLOUR, LICENCE, drawn, emoji
from ganstudy.data.pixels import to_array
from ganstudy.dataset import Dataset
from ganstudy.errors import InputError
from ganstudy.files import Images
from ganstudy.params import DataParams
from ganstudy.progress import log
from ganstudy.seeding import numpy_generator
from ganstudy.spaces import DOMAINS, Space
from ganstudy.spaces import Image as ImageSpace

PACKAGE = Package(
    "emoji-datasource-twitter",
    "16.0.0",
    "f64a530c63bca463bd8317fdc4615ce63a53a0c65018e4ce2d848aaba7a28877",
)
LICENCES = f"{LICENCE}; Twemoji 16, CC BY 4.0"
INDEX, IMAGES = "emoji.json", "img/twitter/64"
NATIVE = 64
HELD_OUT = 241  # emoji of the test split; the validation split has half as many


def spaces(params: DataParams) -> dict[str, Space]:
    """Both in colour."""
    side = params.resolution or NATIVE
    return {name: ImageSpace(3, side, side) for name in DOMAINS}


def read_emoji_domains(params: DataParams) -> dict[str, Dataset]:
    """a: OpenMoji, b: Twemoji, in splits."""
    side = params.resolution or NATIVE
    with emoji() as listed, _twemoji() as files:
        both = [each for each in listed if plain(each.code) in files]
        a = drawn(both, COLOUR, side)
        b = np.stack([_read(files[plain(each.code)], side) for each in both])
    log(f"emoji: {len(both):,} are in both sets")
    return _splits(a, b)


def plain(code: str) -> str:
    """A code without the variation selector that sets write or leave out."""
    return "-".join(part for part in code.upper().split("-") if part != "FE0F")


def _splits(a: Images, b: Images) -> dict[str, Dataset]:
    order = numpy_generator(0, "data/emoji").permutation(len(a))
    test, validation, train = np.split(order, [HELD_OUT, HELD_OUT + HELD_OUT // 2])
    one, other = np.split(train, [len(train) // 2])
    return {
        "train": domains(a[one], b[other]),
        "validation": domains(a[validation], b[validation]),
        "test": domains(a[test], b[test]),
    }


@contextmanager
def _twemoji() -> Iterator[Mapping[str, Path]]:
    """Files by code, for as long as the context lasts."""
    try:
        folder = find_folder((PACKAGE.name,), _lacks)
    except UnavailableError as reason:
        log(f"twemoji: not by {FOLDER_VARIABLE}: {reason}")
    else:
        yield _files(folder)
        return
    try:
        with PACKAGE.unpacked((INDEX, IMAGES)) as unpacked:
            yield _files(unpacked)
    except UnavailableError as reason:
        raise InputError(
            f"cannot get Twemoji: {reason}. What helps: npm with access to its registry, or set "
            f"{FOLDER_VARIABLE} to a folder with the package's {INDEX} and {IMAGES}"
        ) from reason


def _lacks(folder: Path) -> list[str]:
    return [name for name in (INDEX, IMAGES) if not (folder / name).exists()]


def _files(folder: Path) -> dict[str, Path]:
    index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    return {
        plain(row["unified"]): folder / IMAGES / row["image"]
        for row in index
        if row["has_img_twitter"]
    }


def _read(path: Path, side: int) -> Images:
    with Image.open(path) as picture:
        opaque = Image.new("RGBA", picture.size, "white")
        opaque.alpha_composite(picture.convert("RGBA"))
        small = opaque.convert("RGB").resize((side, side), Image.Resampling.LANCZOS)
    return to_array(small)
