"""The page of recorded games: what is packed into it."""

import base64
import json

import numpy as np
import pytest

from ganstudy.reports.games import LEVELS, packed, script_text


@pytest.mark.parametrize(
    "array",
    [
        np.linspace(-3, 5, 24).reshape(2, 3, 4),
        np.full((2, 2), 7.0),
        np.arange(100, dtype=np.uint16)[None],
        np.array([[1e-12, 2e-12], [3e-12, 4e-12]]),
    ],
)
def test_what_is_packed_comes_back_to_a_step(array: np.ndarray) -> None:
    found = packed(array)
    steps = np.frombuffer(base64.b64decode(found["data"]), "<u2").reshape(found["shape"])
    back = found["low"] + found["step"] * steps
    assert np.abs(back - array).max() <= np.ptp(array.astype(float)) / LEVELS + 1e-9 * abs(
        float(np.abs(array).max())
    )


def test_what_is_not_finite_is_refused_and_not_drawn_as_something() -> None:
    with pytest.raises(ValueError, match="finite"):
        packed(np.array([[1.0, np.nan]]))


def test_json_in_a_script_cannot_end_it() -> None:
    value = {"note": "</script><b>", "n": [1.5, None]}
    text = script_text(value)
    assert "<" not in text
    assert json.loads(text) == value
