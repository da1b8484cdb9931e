"""Solids on a grid: whether they hold together, stand, are symmetric, vary as real ones do, and are
no copies.

Solids are bool (N, D, H, W): up from the floor, back, across. Everything is exact or in float64. A
solid without a full cell fails whatever is asked of it.
"""

from typing import Any

import numpy as np

from ganstudy.metrics.checks import Array, Bools, Integers

BLOCK = 256  # solids that are compared with all others at a time


def one_piece(solids: Any) -> Bools:
    """Whether all full cells of each solid hang together by their faces, (N,)."""
    from scipy.ndimage import label

    return np.array([label(solid)[1] == 1 for solid in _solids(solids)])


def on_floor(solids: Any) -> Bools:
    """Whether each solid has a full cell on the lowest level, (N,)."""
    return np.asarray(_solids(solids)[:, 0].any((1, 2)))


def mirror_iou(solids: Any) -> Array:
    """How well each solid lies on its own mirror image across: their intersection over their union,
    in [0, 1], (N,)."""
    cells = _solids(solids)
    return _iou_of_rows(cells, cells[:, :, :, ::-1])


def measures(solids: Any) -> dict[str, Integers]:
    """What a solid measures in cells, by name, each int64 (N,): its `height`, its extent `across`
    and `back`, the `level` whose area is largest (that of a seat or a table's top; the lowest of
    several), what rises `above` it, and its `volume` in sixteenths of the grid."""
    cells = _solids(solids)
    levels = np.arange(1, cells.shape[1] + 1)
    height = (cells.any((2, 3)) * levels).max(1)
    area = cells.sum((2, 3))
    level = area.argmax(1)
    return {
        "height": height,
        "across": _extent(np.asarray(cells.any((1, 2)))),
        "back": _extent(np.asarray(cells.any((1, 3)))),
        "level": level,
        "above": np.maximum(height - 1 - level, 0),
        "volume": cells.sum((1, 2, 3)) * 16 // cells[0].size,
    }


def total_variation(one: Any, other: Any) -> float:
    """Half the L1 distance of the histograms of two sets of integers, in [0, 1]."""
    x, y = np.asarray(one), np.asarray(other)
    if (
        x.ndim != 1
        or y.ndim != 1
        or not (len(x) and len(y))
        or {x.dtype.kind, y.dtype.kind} > {"i"}
    ):
        raise ValueError("histograms are of integers (N,), one at least on each side")
    low, high = min(x.min(), y.min()), max(x.max(), y.max())
    counts = [np.bincount(part - low, minlength=high - low + 1) / len(part) for part in (x, y)]
    return float(np.abs(counts[0] - counts[1]).sum() / 2)


def nearest_iou(solids: Any, known: Any) -> tuple[Array, Integers]:
    """Of each of `solids` the largest intersection over union with one of `known`, in [0, 1], and
    which one that is, each (N,)."""
    x, y = _flat(solids), _flat(known)
    if x.shape[1] != y.shape[1]:
        raise ValueError(f"solids have {x.shape[1]} cells and known ones {y.shape[1]}")
    best, which = np.empty(len(x)), np.empty(len(x), np.int64)
    sizes = y.sum(1)
    for start in range(0, len(x), BLOCK):
        rows = slice(start, start + BLOCK)
        # Counts below 2²⁴ are exact in float32.
        both = x[rows].astype(np.float32) @ y.T.astype(np.float32)
        union = x[rows].sum(1)[:, None] + sizes - both
        found = both / np.maximum(union, 1)
        which[rows] = found.argmax(1)
        best[rows] = found.max(1)
    return best, which


def coverage(solids: Any, reference: Any) -> float:
    """The share of `reference` solids that are the nearest, by intersection over union, to one of
    `solids`: low where these are few kinds. Achlioptas et al. 2018, section 2."""
    _, which = nearest_iou(solids, reference)
    return len(np.unique(which)) / len(reference)


def _extent(full: Bools) -> Integers:
    """From the first to the last of a row that is full, (N,)."""
    there = full.any(1)
    first, last = full.argmax(1), full.shape[1] - full[:, ::-1].argmax(1)
    return np.asarray(np.where(there, last - first, 0))


def _iou_of_rows(one: Any, other: Any) -> Array:
    both, either = (one & other).sum((1, 2, 3)), (one | other).sum((1, 2, 3))
    return np.asarray(both / np.maximum(either, 1))


def _flat(solids: Any) -> Bools:
    cells = _solids(solids)
    return cells.reshape(len(cells), -1)


def _solids(solids: Any) -> Bools:
    cells = np.asarray(solids)
    if cells.ndim != 4 or cells.dtype != bool or not len(cells):
        raise ValueError(
            f"solids must be bool (N, D, H, W) with N >= 1; they are {cells.dtype} {cells.shape}"
        )
    return cells
