"""One picture file of unknown origin to 8-bit grey or colour, without trusting it.

What of a picture does not survive this is a `Loss`, so that it can be counted and told.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import IO, Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

MAX_PIXELS = 64_000_000
MAX_PAGES = 10_000
# Pillow refuses twice as many: at the first look, and where a format holds a second size inside.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2
# Formats that need an outside program or a plug-in, or whose values have no fixed range.
UNSUITABLE = {"BUFR", "EPS", "FITS", "GRIB", "HDF5", "IPTC", "MPEG", "WMF"}
# Formats in which frames after the first are layers, sizes or previews of the same picture.
ONE_PICTURE = {"CUR", "ICNS", "ICO", "MPO", "PSD"}
BITS_PER_SAMPLE, PHOTOMETRIC, SUBFILE_TYPE = 258, 262, 254  # tags of a TIFF
WHITE_IS_ZERO, REDUCED = 0, 1  # values of the last two


class BrokenPictureError(Exception):
    """A picture that cannot be used; the message is the reason, without the file's name."""


@dataclass(frozen=True)
class Rendering:
    """How pictures of more than 8 opaque bits become such: transparency lies on `background`, and
    of the 16 bits of a grey picture `bits` are used."""

    background: str = "white"
    bits: int = 16


class Loss(Enum):
    """What a picture loses, or seems to; the value says it of several pictures."""

    DARK = (
        "use under 1/8 of their range, and are nearly black: where 16-bit files hold 12 bits, say, "
        "set data.bits: 12"
    )
    TRANSPARENT = "have transparent parts, which show {background} (data.background)"
    VANISHED = (
        "show nothing but {background}, though only parts of them are transparent: set another "
        "data.background"
    )
    PAGES = (
        "have {more:,} pages or frames after the first, which are left out: data.pages: all reads "
        "them"
    )


class Picture(NamedTuple):
    """A picture of mode L or RGB, what it lost, and how many pages or frames follow it."""

    image: Image.Image
    losses: frozenset[Loss]
    more: int


@cache
def formats_by_extension() -> dict[str, str]:
    """The extensions that count as pictures (`.png`), and the format that each stands for."""
    Image.init()
    readable = set(Image.OPEN) - UNSUITABLE
    return {
        extension: name
        for extension, name in Image.registered_extensions().items()
        if name in readable
    }


def read_picture(stream: IO[bytes], rendering: Rendering = Rendering()) -> Picture:
    """Reads a picture, its first page or frame, as mode L when all its pixels are grey, else as
    RGB.

    The EXIF orientation is applied, transparency composited on a background, 16 bits scaled to 8:
    the largest value that the bits can say becomes 255, whatever the largest in the picture is.
    Colour profiles are ignored. Raises `BrokenPictureError` when the file is no picture, is
    damaged, has more than `MAX_PIXELS` pixels (known before they are decoded) or has values without
    a fixed range, or above that of `rendering.bits`.
    """
    with _opened(stream) as picture:
        image, losses = _to_eight_bits(picture, _depth(picture, rendering), rendering)
        more = _pages(picture) - 1
        return Picture(image, losses | {Loss.PAGES} if more else losses, more)


def read_further_pages(
    stream: IO[bytes],
    rendering: Rendering = Rendering(),
) -> Iterator[Picture]:
    """Reads the pages or frames after the first, one in memory at a time; smaller copies of a page
    that a TIFF has beside it are passed over. Raises as `read_picture` does."""
    with _opened(stream) as picture:
        pages = _pages(picture)
        if pages > MAX_PAGES:
            raise BrokenPictureError(f"it has {pages:,} pages or frames, more than {MAX_PAGES:,}")
        for index in range(1, pages):
            picture.seek(index)
            if _tag(picture, SUBFILE_TYPE, 0) & REDUCED:
                continue
            depth = _depth(picture, rendering)
            page = picture.copy()  # the original must stay as its plug-in left it
            yield Picture(*_to_eight_bits(page, depth, rendering), 0)


@contextmanager
def _opened(stream: IO[bytes]) -> Iterator[Image.Image]:
    """A picture that is not decoded yet; whatever is wrong with it raises `BrokenPictureError`.

    It is read from a stream, never by name: what Pillow maps from a named file it does not turn as
    the orientation says (Pillow 13, uncompressed TIFF).
    """
    formats = sorted(set(formats_by_extension().values()))
    try:
        with Image.open(stream, formats=formats) as picture:
            yield picture
    except BrokenPictureError:
        raise
    except Image.DecompressionBombError as error:
        raise BrokenPictureError(f"it has more than {MAX_PIXELS:,} pixels") from error
    except UnidentifiedImageError as error:
        raise BrokenPictureError("its content is no picture that can be read") from error
    except Exception as error:  # Pillow's decoders raise nearly anything on damaged files
        reason = " ".join(str(error).split()) or type(error).__name__
        raise BrokenPictureError(reason) from error


def _pages(picture: Image.Image) -> int:
    """How many pages or frames there are, as far as the file can be followed."""
    if picture.format in ONE_PICTURE:
        return 1
    try:
        return int(getattr(picture, "n_frames", 1))
    except Exception:  # the first is good, and what follows is damaged
        return 1


class _Depth(NamedTuple):
    """What a file says of its pixels before they are decoded."""

    grey: bool  # of 16 bits
    colour: bool  # of 16 bits, of which Pillow keeps the upper 8
    white: int  # the largest value that a pixel of grey could have
    negative: bool  # 0 is white, which Pillow heeds where there are 8 bits


def _depth(file: Image.Image, rendering: Rendering) -> _Depth:
    grey = file.mode.startswith("I;16") or (file.mode == "I" and file.format == "PPM")
    declared = _tag(file, BITS_PER_SAMPLE, (16,))[0]
    bits = declared if 8 < declared < 16 else rendering.bits
    if file.format == "PPM":  # has said its range, and is decoded by it
        bits = 16
        colour = any(type(part) is int and part > 255 for part in _arguments(file))
    else:
        colour = not file.mode.startswith("I") and any(
            ";16" in str(part) for part in _arguments(file)
        )
    return _Depth(grey, colour, 2**bits - 1, _tag(file, PHOTOMETRIC, None) == WHITE_IS_ZERO)


def _arguments(file: Image.Image) -> list[object]:
    """What Pillow will tell its decoders."""
    found: list[object] = []
    for tile in getattr(file, "tile", ()):
        found += tile.args if isinstance(tile.args, tuple) else [tile.args]
    return found


def _tag(file: Image.Image, number: int, default: Any) -> Any:
    """A tag of a TIFF."""
    return getattr(file, "tag_v2", {}).get(number, default)


def _to_eight_bits(
    picture: Image.Image, depth: _Depth, rendering: Rendering
) -> tuple[Image.Image, frozenset[Loss]]:
    ImageOps.exif_transpose(picture, in_place=True)
    if depth.grey:
        return _scale(np.asarray(picture).astype(np.int64), depth)
    if picture.mode.startswith("I") or picture.mode == "F":
        raise BrokenPictureError(
            f"mode {picture.mode} has no fixed range of values: save it with 8 or 16 bits"
        )
    if depth.colour and rendering.bits != 16:
        raise BrokenPictureError(
            f"data.bits: {rendering.bits} is for grey pictures, and this one has 16 bits of "
            "colour, of which the upper 8 are read: save it with 8 bits"
        )
    losses: set[Loss] = set()
    if picture.has_transparency_data:
        image, losses = _on_background(picture.convert("RGBA"), rendering.background)
    elif picture.mode in ("1", "L"):
        image = picture.convert("L")
    else:
        image = _grey_if_grey(picture.convert("RGB"))
    if depth.colour and 0 < np.asarray(picture.convert("RGB")).max() < 256 // 8:
        losses.add(Loss.DARK)
    return image, frozenset(losses)


def _scale(values: npt.NDArray[np.int64], depth: _Depth) -> tuple[Image.Image, frozenset[Loss]]:
    brightest, white = int(values.max()), depth.white
    if brightest > white:
        raise BrokenPictureError(
            f"it has the value {brightest:,}, and {white.bit_length()} bits end at {white:,}: "
            "see data.bits"
        )
    if depth.negative:
        values = white - values
    image = Image.fromarray(((values * 255 + white // 2) // white).clip(0, 255).astype(np.uint8))
    dark = 0 < brightest < (white + 1) // 8
    return image, frozenset({Loss.DARK} if dark else ())


def _on_background(opaque: Image.Image, background: str) -> tuple[Image.Image, set[Loss]]:
    """An RGBA picture on `background`."""
    ground = Image.new("RGBA", opaque.size, background)
    image = Image.alpha_composite(ground, opaque).convert("RGB")
    alpha, pixels = np.asarray(opaque.getchannel("A")), np.asarray(image)
    losses: set[Loss] = set()
    if alpha.min() < 255:
        losses.add(Loss.TRANSPARENT)
        shaped = alpha.min() < alpha.max() or alpha.max() == 0
        if shaped and (pixels == pixels[0, 0]).all():
            losses.add(Loss.VANISHED)
    return _grey_if_grey(image), losses


def _grey_if_grey(picture: Image.Image) -> Image.Image:
    pixels = np.asarray(picture)
    grey = (pixels[:, :, :1] == pixels[:, :, 1:]).all()
    return picture.getchannel(0) if grey else picture
