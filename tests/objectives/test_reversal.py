"""Gradient reversal: exact in float64, and its schedule's values from the paper's formula."""

import math

import pytest
import torch

from ganstudy.objectives.reversal import reversed_gradient, strength_at


@pytest.mark.parametrize("strength", [0.0, 0.3, 2.0])
def test_values_pass_and_gradients_come_back_reversed(strength: float) -> None:
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(5, 3, generator=rng, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(3, 4, generator=rng, dtype=torch.float64)

    def behind(features: torch.Tensor) -> torch.Tensor:
        return (features @ weight).tanh().square().sum()

    (plain,) = torch.autograd.grad(behind(x), x)
    shown = reversed_gradient(x, torch.tensor(strength, dtype=torch.float64))
    assert torch.equal(shown, x)
    (back,) = torch.autograd.grad(behind(shown), x)
    assert torch.equal(back, -strength * plain)


def test_what_stands_behind_it_learns_as_ever() -> None:
    features = torch.ones(2, 3, dtype=torch.float64)
    weight = torch.ones(3, dtype=torch.float64, requires_grad=True)
    (back,) = torch.autograd.grad(
        (reversed_gradient(features, torch.tensor(0.7)) @ weight).sum(), weight
    )
    assert torch.equal(back, torch.full((3,), 2.0, dtype=torch.float64))


def test_the_strength_is_read_when_gradients_come_back() -> None:
    """In place, as a recorded round reads it: a copy taken at the start would stay at 0."""
    strength, x = torch.zeros(()), torch.ones(1, requires_grad=True)
    for value in (0.0, 0.5, 1.0):
        strength.fill_(value)
        (back,) = torch.autograd.grad(reversed_gradient(x, strength * 2).sum(), x)
        assert back.item() == -2 * value


def test_the_schedule_is_the_papers() -> None:
    progress = torch.tensor([0.0, 0.1, 0.5, 1.0], dtype=torch.float64)
    expected = [0.0, *(2 / (1 + math.exp(-10 * p)) - 1 for p in (0.1, 0.5, 1.0))]
    assert strength_at(progress).tolist() == pytest.approx(expected, abs=1e-15)
    assert strength_at(progress)[1].item() == pytest.approx(0.46211715726, abs=1e-11)
