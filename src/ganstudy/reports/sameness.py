"""Whether two reports are the same: texts byte for byte, pictures to a hair."""

import base64
import gzip
import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

HAIR = 2  # of 255: what fonts and rounding differ by from one kind of CPU to another
FIGURES = "figures"
# What a page packs inside itself, by libraries whose bytes may differ where the content does not.
PICTURE = re.compile(r"data:image/webp;base64,([A-Za-z0-9+/=]+)")
PLOTS = re.compile(r'(?<=id="plots">)([A-Za-z0-9+/=]+)(?=</script>)')


def drawn(folder: Path) -> list[Path]:
    """The files of a report that was just drawn into `folder`, relative to it."""
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def differences(made: Path, kept: Path) -> list[str]:
    """In what the report in the folder `kept` is not the one in `made`: a sentence a file."""
    names = drawn(made)
    found = [told for name in names if (told := _difference(made / name, kept / name))]
    extra = {path.relative_to(kept) for path in (kept / FIGURES).glob("*")} - set(names)
    return [*found, *(f"{kept / name} is drawn by nothing" for name in sorted(extra))]


def _difference(made: Path, kept: Path) -> str:
    """How two files differ; empty where they do not."""
    if not kept.is_file():
        return f"{kept} is missing"
    if made.read_bytes() == kept.read_bytes():
        return ""
    same = {".png": _same_picture, ".html": _same_page}.get(made.suffix)
    if same is not None and same(made.read_bytes(), kept.read_bytes()):
        return ""
    return f"{kept} is not what its evidence draws"


def _same_picture(one: bytes, other: bytes) -> bool:
    try:
        a, b = _pixels(one), _pixels(other)
    except (OSError, UnidentifiedImageError):
        return False
    return a.shape == b.shape and int(np.abs(a - b).max(initial=0)) <= HAIR


def _pixels(content: bytes) -> npt.NDArray[np.int16]:
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image.convert("RGBA"), np.int16)


def _same_page(one: bytes, other: bytes) -> bool:
    """Whether two pages have the same text, and inside it the same pictures and plots."""
    a, b = one.decode(errors="replace"), other.decode(errors="replace")
    if _text(a) != _text(b):
        return False
    try:
        return all(map(_same_picture, _packed(PICTURE, a), _packed(PICTURE, b))) and all(
            gzip.decompress(x) == gzip.decompress(y)
            for x, y in zip(_packed(PLOTS, a), _packed(PLOTS, b), strict=True)
        )
    except (ValueError, OSError, EOFError):  # not base64, not gzip
        return False


def _text(page: str) -> str:
    """A page without what it packs: how often it does stays."""
    return PLOTS.sub("plots", PICTURE.sub("picture", page))


def _packed(pattern: re.Pattern[str], page: str) -> Iterator[bytes]:
    return (base64.b64decode(match) for match in pattern.findall(page))
