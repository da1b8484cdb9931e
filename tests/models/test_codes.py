"""Codes: all distinct, each independent of how many are drawn."""

import numpy as np
import pytest

from ganstudy.models.base import CODES, latents


def test_a_million_codes_are_distinct() -> None:
    z = latents(4, 1_000_000, seed=0).numpy()
    assert len(np.unique(np.ascontiguousarray(z).view("V16"))) == 1_000_000
    assert abs(z.mean()) < 0.002
    assert abs(z.std() - 1) < 0.002


@pytest.mark.parametrize("count", [1, CODES - 1, CODES, CODES + 1])
def test_a_code_depends_on_no_other(count: int) -> None:
    whole = latents(3, 2 * CODES + 5, seed=7)
    assert (latents(3, count, seed=7) == whole[:count]).all()


def test_seeds_have_codes_of_their_own() -> None:
    one, other = (latents(8, 500, seed).numpy().ravel() for seed in (0, 1))
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.1
