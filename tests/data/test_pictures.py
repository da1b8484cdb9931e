"""One picture: its pixels by known answers, turned, of every mode, and what it loses."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganstudy.data import pictures
from ganstudy.data.pictures import (
    BrokenPictureError,
    Loss,
    Picture,
    Rendering,
    read_further_pages,
    read_picture,
)

USUAL = Rendering()
SMALL = (np.arange(8, dtype=np.uint8) * 30).reshape(2, 4)
ORIENTATION = 0x112
# What each value of EXIF's orientation says of the first row and column of what is stored: the
# table of the standard (CIPA DC-008, 4.6.4), as operations on an array (rows, columns).
TURNED: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda stored: stored,
    2: lambda stored: stored[:, ::-1],
    3: lambda stored: stored[::-1, ::-1],
    4: lambda stored: stored[::-1],
    5: lambda stored: np.swapaxes(stored, 0, 1),
    6: lambda stored: np.swapaxes(stored, 0, 1)[:, ::-1],
    7: lambda stored: np.swapaxes(stored, 0, 1)[::-1, ::-1],
    8: lambda stored: np.swapaxes(stored, 0, 1)[::-1],
}
LOSSLESS = {
    "tif": {},
    "lzw.tif": {"compression": "tiff_lzw"},
    "deflate.tif": {"compression": "tiff_deflate"},
    "packbits.tif": {"compression": "packbits"},
    "png": {},
    "webp": {"lossless": True, "exact": True},
}
MODES = ["1", "L", "P", "LA", "RGB", "RGBA", "I;16"]
WEBP_HAS_NOT = {"I;16"}  # nor a format of its own for the others: they come back as colour


def read(path: Path, rendering: Rendering = USUAL) -> Picture:
    with path.open("rb") as stream:
        return read_picture(stream, rendering)


def pixels(path: Path, rendering: Rendering = USUAL) -> list:
    return np.asarray(read(path, rendering).image).tolist()


def of_mode(mode: str) -> Image.Image:
    """`SMALL`, or its brighter half for one bit, in a mode; colour has three different channels."""
    if mode == "I;16":
        return Image.fromarray(SMALL.astype(np.uint16) * 257)
    if mode == "1":
        return Image.fromarray(SMALL > 100)
    if mode in ("RGB", "RGBA"):
        colour = Image.fromarray(np.stack([SMALL, SMALL // 2, 255 - SMALL], axis=-1))
        return colour.convert(mode)
    return Image.fromarray(SMALL).convert(mode)


def shown(mode: str) -> np.ndarray:
    """What a reader sees of it, before it is turned."""
    if mode == "1":
        return np.where(SMALL > 100, 255, 0)
    if mode in ("RGB", "RGBA"):
        return np.stack([SMALL, SMALL // 2, 255 - SMALL], axis=-1)
    return SMALL


# Orientation


@pytest.mark.parametrize("orientation", TURNED)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", LOSSLESS)
def test_a_turned_picture_has_its_pixels(
    tmp_path: Path, kind: str, mode: str, orientation: int
) -> None:
    if kind == "webp" and mode in WEBP_HAS_NOT:
        pytest.skip("WebP has 8 bits")
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    of_mode(mode).save(tmp_path / f"a.{kind}", exif=exif, **LOSSLESS[kind])
    assert pixels(tmp_path / f"a.{kind}") == TURNED[orientation](shown(mode)).tolist()


@pytest.mark.parametrize("orientation", TURNED)
def test_a_turned_jpeg_has_its_halves_where_they_belong(tmp_path: Path, orientation: int) -> None:
    stored = np.zeros((16, 32), np.uint8)
    stored[:8, :16] = 255  # the first quarter, which every orientation puts elsewhere or turns
    stored[8:, :16] = 128
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    Image.fromarray(stored).save(tmp_path / "a.jpg", exif=exif, quality=95)
    found = np.asarray(read(tmp_path / "a.jpg").image).astype(int)
    right = TURNED[orientation](stored).astype(int)
    assert found.shape == right.shape
    assert abs(found - right).max() < 20


@pytest.mark.parametrize("orientation", TURNED)
def test_a_turned_print_has_its_pixels(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    inks = np.zeros((2, 4, 4), np.uint8)
    inks[..., 0], inks[..., 1] = SMALL, 255 - SMALL  # cyan and magenta, no key
    Image.frombytes("CMYK", (4, 2), inks.tobytes()).save(tmp_path / "a.tif", exif=exif)
    right = np.stack([255 - SMALL, SMALL, np.full_like(SMALL, 255)], axis=-1)
    assert pixels(tmp_path / "a.tif") == TURNED[orientation](right).tolist()


# Sixteen bits


def tiff(values: np.ndarray, bits: int, photometric: int = 1, orientation: int = 1) -> bytes:
    """A TIFF of one strip of grey, little-endian, its rows packed into `bits` a pixel."""
    rows = b""
    for row in values.tolist():
        text = "".join(f"{value:0{bits}b}" for value in row)
        if bits == 16:
            rows += struct.pack(f"<{len(row)}H", *row)
        else:
            text += "0" * (-len(text) % 8)
            rows += int(text, 2).to_bytes(len(text) // 8, "big")
    height, width = values.shape
    tags = {
        256: width, 257: height, 258: bits, 259: 1, 262: photometric, 273: 8,
        274: orientation, 277: 1, 278: height, 279: len(rows),
    }  # fmt: skip
    start = 8
    directory = struct.pack("<H", len(tags))
    for number, value in sorted(tags.items()):
        directory += struct.pack("<HHII", number, 4 if value > 65535 else 3, 1, value)
    rows += b"\0" * (len(rows) % 2)
    return b"II*\0" + struct.pack("<I", start + len(rows)) + rows + directory + bytes(4)


def test_a_file_that_declares_twelve_bits_is_read_by_them(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(tiff(np.array([[0, 4095], [2048, 16]]), 12))
    found = read(tmp_path / "a.tif")
    assert np.asarray(found.image).tolist() == [[0, 255], [128, 1]]
    assert found.losses == frozenset()


@pytest.mark.parametrize("orientation", [1, 6])
def test_white_is_zero_in_a_negative_of_sixteen_bits(tmp_path: Path, orientation: int) -> None:
    (tmp_path / "a.tif").write_bytes(tiff(SMALL.astype(int) * 257, 16, 0, orientation))
    assert pixels(tmp_path / "a.tif") == TURNED[orientation](255 - SMALL).tolist()


def test_twelve_bits_in_sixteen_are_told_and_read_where_params_say_so(tmp_path: Path) -> None:
    values = np.array([[0, 16, 2048, 4095]], np.uint16)
    Image.fromarray(values).save(tmp_path / "a.png")
    assert Loss.DARK in read(tmp_path / "a.png").losses
    found = read(tmp_path / "a.png", Rendering(bits=12))
    assert np.asarray(found.image).tolist() == [[0, 1, 128, 255]]
    assert found.losses == frozenset()


def test_a_value_that_the_bits_cannot_say_is_refused_not_clipped(tmp_path: Path) -> None:
    Image.fromarray(np.full((2, 2), 4096, np.uint16)).save(tmp_path / "a.png")
    with pytest.raises(BrokenPictureError, match=r"4,096, and 12 bits end at 4,095"):
        read(tmp_path / "a.png", Rendering(bits=12))


@pytest.mark.parametrize(("value", "dark"), [(0, False), (1, True), (8191, True), (8192, False)])
def test_dark_is_under_an_eighth_of_the_range_but_not_black(tmp_path, value, dark) -> None:
    Image.fromarray(np.full((2, 2), value, np.uint16)).save(tmp_path / "a.png")
    assert (Loss.DARK in read(tmp_path / "a.png").losses) == dark


def test_a_dark_picture_of_eight_bits_loses_nothing(tmp_path: Path) -> None:
    Image.new("L", (2, 2), 9).save(tmp_path / "a.png")
    assert read(tmp_path / "a.png").losses == frozenset()


def deep_colour(path: Path, value: int) -> None:
    """A PNG of 16-bit colour, which Pillow reads and does not write."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)

    rows = (b"\0" + struct.pack(">3H", value, value // 2, 0) * 4) * 4
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 16, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def test_deep_colour_is_read_by_its_upper_bits_and_twelve_of_them_are_told(tmp_path: Path) -> None:
    deep_colour(tmp_path / "a.png", 0x8000)
    assert pixels(tmp_path / "a.png")[0][0] == [128, 64, 0]
    assert read(tmp_path / "a.png").losses == frozenset()
    deep_colour(tmp_path / "b.png", 0x0FFF)
    assert read(tmp_path / "b.png").losses == {Loss.DARK}
    with pytest.raises(BrokenPictureError, match=r"data\.bits: 12 is for grey pictures"):
        read(tmp_path / "b.png", Rendering(bits=12))


def test_a_map_that_declares_its_range_is_read_by_it(tmp_path: Path) -> None:
    (tmp_path / "a.pgm").write_bytes(b"P5 2 1 4095\n" + struct.pack(">2H", 0, 4095))
    assert pixels(tmp_path / "a.pgm") == [[0, 255]]
    assert pixels(tmp_path / "a.pgm", Rendering(bits=12)) == [[0, 255]]


# Transparency


def icon(colour: int) -> Image.Image:
    """A square of one grey within transparency."""
    drawn = np.full((8, 8, 4), colour, np.uint8)
    drawn[..., 3] = 0
    drawn[2:6, 2:6, 3] = 255
    return Image.fromarray(drawn)


@pytest.mark.parametrize(
    ("background", "corner"),
    [("white", 255), ("black", 0), ("#808080", 128), ("#ff0000", [255, 0, 0])],
)
def test_transparency_shows_the_background(tmp_path: Path, background: str, corner) -> None:
    icon(60).save(tmp_path / "a.png")
    found = pixels(tmp_path / "a.png", Rendering(background))
    assert found[0][0] == corner
    assert found[4][4] in (60, [60, 60, 60])
    assert Loss.TRANSPARENT in read(tmp_path / "a.png").losses


def test_a_picture_that_vanishes_on_its_background_is_told(tmp_path: Path) -> None:
    icon(255).save(tmp_path / "a.png")
    assert read(tmp_path / "a.png").losses == {Loss.TRANSPARENT, Loss.VANISHED}
    assert read(tmp_path / "a.png", Rendering("black")).losses == {Loss.TRANSPARENT}


def test_an_opaque_alpha_channel_is_no_loss(tmp_path: Path) -> None:
    Image.new("RGBA", (4, 4), (9, 9, 9, 255)).save(tmp_path / "a.png")
    assert read(tmp_path / "a.png").losses == frozenset()


# Pages


def paged(path: Path, values: list[int], **options) -> None:
    pages = [Image.new("L", (8, 8), value) for value in values]
    pages[0].save(path, save_all=True, append_images=pages[1:], **options)


@pytest.mark.parametrize("suffix", ["tif", "gif", "png", "webp"])
def test_pages_are_counted_and_can_be_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    paged(path, [0, 100, 255], **({"lossless": True} if suffix == "webp" else {}))
    found = read(path)
    assert (found.more, found.losses) == (2, {Loss.PAGES})
    with path.open("rb") as stream:
        rest = [np.asarray(page.image)[0, 0] for page in read_further_pages(stream)]
    assert rest == [100, 255]


def test_deep_pages_are_scaled_too(tmp_path: Path) -> None:
    pages = [Image.fromarray(np.full((4, 4), 257 * value, np.uint16)) for value in (200, 100)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    with (tmp_path / "a.tif").open("rb") as stream:
        (second,) = read_further_pages(stream)
    assert np.asarray(second.image).max() == 100


def test_previews_are_no_pages(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (16, 16), value) for value in ("red", "blue")]
    frames[0].save(tmp_path / "phone.jpg", format="MPO", save_all=True, append_images=frames[1:])
    Image.new("RGB", (64, 64), "red").save(tmp_path / "a.ico", sizes=[(16, 16), (32, 32)])
    for name in ("phone.jpg", "a.ico"):
        assert (read(tmp_path / name).more, read(tmp_path / name).losses) == (0, frozenset()), name


def test_more_pages_than_anybody_has_are_refused(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(pictures, "MAX_PAGES", 2)
    paged(tmp_path / "a.tif", [1, 2, 3])
    with (
        (tmp_path / "a.tif").open("rb") as stream,
        pytest.raises(BrokenPictureError, match="3 pages or frames, more than 2"),
    ):
        list(read_further_pages(stream))


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_damaged_second_page_does_not_cost_the_first(tmp_path: Path) -> None:
    paged(tmp_path / "a.tif", [7, 9])
    whole = (tmp_path / "a.tif").read_bytes()
    good = Image.open(io.BytesIO(whole))
    offset = struct.unpack("<I", whole[4:8])[0]
    count = struct.unpack("<H", whole[offset : offset + 2])[0]
    at = offset + 2 + 12 * count
    assert good.n_frames == 2
    (tmp_path / "a.tif").write_bytes(whole[:at] + struct.pack("<I", 2**31) + whole[at + 4 :])
    assert np.asarray(read(tmp_path / "a.tif").image).max() == 7
