"""Bringing pictures to one size and one number of channels: the same way for every data set.

Colour becomes grey by ITU-R 601 luma (.299 R + .587 G + .114 B), grey becomes colour by repetition;
then the picture is cropped and resized with Pillow's antialiased Lanczos filter. A picture that
already has the wanted shape passes unchanged, bit for bit.
"""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Literal

import numpy as np
from PIL import Image

from ganstudy.data.threads import in_threads
from ganstudy.files import Images
from ganstudy.files.memmap import parts, spooled
from ganstudy.progress import ProgressBar

Fit = Literal["crop", "stretch"]
MODES: Mapping[int, str] = {1: "L", 3: "RGB"}


def shape_picture(
    picture: Image.Image, resolution: int | None, channels: int | None, fit: Fit
) -> Image.Image:
    """Brings an 8-bit picture (mode L or RGB) to `channels` and to a square of side `resolution`.

    None keeps what the picture has. `fit` says what happens to a picture that is not square: `crop`
    keeps its central square, `stretch` keeps all of it, distorted.
    """
    if channels is not None and picture.mode != MODES[channels]:
        picture = picture.convert(MODES[channels])
    if resolution is None or picture.size == (resolution, resolution):
        return picture
    if fit == "crop":
        picture = _central_square(picture)
    return picture.resize((resolution, resolution), Image.Resampling.LANCZOS)


def shape_images(images: Images, resolution: int | None, channels: int | None, fit: Fit) -> Images:
    """Does `shape_picture` to each of `images` (N, H, W, C): uint8 in, uint8 out, on disk."""
    height, width, depth = images.shape[1:]
    sides = (height, width) if resolution is None else (resolution, resolution)
    shape = (len(images), *sides, channels or depth)
    if shape == images.shape:
        return images

    def shaped(image: Images) -> Images:
        picture = Image.fromarray(image[:, :, 0] if depth == 1 else image)
        return to_array(shape_picture(picture, resolution, channels, fit))

    def rows() -> Iterator[Images]:
        with ProgressBar("resizing", len(images)) as meter:
            for row in in_threads(shaped, chain.from_iterable(parts(images))):
                yield row[None]
                meter.advance(1)

    return spooled(rows())


def to_array(picture: Image.Image) -> Images:
    """The pixels of a picture of mode L or RGB: uint8 (H, W, 1) or (H, W, 3)."""
    pixels = np.asarray(picture, np.uint8)
    return pixels[:, :, None] if pixels.ndim == 2 else pixels


def _central_square(picture: Image.Image) -> Image.Image:
    width, height = picture.size
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    return picture.crop((left, top, left + side, top + side))


def box_averaged(images: Images, factor: int) -> Images:
    """`images` (N, H, W, C) with every square of `factor` pixels replaced by its mean, rounded:
    what a sensor of larger pixels sees. Raises `ValueError` where sides are no multiples."""
    count, height, width, channels = images.shape
    if height % factor or width % factor:
        raise ValueError(f"sides of {height}×{width} are no multiples of {factor}")
    shape = (count, height // factor, factor, width // factor, factor, channels)
    sums = images.reshape(shape).sum((2, 4), dtype=np.uint32)
    averaged: Images = ((2 * sums + factor**2) // (2 * factor**2)).astype(np.uint8)
    return averaged
