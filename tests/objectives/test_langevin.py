"""Langevin chains: the density that they sample, in energies whose answer is known."""

import math

import pytest
import torch
from torch import Tensor

from ganstudy.objectives.langevin import Chain, langevin

FAR = 100.0


def walk(score, start: Tensor, bound: float = FAR, **changes) -> Tensor:
    settings = {"steps": 90, "first": 0.1, "last": 0.1, "temperature": 1.0, "clip": 1e6}
    return langevin(
        score, start, Chain(**settings | changes), bound, torch.Generator().manual_seed(0)
    )


def bowl(x: Tensor) -> Tensor:
    """The score of E = |x|² / 2: a standard normal density."""
    return -0.5 * x.square().sum(1)


def zeros(count: int = 1500) -> Tensor:
    return torch.zeros(count, 3, dtype=torch.float64)


@pytest.mark.parametrize("size", [0.5, 0.1])
@pytest.mark.parametrize("temperature", [1.0, 0.25])
def test_in_a_bowl_the_variance_is_that_of_its_steps(size: float, temperature: float) -> None:
    """x ← (1 - λ/2) x + ω is an autoregression: its variance is T λ / (1 - (1 - λ/2)²)."""
    found = walk(bowl, zeros(), first=size, last=size, temperature=temperature).var()
    expected = temperature * size / (1 - (1 - size / 2) ** 2)
    assert found.item() == pytest.approx(expected, rel=0.08)
    assert expected == pytest.approx(temperature / (1 - size / 4))  # exp(-E/T) as λ falls


def test_climbing_the_energy_instead_leaves_the_bowl() -> None:
    """The planted mistake: a step along +∇E."""
    assert walk(lambda x: -bowl(x), zeros()).abs().max() == FAR
    assert walk(bowl, zeros()).abs().max() < 6


def test_without_noise_it_is_gradient_descent_by_sizes_in_equal_ratios() -> None:
    sizes = Chain(3, 0.4, 0.1, 0.0, 1e6).sizes()
    assert sizes == pytest.approx([0.4, 0.2, 0.1])
    start = torch.ones(1, 1, dtype=torch.float64)
    found = walk(bowl, start, steps=3, first=0.4, last=0.1, temperature=0.0)
    assert found.item() == pytest.approx(math.prod(1 - size / 2 for size in sizes))


def test_what_leaves_the_range_is_held_at_its_end_and_moves_at_their_bound() -> None:
    uphill = walk(lambda x: 1e6 * x.sum(1), zeros(5), bound=1.0)
    assert torch.equal(uphill, torch.ones_like(uphill))
    one = walk(lambda x: 1e6 * x.sum(1), zeros(1), steps=1, temperature=0.0, clip=2.0)
    torch.testing.assert_close(one, torch.full_like(one, 2.0))


def test_an_energy_that_is_no_number_makes_no_sample_that_seems_one() -> None:
    assert walk(lambda x: x.sum(1) * torch.nan, zeros(2), steps=2).isnan().all()


def test_chains_carry_no_gradient_and_leave_their_start_alone() -> None:
    start, weight = zeros(4), torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    ends = walk(lambda x: weight * bowl(x), start, steps=3)
    assert not ends.requires_grad
    assert torch.equal(start, zeros(4))
    assert not start.requires_grad
