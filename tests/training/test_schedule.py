"""The learning rate over training."""

import pytest

from ganstudy.training.schedule import linear_decay


@pytest.mark.parametrize(
    ("progress", "decay", "factor"),
    [
        (0, 0, 1),
        (1, 0, 1),
        (0, 0.4, 1),
        (0.6, 0.4, 1),
        (0.8, 0.4, 0.5),
        (0.9, 0.4, 0.25),
        (1, 0.4, 0),
        (0, 1, 1),
        (0.25, 1, 0.75),
    ],
)
def test_one_then_linear_to_zero(progress: float, decay: float, factor: float) -> None:
    assert linear_decay(progress, decay) == pytest.approx(factor)
