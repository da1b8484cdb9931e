"""One picture file of unknown origin to 8-bit grey or colour, without trusting it."""

from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

MAX_PIXELS = 64_000_000
# Pillow refuses twice as many: at the first look, and where a format holds a second size inside.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2
# Formats that need an outside program or a plug-in, or whose values have no fixed range.
UNSUITABLE = {"BUFR", "EPS", "FITS", "GRIB", "HDF5", "IPTC", "MPEG", "WMF"}


class BrokenPictureError(Exception):
    """A picture that cannot be used; the message is the reason, without the file's name."""


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


def read_picture(path: Path) -> Image.Image:
    """Reads a picture as mode L when all its pixels are grey, else as RGB.

    The EXIF orientation is applied, transparency composited on white, 16 bits scaled to 8; of an
    animation it is the first frame; colour profiles are ignored. Raises `BrokenPictureError`
    when the file is no picture, is damaged, has more than `MAX_PIXELS` pixels (known before they
    are decoded) or has values without a fixed range.
    """
    if not path.is_file():  # a pipe would never end
        raise BrokenPictureError("it is no regular file")
    formats = sorted(set(formats_by_extension().values()))
    try:
        with Image.open(path, formats=formats) as picture:
            return _to_eight_bits(picture)
    except BrokenPictureError:
        raise
    except Image.DecompressionBombError as error:
        raise BrokenPictureError(f"it has more than {MAX_PIXELS:,} pixels") from error
    except UnidentifiedImageError as error:
        raise BrokenPictureError("its content is no picture that can be read") from error
    except Exception as error:  # Pillow's decoders raise nearly anything on damaged files
        reason = " ".join(str(error).split()) or type(error).__name__
        raise BrokenPictureError(reason) from error


def _to_eight_bits(picture: Image.Image) -> Image.Image:
    sixteen_bits = picture.mode.startswith("I;16") or (
        picture.mode == "I" and picture.format == "PPM"
    )
    ImageOps.exif_transpose(picture, in_place=True)
    if sixteen_bits:
        return _scale_sixteen_bits(picture)
    if picture.mode in ("I", "F"):
        raise BrokenPictureError(
            f"mode {picture.mode} has no fixed range of values: save it with 8 or 16 bits"
        )
    if picture.has_transparency_data:
        opaque = picture.convert("RGBA")
        white = Image.new("RGBA", opaque.size, "white")
        return _grey_if_grey(Image.alpha_composite(white, opaque).convert("RGB"))
    if picture.mode in ("1", "L"):
        return picture.convert("L")
    return _grey_if_grey(picture.convert("RGB"))


def _scale_sixteen_bits(picture: Image.Image) -> Image.Image:
    values = np.asarray(picture).astype(np.int64)
    return Image.fromarray(((values * 255 + 32767) // 65535).clip(0, 255).astype(np.uint8))


def _grey_if_grey(picture: Image.Image) -> Image.Image:
    pixels = np.asarray(picture)
    grey = (pixels[:, :, :1] == pixels[:, :, 1:]).all()
    return picture.getchannel(0) if grey else picture
