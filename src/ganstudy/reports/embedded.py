"""The pictures of a study inside its page: data URIs, in as much detail as their budget allows."""

import base64
import io
import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from ganstudy.files import Images
from ganstudy.reports.pictures import side_by_side, tile
from ganstudy.reports.study import Nearest, Study, Walk

GROUND = 112  # grey of the gaps: quiet on white and on black
MARK = (27, 31, 38)  # between a sample and its neighbours
MOMENTS = 12  # of training that the page shows at most: WebP ends at 16,383 rows
BUDGET = 2_500_000  # characters of all pictures: with the scripts, the page stays below 5 MB


@dataclass(frozen=True)
class Detail:
    """How much of each run is shown: a square of `side` samples, `rows` of neighbours and walks,
    images of at most `pixels` a side, and WebP's `quality`, None for without loss."""

    side: int
    rows: int
    pixels: int
    quality: int | None


DETAILS = (
    Detail(8, 6, 64, None),
    Detail(8, 6, 64, 80),
    Detail(8, 3, 48, 60),
    Detail(6, 3, 32, 55),
    Detail(5, 2, 32, 45),
    Detail(4, 1, 28, 35),
    Detail(3, 1, 24, 25),
)


@dataclass(frozen=True)
class Picture:
    """A picture as a data URI: `frames` of equal size above each other, each `width` by `height`
    pixels."""

    uri: str
    width: int
    height: int
    frames: int = 1


@dataclass(frozen=True)
class Pictures:
    """What the page shows of real images and, by run key, of each run; `neighbours` and `walks` of
    some. The frames of `samples` are the snapshots with the indices `moments`; a run that ended
    early has fewer."""

    detail: Detail
    moments: Sequence[int]
    real: Picture
    samples: Mapping[str, Picture]
    neighbours: Mapping[str, Mapping[str, Picture]]
    walks: Mapping[str, Mapping[str, Picture]]


class _OverspentError(Exception):
    """This detail costs more than the budget."""


@dataclass
class _Encoder:
    """Draws in one detail; raises `_OverspentError` when all pictures take more than `left`."""

    detail: Detail
    left: float

    def frames(self, grids: Sequence[npt.NDArray[np.uint8]]) -> Picture:
        """Grids (H, W, 3) of one size, above each other in one picture."""
        stream, quality = io.BytesIO(), self.detail.quality
        whole = Image.fromarray(np.concatenate(list(grids)))
        whole.save(stream, "WEBP", lossless=quality is None, quality=quality or 60, method=4)
        uri = f"data:image/webp;base64,{base64.b64encode(stream.getvalue()).decode()}"
        self.left -= len(uri)
        if self.left < 0:
            raise _OverspentError
        height, width, _ = grids[0].shape
        return Picture(uri, width, height, len(grids))

    def square(self, images: Images) -> npt.NDArray[np.uint8]:
        """The first images (N, H, W, C), as many as the detail shows and there are, in a square."""
        side = min(self.detail.side, math.isqrt(len(images)))
        return tile(self.small(images[: side * side]), side, GROUND)

    def rows(self, images: Images) -> npt.NDArray[np.uint8]:
        """The first rows of images (rows, columns, H, W, C)."""
        shown = images[: self.detail.rows]
        return tile(self.small(shown.reshape(-1, *shown.shape[2:])), shown.shape[1], GROUND)

    def small(self, images: Images) -> Images:
        """Images (N, H, W, C), shrunk where a side is longer than the detail shows."""
        height, width = images.shape[1:3]
        factor = self.detail.pixels / max(height, width)
        if factor >= 1:
            return images
        size = (max(1, round(width * factor)), max(1, round(height * factor)))
        found = [
            np.asarray(Image.fromarray(tile(one[None], 1)[1:-1, 1:-1]).resize(size))
            for one in images
        ]
        return np.stack(found)


def columns(named: Mapping[str, Images], rows: int) -> Picture:
    """Columns of images (N, H, W, C) beside each other, `rows` of them, without loss."""
    grid = tile(side_by_side(named, rows), len(named), GROUND)
    return _Encoder(DETAILS[0], math.inf).frames([grid])


def embed(study: Study, closely: Sequence[str]) -> Pictures:
    """The pictures of `study`, in the first of DETAILS that keeps to BUDGET, else in the last;
    neighbours and walks are those of the runs `closely`."""
    for detail in DETAILS[:-1]:
        with suppress(_OverspentError):
            return _pictures(study, closely, _Encoder(detail, BUDGET))
    return _pictures(study, closely, _Encoder(DETAILS[-1], math.inf))


def _pictures(study: Study, closely: Sequence[str], encoder: _Encoder) -> Pictures:
    keys = [run.key for run in study.runs if run.key in study.snapshots]
    moments = _moments(max((len(study.snapshots[key]) for key in keys), default=0))
    return Pictures(
        encoder.detail,
        moments,
        encoder.frames([encoder.square(study.reference.images.astype(np.uint8))]),
        {key: _course(encoder, study.snapshots[key], moments) for key in keys},
        {
            key: _copies(encoder, study.neighbours[key])
            for key in closely
            if key in study.neighbours
        },
        {key: _walks(encoder, study.walks[key]) for key in closely if key in study.walks},
    )


def _moments(count: int) -> Sequence[int]:
    """At most MOMENTS of `count` indices, evenly apart, the last of them included."""
    shown = min(count, MOMENTS)
    return [round((index + 1) * count / shown) - 1 for index in range(shown)]


def _course(encoder: _Encoder, snapshots: Images, moments: Sequence[int]) -> Picture:
    reached = [index for index in moments if index < len(snapshots)] or [0]
    return encoder.frames([encoder.square(snapshots[index]) for index in reached])


def _copies(encoder: _Encoder, nearest: Nearest) -> Mapping[str, Picture]:
    return {
        "first samples": encoder.frames([_marked(encoder, nearest.first)]),
        "closest to training": encoder.frames([_marked(encoder, nearest.closest)]),
    }


def _marked(encoder: _Encoder, images: Images) -> npt.NDArray[np.uint8]:
    """Rows of images with a line behind the first of each."""
    sample, others = encoder.rows(images[:, :1]), encoder.rows(images[:, 1:])
    line = np.broadcast_to(np.array(MARK, np.uint8), (len(sample), 2, 3))
    return np.concatenate([sample, line, others], axis=1)


def _walks(encoder: _Encoder, walk: Walk) -> Mapping[str, Picture]:
    return {
        f"between {walk.ends}": encoder.frames([encoder.rows(walk.interpolation)]),
        "one dimension a row": encoder.frames([encoder.rows(walk.traversal)]),
    }
