"""DRAGAN and the margin by closed forms; every gradient penalty on points, sample by sample."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from ganstudy.objectives.penalties import (
    GRADIENT_PENALTIES,
    PENALTIES,
    Critic,
    squared_gradient_norms,
)

SIZES = [(2,), (3, 4, 5)]  # of a point, of an image
sizes = pytest.mark.parametrize("size", SIZES, ids=str)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=rng(seed), dtype=torch.float64)


def linear(size: tuple[int, ...], norm: float) -> Critic:
    """The critic w·x with |w| = `norm`, for samples of any shape."""
    weight = normal(*size, seed=99)
    weight = norm * weight / weight.norm()
    return lambda x: (x * weight).flatten(1).sum(1)


def square(x: Tensor) -> Tensor:
    """|x|², whose gradient at x is 2x."""
    return x.square().flatten(1).sum(1)


def value(name: str, critic: Critic, real: Tensor, fake: Tensor, seed: int = 0) -> float:
    return PENALTIES[name](critic, real, fake, rng(seed)).item()


def seen(name: str, real: Tensor, fake: Tensor, seed: int = 0) -> Tensor:
    """Where a penalty takes its gradients."""
    places = []

    def critic(x: Tensor) -> Tensor:
        places.append(x.detach().clone())
        return square(x)

    PENALTIES[name](critic, real, fake, rng(seed))
    (found,) = places
    return found


# Points and images, every gradient penalty


@sizes
@pytest.mark.parametrize("norm", [0.0, 0.4, 1.0, 3.0])
def test_a_linear_critic_has_one_slope_wherever_a_penalty_looks(size, norm: float) -> None:
    expected = {
        "wgan_gp": (norm - 1) ** 2,
        "wgan_lp": max(0.0, norm - 1) ** 2,
        "r1": 0.5 * norm**2,
        "r2": 0.5 * norm**2,
        "dragan": (norm - 1) ** 2,
    }
    assert set(expected) == set(GRADIENT_PENALTIES)
    for name, wanted in expected.items():
        for seed in range(3):  # whatever is drawn
            found = value(
                name, linear(size, norm), normal(6, *size), normal(6, *size, seed=1), seed
            )
            assert found == pytest.approx(wanted, abs=3e-6), name


@sizes
def test_squared_norms_of_a_quadratic_critic_are_four_times_those_of_the_samples(size) -> None:
    x = normal(7, *size)
    found = squared_gradient_norms(square, x)
    assert found.shape == (7,)
    torch.testing.assert_close(found, 4 * x.square().flatten(1).sum(1))


def test_r1_and_r2_of_points_are_half_the_mean_squared_slope_on_their_own_side() -> None:
    real = torch.tensor([[1.0, 0.0], [0.0, 2.0]], dtype=torch.float64)  # slopes² 4 and 16
    fake = torch.tensor([[3.0, 4.0], [0.0, 0.0]], dtype=torch.float64)  # slopes² 100 and 0
    assert value("r1", square, real, fake) == pytest.approx(0.5 * (4 + 16) / 2)
    assert value("r2", square, real, fake) == pytest.approx(0.5 * (100 + 0) / 2)


def test_norms_are_of_each_point_not_of_the_batch() -> None:
    x = torch.tensor([[3.0, 4.0], [0.5, 0.0], [0.0, 1.0]], dtype=torch.float64)  # slopes 10, 1, 2
    norms = np.array([10.0, 1.0, 2.0])
    # real = fake, so that the points between them are they
    assert value("wgan_gp", square, x, x) == pytest.approx(((norms - 1) ** 2).mean())
    one_sided = torch.tensor([[0.1, 0.0], [0.0, 2.0]], dtype=torch.float64)  # slopes .2 and 4
    assert value("wgan_lp", square, one_sided, one_sided) == pytest.approx(9 / 2)
    of_the_batch = (np.sqrt((norms**2).sum()) - 1) ** 2
    assert abs(value("wgan_gp", square, x, x) - of_the_batch) > 50


@sizes
@pytest.mark.parametrize("name", ["wgan_gp", "wgan_lp"])
def test_each_pair_draws_a_position_and_all_its_values_share_it(name: str, size) -> None:
    real, fake = torch.zeros(300, *size).double(), torch.ones(300, *size).double()
    positions = seen(name, real, fake).flatten(1)
    assert torch.equal(positions, positions[:, :1].expand_as(positions))
    assert positions[:, 0].unique().numel() == 300  # one epsilon a batch were one value
    assert 0 <= positions.min() < 0.05
    assert 0.95 < positions.max() <= 1


# DRAGAN


@sizes
def test_dragan_looks_at_most_half_a_deviation_above_each_sample(size) -> None:
    real = 3 * normal(200, *size) + 5
    shift = (seen("dragan", real, real) - real) / real.std()
    assert shift.min() >= -1e-12
    assert shift.max() <= 0.5 + 1e-12
    assert shift.max() > 0.4  # and that far indeed
    assert shift.mean().item() == pytest.approx(0.5 / 4, abs=0.02)  # of two uniform factors
    largest = shift.flatten(1).amax(1)
    assert largest.unique().numel() == 200  # every sample has its own


def test_dragan_moves_each_value_of_a_sample_by_itself() -> None:
    real = normal(50, 2)
    shift = seen("dragan", real, real) - real
    assert (shift[:, 0] - shift[:, 1]).abs().min() > 0


def test_dragan_stays_near_real_samples_whatever_is_generated() -> None:
    real = normal(20, 2)
    near, far = (seen("dragan", real, fake, 3) for fake in (real, real + 1000))
    assert torch.equal(near, far)
    assert not torch.equal(near, seen("dragan", real, real, 4))


def test_dragan_of_a_quadratic_critic_is_that_of_where_it_looked() -> None:
    real = normal(9, 2)
    slopes = 2 * seen("dragan", real, real, 5).norm(dim=1)
    expected = ((slopes - 1) ** 2).mean().item()
    assert value("dragan", square, real, real, 5) == pytest.approx(expected, rel=1e-9)


# The margin


def brightness(x: Tensor) -> Tensor:
    """Scores a sample by its mean."""
    return x.flatten(1).mean(1)


def softplus(x: float) -> float:
    return math.log1p(math.exp(x))


@sizes
def test_the_margin_is_the_mean_of_what_each_pair_lacks(size) -> None:
    each = (3, *[1] * len(size))
    real = torch.tensor([1.0, 0.0, 4.0]).double().reshape(each).expand(3, *size)
    fake = torch.tensor([2.0, 0.5, -9.0]).double().reshape(each).expand(3, *size)
    # distance + L(real) - L(fake), L = softplus(-score); the last fake loses by 8.98, not by 13
    lacks = [
        1.0 + softplus(-1.0) - softplus(-2.0),
        0.5 + softplus(0.0) - softplus(-0.5),
        13.0 + softplus(-4.0) - softplus(9.0),
    ]
    assert min(lacks) > 0
    assert value("margin", brightness, real, fake) == pytest.approx(np.mean(lacks), rel=1e-12)


def test_a_generated_sample_that_loses_by_more_than_its_distance_costs_nothing() -> None:
    real = torch.tensor([[1.0, 1.0], [1.0, 1.0]]).double()
    fake = torch.tensor([[0.0, 0.0], [0.5, 0.5]]).double()
    steep = linear((2,), 0.0)
    assert value("margin", steep, real, fake) == pytest.approx((1 + 0.5) / 2)  # D knows nothing
    assert value("margin", lambda x: 40 * (brightness(x) - 0.8), real, fake) == 0


def test_the_margin_does_not_let_one_pair_pay_for_another() -> None:
    real, fake = torch.zeros(2, 2).double(), torch.tensor([[-50.0, -50.0], [1.0, 1.0]]).double()
    # The first fake loses by softplus(200) - softplus(0), far more than 50; the second wins.
    lack = 1 + softplus(0.0) - softplus(-4.0)
    assert value("margin", lambda x: 4 * brightness(x), real, fake) == pytest.approx(lack / 2)


def test_the_margin_raises_real_scores_and_lowers_generated_ones_until_it_holds() -> None:
    real, fake = torch.tensor([[1.0, 0.0]]).double(), torch.tensor([[0.0, 1.0]]).double()
    weight = torch.zeros(2, dtype=torch.float64, requires_grad=True)  # scores of real and of fake
    found = PENALTIES["margin"](lambda x: x @ weight, real, fake, rng())
    (slope,) = torch.autograd.grad(found, weight)
    np.testing.assert_allclose(slope.numpy(), [-0.5, 0.5], atol=1e-12)  # ∓ sigmoid(-0)
    enough = torch.tensor([3.0, -3.0], dtype=torch.float64, requires_grad=True)
    held = PENALTIES["margin"](lambda x: x @ enough, real, fake, rng())
    (slope,) = torch.autograd.grad(held, enough)
    assert held == 0
    assert not slope.any()


def test_the_margin_draws_nothing_and_is_no_gradient_penalty() -> None:
    real, fake = normal(4, 2), normal(4, 2, seed=1)
    assert value("margin", square, real, fake, 0) == value("margin", square, real, fake, 1)
    assert "margin" not in GRADIENT_PENALTIES
