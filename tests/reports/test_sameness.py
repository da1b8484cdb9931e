"""What the gate takes for the same report, and what not."""

import base64
import gzip
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganstudy.reports.sameness import HAIR, differences


def picture(value: int, form: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    pixels = np.full((6, 5, 3), value, np.uint8)
    Image.fromarray(pixels).save(stream, form, **options)
    return stream.getvalue()


def html(image: bytes, plots: str, level: int = 9, text: str = "words") -> bytes:
    uri = base64.b64encode(image).decode()
    packed = base64.b64encode(gzip.compress(plots.encode(), level, mtime=0)).decode()
    return (
        f'<p>{text}</p><img src="data:image/webp;base64,{uri}">'
        f'<script type="text/plain" id="plots">{packed}</script>'
    ).encode()


def lossless(value: int, method: int = 4) -> bytes:
    return picture(value, "WEBP", lossless=True, method=method)


PAGE = html(lossless(90), "[1, 2, 3]" * 99)
CASES = [
    ("README.md", b"a\n", b"a\n", True),
    ("README.md", b"a\n", b"a \n", False),
    ("figures/a.png", picture(90), picture(90 + HAIR), True),
    ("figures/a.png", picture(90), picture(91 + HAIR), False),
    ("figures/a.png", picture(90), b"no picture", False),
    ("figures/a.png", picture(90, compress_level=1), picture(90, compress_level=9), True),
    ("index.html", PAGE, html(lossless(90 + HAIR, 0), "[1, 2, 3]" * 99, level=1), True),
    ("index.html", PAGE, html(lossless(91 + HAIR), "[1, 2, 3]" * 99), False),
    ("index.html", PAGE, html(lossless(90), "[1, 2, 4]" * 99), False),
    ("index.html", PAGE, html(lossless(90), "[1, 2, 3]" * 99, text="other"), False),
]


@pytest.mark.parametrize(("name", "made", "kept", "same"), CASES)
def test_texts_are_equal_and_pictures_nearly(
    tmp_path: Path, name: str, made: bytes, kept: bytes, same: bool
) -> None:
    for folder, content in (("made", made), ("kept", kept)):
        place = tmp_path / folder / name
        place.parent.mkdir(parents=True)
        place.write_bytes(content)
    found = differences(tmp_path / "made", tmp_path / "kept")
    assert len(found) == (0 if same else 1)
    assert same or name in found[0]


def test_files_that_are_missing_or_drawn_by_nothing_are_named(tmp_path: Path) -> None:
    for place in ("made/README.md", "kept/figures/old.png"):
        (tmp_path / place).parent.mkdir(parents=True)
        (tmp_path / place).write_bytes(b"a")
    missing, extra = differences(tmp_path / "made", tmp_path / "kept")
    assert missing.endswith("README.md is missing")
    assert extra.endswith("old.png is drawn by nothing")
