"""Which image sizes the convolutional networks reach, and what the others are told."""

import re
from itertools import pairwise

import pytest

from ganstudy.errors import InputError
from ganstudy.spaces import Image


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [
        (8, 8, [(4, 4), (8, 8)]),
        (16, 16, [(4, 4), (8, 8), (16, 16)]),
        (28, 28, [(7, 7), (14, 14), (28, 28)]),
        (32, 32, [(4, 4), (8, 8), (16, 16), (32, 32)]),
        (64, 64, [(4, 4), (8, 8), (16, 16), (32, 32), (64, 64)]),
        (30, 30, [(15, 15), (30, 30)]),
        (28, 56, [(7, 14), (14, 28), (28, 56)]),
        (24, 16, [(6, 4), (12, 8), (24, 16)]),
    ],
)
def test_sizes_double_from_a_base(height, width, expected) -> None:
    assert Image(1, height, width).pyramid() == expected


def test_every_square_is_reached_or_told_the_nearest_that_is() -> None:
    reached, refused = set(), {}
    for side in range(1, 300):
        try:
            sizes = Image(1, side, side).pyramid()
        except InputError as error:
            refused[side] = str(error)
            continue
        reached.add(side)
        assert sizes[-1] == (side, side)
        assert all(fine[0] == 2 * coarse[0] for coarse, fine in pairwise(sizes))
    assert {8, 16, 28, 32, 48, 64, 96, 128, 224, 256} <= reached
    for side, message in refused.items():
        assert f"{side}×{side}" in message
        near = int(re.search(r"data\.resolution (\d+)", message)[1])
        assert near in reached
        assert abs(near - side) == min(abs(other - side) for other in reached), side
        assert "mlp" in message


@pytest.mark.parametrize("side", [1, 5, 7, 17, 27, 31, 34, 63, 100_001])
def test_sides_out_of_reach_are_bad_input(side: int) -> None:
    with pytest.raises(InputError, match=r"cannot reach .*data\.resolution \d+"):
        Image(3, side, side).pyramid()


def test_a_strip_too_long_for_its_base_is_refused() -> None:
    with pytest.raises(InputError, match="8×64"):
        Image(1, 8, 64).pyramid()
