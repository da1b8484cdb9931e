"""Metrics of solids: answers that are known because the solids are built for them."""

import numpy as np
import pytest

from ganstudy.data import furniture
from ganstudy.metrics import shapes


def solid(*boxes: tuple[slice, slice, slice]) -> np.ndarray:
    cells = np.zeros((1, 8, 8, 8), bool)
    for box in boxes:
        cells[0][box] = True
    return cells


CUBE = solid((slice(0, 4), slice(2, 6), slice(2, 6)))
EMPTY = solid()


def test_pieces_hang_together_by_faces_not_by_corners() -> None:
    apart = solid((slice(0, 2), slice(0, 2), slice(0, 2)), (slice(4, 6), slice(0, 2), slice(0, 2)))
    corner = solid((slice(0, 2),) * 3, (slice(2, 4),) * 3)
    both = np.concatenate([CUBE, apart, corner, EMPTY])
    assert shapes.one_piece(both).tolist() == [True, False, False, False]


def test_what_floats_is_not_on_the_floor() -> None:
    assert shapes.on_floor(np.concatenate([CUBE, np.roll(CUBE, 1, 1), EMPTY])).tolist() == [
        True,
        False,
        False,
    ]


def test_a_mirror_image_overlaps_by_as_much_as_was_built() -> None:
    half = solid((slice(0, 4), slice(0, 4), slice(0, 4)))  # one side alone
    shifted = solid((slice(0, 1), slice(0, 1), slice(2, 5)))  # 3 cells, 2 of them mirrored
    ious = shapes.mirror_iou(np.concatenate([CUBE, half, shifted, EMPTY]))
    np.testing.assert_allclose(ious, [1, 0, 2 / 4, 0])


def test_furniture_measures_what_it_was_built_with() -> None:
    drawn = furniture.pieces()[:300]
    found = shapes.measures(np.stack([furniture.solid(piece) for piece in drawn]))
    for row, piece in enumerate(drawn):
        top = piece.level + piece.thick
        assert found["across"][row] == piece.width
        assert found["back"][row] == piece.deep
        assert found["height"][row] == top + piece.back
        assert found["level"][row] == piece.level
        assert found["above"][row] == piece.thick - 1 + piece.back


def test_furniture_is_one_piece_on_the_floor_its_own_mirror_image_and_no_two_alike() -> None:
    drawn = furniture.pieces()
    solids = np.stack([furniture.solid(piece) for piece in drawn])
    assert len(solids) == 5000
    assert len(np.unique(solids.reshape(5000, -1), axis=0)) == 5000
    assert np.bincount([piece.kind for piece in drawn]).tolist() == [2500, 2500]
    some = solids[:500]
    assert shapes.one_piece(some).all()
    assert shapes.on_floor(some).all()
    assert (shapes.mirror_iou(some) == 1).all()
    np.testing.assert_array_equal(furniture.pieces(), drawn)


def test_total_variation_is_the_share_that_lies_elsewhere() -> None:
    assert shapes.total_variation(np.array([1, 1, 2, 2]), np.array([2, 1, 1, 2])) == 0
    assert shapes.total_variation(np.array([0, 0]), np.array([5, -5])) == 1
    assert shapes.total_variation(np.array([0, 0, 0, 1]), np.array([0, 1, 1, 1])) == 0.5


def test_copies_are_found_and_strangers_measured() -> None:
    larger = solid((slice(0, 4), slice(2, 6), slice(2, 8)))  # 96 cells, of which the cube has 64
    best, which = shapes.nearest_iou(
        np.concatenate([CUBE, larger, EMPTY]), np.concatenate([EMPTY, CUBE])
    )
    np.testing.assert_allclose(best, [1, 64 / 96, 0])
    assert which[:2].tolist() == [1, 1]


def test_coverage_counts_kinds_not_samples() -> None:
    known = np.concatenate([np.roll(CUBE, shift, 3) for shift in range(-2, 2)])
    assert shapes.coverage(known, known) == 1
    assert shapes.coverage(np.repeat(known[:1], 50, 0), known) == 1 / 4


def test_wrong_solids_are_told() -> None:
    with pytest.raises(ValueError, match=r"bool \(N, D, H, W\)"):
        shapes.one_piece(np.zeros((2, 8, 8, 8)))
    with pytest.raises(ValueError, match="N >= 1"):
        shapes.mirror_iou(np.zeros((0, 8, 8, 8), bool))
