"""OpenMoji 17: emoji as black lines and in colour, of equal names. CC BY-SA 4.0, openmoji.org.

From npm's package openmoji, or a folder with its data/, black/ and color/; drawn by resvg. Skin
tones, flags and components are left out: what remains are 2,186 emoji, one for each code, so that
no variant of a picture is on two sides.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from ganstudy.data.cuts import in_splits
from ganstudy.data.locations import FOLDER_VARIABLE, UnavailableError, find_folder
from ganstudy.data.npm import Package
from ganstudy.data.pairs import pairs
from ganstudy.data.pixels import box_averaged
from ganstudy.data.sides import WHOLE
from ganstudy.data.threads import in_threads
from ganstudy.dataset import Dataset
from ganstudy.errors import InputError
from ganstudy.files import Images
from ganstudy.params import DataParams
from ganstudy.progress import ProgressBar, log
from ganstudy.spaces import Image as ImageSpace
from ganstudy.spaces import Space

PACKAGE = Package(
    "openmoji", "17.0.0", "55ee7d13485dec86e9f38c1f3a645a13382d33ff97c0cd845ee824b0aef45e68"
)
LICENCE = "OpenMoji 17, openmoji.org, CC BY-SA 4.0"
INDEX, LINES, COLOUR = "data/openmoji.json", "black/svg", "color/svg"
LEFT_OUT = {"flags", "component"}  # groups
FINER = 4  # drawn so many times larger, then averaged
NATIVE = 64  # pixels, where params leave it open


@dataclass(frozen=True)
class Emoji:
    """One of them: its code, like 1F600, its group, where the package lies, and its name and tags
    as `words`, where the package has such."""

    code: str
    group: str
    folder: Path
    words: str = ""

    def drawn(self, kind: str, side: int) -> Images:
        """uint8 (side, side, 3) on white; `kind` is LINES or COLOUR."""
        import resvg_py

        size = FINER * side
        png = resvg_py.svg_to_bytes(
            svg_path=str(self.folder / kind / f"{self.code}.svg"),
            width=size,
            height=size,
            background="#ffffff",
            skip_system_fonts=True,  # no emoji has text: the same on every machine
        )
        with Image.open(BytesIO(bytes(png))) as picture:
            large = np.asarray(picture.convert("RGB"))
        averaged: Images = box_averaged(large[None], FINER)[0]
        return averaged


@contextmanager
def emoji() -> Iterator[list[Emoji]]:
    """All that are studied, by code, for as long as the context lasts. Raises `InputError` where
    they cannot be had."""
    try:
        folder = find_folder(("openmoji",), _lacks)
    except UnavailableError as reason:
        log(f"openmoji: not by {FOLDER_VARIABLE}: {reason}")
    else:
        log(f"openmoji: from {FOLDER_VARIABLE}")
        yield _listed(folder)
        return
    try:
        with PACKAGE.unpacked((INDEX, LINES, COLOUR)) as unpacked:
            yield _listed(unpacked)
    except UnavailableError as reason:
        raise InputError(
            f"cannot get openmoji: {reason}. What helps: npm with access to its registry, or set "
            f"{FOLDER_VARIABLE} to a folder with the package's {INDEX}, {LINES} and {COLOUR}"
        ) from reason


def spaces(params: DataParams) -> dict[str, Space]:
    """Lines in grey, and colour."""
    side = params.resolution or NATIVE
    return {"source": ImageSpace(1, side, side), "target": ImageSpace(3, side, side)}


def read_openmoji(params: DataParams) -> dict[str, Dataset]:
    """Lines -> colour, in splits; emoji whose lines are equal are on one side."""
    side = params.resolution or NATIVE
    with emoji() as listed:
        lines = drawn(listed, LINES, side)
        colour = drawn(listed, COLOUR, side)
    return in_splits({WHOLE: pairs(lines[..., :1], colour)}, params)


def drawn(listed: list[Emoji], kind: str, side: int) -> Images:
    """uint8 (N, side, side, 3)."""
    with ProgressBar(f"drawing {kind}", len(listed), "emoji") as meter:
        rows = []
        for row in in_threads(lambda each: each.drawn(kind, side), listed):
            rows.append(row)
            meter.advance(1)
    return np.stack(rows)


def _lacks(folder: Path) -> list[str]:
    return [name for name in (INDEX, LINES, COLOUR) if not (folder / name).exists()]


def _listed(folder: Path) -> list[Emoji]:
    index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    rows = [row for row in index if not row["skintone"] and row["group"] not in LEFT_OUT]
    listed = [
        Emoji(
            row["hexcode"],
            row["group"],
            folder,
            f"{row.get('annotation', '')} {row.get('tags', '')}".strip(),
        )
        for row in rows
    ]
    return sorted(listed, key=lambda each: each.code)
