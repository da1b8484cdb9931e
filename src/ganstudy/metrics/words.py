"""Whether pictures show what words say: colours, classes, and the right caption among several.

Pictures are uint8 (N, H, W, C); everything is computed in float64. What cannot be told, like the
colour of a black picture, is not right.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ganstudy.metrics.checks import Array, Integers, as_features, as_labels, same_width
from ganstudy.metrics.neighbours import nearest_neighbours

NONE = -1  # the label of what cannot be told
RIDGE = 1e-2  # of the mean variance of a feature
SIDE = 7  # cells of a picture's coarse look


def colours_shown(images: Any, palette: Any) -> Integers:
    """Of each picture (N, H, W, 3) the colour of `palette` (K, 3) whose direction in RGB is nearest
    to that of all its light together; `NONE` where it is black."""
    light = _pictures(images, 3).sum((1, 2), dtype=np.float64)
    rows = as_features(np.asarray(palette, np.float64), "palette")
    directions = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    shown = (light @ directions.T).argmax(1)
    return np.where(light.any(1), shown, NONE)


def without_colour(images: Any) -> npt.NDArray[np.uint8]:
    """Pictures (N, H, W, C) as (N, H, W, 1): of each pixel the strongest channel, and of each
    picture the strongest pixel 255. What one colour of light shows is the same in every other."""
    light = _pictures(images).max(3, keepdims=True).astype(np.float32)
    most = light.max((1, 2), keepdims=True)
    stretched: npt.NDArray[np.uint8] = np.rint(255 * light / np.maximum(most, 1)).astype(np.uint8)
    return stretched


def nearest_mean(features: Any, known: Any, labels: Any) -> Integers:
    """Of each row of `features` (N, d) the class whose mean of `known` (M, d), by `labels` (M,), is
    nearest; a class without rows is never named."""
    features, known = as_features(features, "features"), as_features(known, "known")
    same_width(features, known, "features and known")
    labels = as_labels(labels, "labels", (len(known),), int(np.max(labels)) + 1)
    present = np.unique(labels)
    means = np.stack([known[labels == label].mean(0) for label in present])
    return np.asarray(present[nearest_neighbours(features, means).indices[:, 0]])


def share_right(shown: Any, asked: Any) -> float:
    """The share of labels (N,) that are those asked for, in [0, 1]."""
    shown, asked = np.asarray(shown), np.asarray(asked)
    if shown.shape != asked.shape or shown.ndim != 1 or not len(shown):
        raise ValueError(
            f"shown and asked must be labels of one shape (N,); they are {shown.shape} and "
            f"{asked.shape}"
        )
    return float((shown == asked).mean())


def coarse_looks(images: Any) -> Array:
    """What a picture looks like from afar, (N, 49 C): its light averaged in 7×7 cells, as a share
    of all of it; 0 for a black one."""
    pictures = _pictures(images)
    rows, columns = (_cells(side) for side in pictures.shape[1:3])
    cells = np.einsum("rh,nhwc,sw->nrsc", rows, pictures, columns, optimize=True)
    flat = cells.reshape(len(cells), -1)
    norms = np.linalg.norm(flat, axis=1, keepdims=True)
    return np.asarray(np.divide(flat, norms, out=np.zeros_like(flat), where=norms > 0))


def bags(tokens: Any, vocabulary: int) -> Array:
    """Which words each text (N, L) has, as `spaces.Tokens` counts: 0 or 1, (N, vocabulary)."""
    rows = np.asarray(tokens)
    if rows.ndim != 2 or rows.dtype.kind not in "iu" or rows.min(initial=0) < 0:
        raise ValueError(f"tokens must be integers (N, L) from 0; they are {rows.dtype}")
    if rows.max(initial=0) > vocabulary:
        raise ValueError(f"tokens name word {rows.max()} of {vocabulary}")
    found = np.zeros((len(rows), vocabulary + 1))
    np.put_along_axis(found, rows, 1, axis=1)
    return found[:, 1:]


@dataclass(frozen=True, slots=True, eq=False)
class Reader:
    """Tells which words a picture's features speak for: a ridge regression of which words a caption
    has on the features of its picture."""

    center: Array
    weights: Array  # (d, words)
    usual: Array  # share of captions that have each word

    def __call__(self, features: Any) -> Array:
        """How much each word is spoken for beyond its usual share, (N, words)."""
        rows = as_features(features, "features")
        return np.asarray((rows - self.center) @ self.weights)


def reader(features: Any, words: Any) -> Reader:
    """The reader fitted to features (M, d) of pictures and the words (M, V) of their captions."""
    rows, there = as_features(features, "features", minimum=2), as_features(words, "words")
    if len(rows) != len(there):
        raise ValueError(f"there are {len(rows)} pictures and {len(there)} captions")
    center, usual = rows.mean(0), there.mean(0)
    rows = rows - center
    spread = rows.T @ rows / len(rows)
    strength = RIDGE * max(float(np.trace(spread)) / len(spread), 1e-12)
    weights = np.linalg.solve(
        spread + strength * np.eye(len(spread)), rows.T @ (there - usual) / len(rows)
    )
    return Reader(center, weights, usual)


def caption_of(read: Reader, features: Any, candidates: Any) -> float:
    """The share of pictures whose own caption, the first of `candidates` (N, K, V), fits best of
    the K: 1 / K by chance. Captions that fit equally well share the point.

    A caption fits by the cosine between the words that the picture speaks for and those that it
    has, both beyond their usual shares.
    """
    spoken = read(features)
    offered = np.asarray(candidates, np.float64) - read.usual
    if offered.ndim != 3 or offered[:, 0].shape != spoken.shape:
        raise ValueError(
            f"candidates must have shape ({len(spoken)}, K, {spoken.shape[1]}); it is "
            f"{offered.shape}"
        )
    norms = np.linalg.norm(offered, axis=2)
    fits = np.einsum("nv,nkv->nk", spoken, offered) / np.maximum(norms, 1e-12)
    best = np.isclose(fits, fits.max(1, keepdims=True), rtol=0, atol=1e-12)
    return float((best[:, 0] / best.sum(1)).mean())


def _pictures(images: Any, channels: int | None = None) -> Any:
    pictures = np.asarray(images)
    if pictures.ndim != 4 or pictures.dtype != np.uint8 or not len(pictures):
        raise ValueError(f"images must be uint8 (N, H, W, C); they are {pictures.shape}")
    if channels is not None and pictures.shape[3] != channels:
        raise ValueError(f"images must have {channels} channels; they have {pictures.shape[3]}")
    return pictures


def _cells(side: int) -> Array:
    """Averages of `side` pixels in `SIDE` cells, (SIDE, side): a pixel counts where it lies."""
    edges = np.arange(side + 1) * SIDE / side
    cells = np.arange(SIDE)[:, None]
    overlap = np.minimum(edges[1:], cells + 1) - np.maximum(edges[:-1], cells)
    return np.asarray(np.clip(overlap, 0, None))
