"""Chairs and tables by parameters, on a grid of 16³: 5,000 of them, no two alike.

All stand on the floor, are one piece, and are their own mirror images across. Which parameters were
drawn is known, so that what a generator learnt of them can be compared. Our own, without licence.
"""

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from itertools import product

import numpy as np

from ganstudy.data.images import SPLITS
from ganstudy.dataset import Array, Dataset
from ganstudy.errors import InputError
from ganstudy.params import DataParams
from ganstudy.seeding import numpy_generator
from ganstudy.spaces import Label, Space, Voxels

SIDE = 16
COUNT = 5000
COUNTS = {"train": 4000, "validation": 200, "test": 800}
KINDS = ("table", "chair")
SEED = 0  # one set of furniture for all runs of a study


@dataclass(frozen=True)
class Piece:
    """A piece of furniture, in cells: `width` across is even; `level` is the height of the lower
    side of its top or seat, `thick` that of the top itself, `leg` the side of a square leg; `back`
    is the height of a chair's back above the seat, 0 for a table; `rails` join its legs, front to
    back, half-way up."""

    width: int
    deep: int
    level: int
    thick: int
    leg: int
    back: int
    rails: bool

    @property
    def kind(self) -> int:
        """Its number in `KINDS`."""
        return int(self.back > 0)


def all_pieces() -> list[list[Piece]]:
    """Every piece that is drawn from, by kind."""
    tables = product(range(6, 15, 2), range(6, 15), range(6, 14), (1, 2), (1, 2), (0,), (0, 1))
    chairs = product(range(6, 13, 2), range(6, 13), range(4, 8), (1, 2), (1, 2), (4, 5, 6), (0, 1))
    return [[Piece(*row[:-1], bool(row[-1])) for row in rows] for rows in (tables, chairs)]


def solid(piece: Piece) -> Array:
    """The cells of a piece, bool (up, back, across) of 16 each; it stands in the middle."""
    cells = np.zeros((SIDE,) * 3, bool)
    left, front = (SIDE - piece.width) // 2, (SIDE - piece.deep) // 2
    right, rear = left + piece.width, front + piece.deep
    leg, top = piece.leg, piece.level + piece.thick
    cells[piece.level : top, front:rear, left:right] = True
    for columns in (slice(left, left + leg), slice(right - leg, right)):
        cells[: piece.level, front : front + leg, columns] = True
        cells[: piece.level, rear - leg : rear, columns] = True
        if piece.rails:
            cells[piece.level // 2, front:rear, columns] = True
    cells[top : top + piece.back, rear - leg : rear, left:right] = True
    return cells


def spaces(params: DataParams) -> Mapping[str, Space]:
    """Solids `x` and what they are, `kind`."""
    if params.resolution not in (None, SIDE):
        raise InputError(f"data.resolution: {params.name} has {SIDE} cells a side: set it to null")
    return {"x": Voxels(SIDE, SIDE, SIDE), "kind": Label(len(KINDS))}


def read(params: DataParams) -> Mapping[str, Dataset]:
    """Its splits: no piece is in two."""
    described, drawn = spaces(params), pieces()
    splits: dict[str, Dataset] = {}
    start = 0
    for name in SPLITS:
        part = drawn[start : start + COUNTS[name]]
        start += COUNTS[name]
        fields = {
            "x": np.stack([solid(piece) for piece in part]),
            "kind": np.array([piece.kind for piece in part], np.int64),
        }
        splits[name] = Dataset(fields, described, (tuple(fields),))
    return splits


def pieces() -> list[Piece]:
    """`COUNT` different ones in an order by chance, as many of each kind."""
    rng = numpy_generator(SEED, "furniture")
    each = COUNT // len(KINDS)
    drawn = [kind[index] for kind in all_pieces() for index in rng.permutation(len(kind))[:each]]
    return [drawn[index] for index in rng.permutation(len(drawn))]


def parameters(drawn: list[Piece]) -> Array:
    """Their numbers, int64 (N, 7), in the order of the fields of `Piece`."""
    return np.array([astuple(piece) for piece in drawn], np.int64)
