"""The penalties on critics whose gradients are known, and the mistakes that others made in them."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ganstudy.objectives.penalties import (
    GRADIENT_PENALTIES,
    PENALTIES,
    between,
    squared_gradient_norms,
)

SHAPE = (2, 3, 4)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def images(count: int, seed: int) -> Tensor:
    return torch.randn(count, *SHAPE, generator=rng(seed), dtype=torch.float64)


def linear(norm: float) -> tuple[Tensor, nn.Module]:
    """A direction of that norm, and the critic <direction, x>."""
    direction = images(1, 99)[0]
    direction = direction * norm / direction.norm()

    class Linear(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return (x * direction).sum((1, 2, 3))

    return direction, Linear()


def half_square(x: Tensor) -> Tensor:
    """½ |x|², whose gradient at x is x."""
    return 0.5 * x.square().sum((1, 2, 3))


def with_norms(*norms: float) -> Tensor:
    """One image for each norm."""
    x = images(len(norms), 5)
    return (
        x / x.flatten(1).norm(dim=1)[:, None, None, None] * torch.tensor(norms)[:, None, None, None]
    )


# Closed forms


@pytest.mark.parametrize("norm", [0.0, 0.3, 1.0, 2.5, 40.0])
def test_a_linear_critic_has_the_norm_of_its_direction_everywhere(norm: float) -> None:
    _, critic = linear(norm)
    real, fake = images(5, 1), images(5, 2)
    values = {name: p(critic, real, fake, rng()).item() for name, p in GRADIENT_PENALTIES.items()}
    assert values == pytest.approx(
        {
            "wgan_gp": (norm - 1) ** 2,
            "wgan_lp": max(0, norm - 1) ** 2,
            "r1": 0.5 * norm**2,
            "r2": 0.5 * norm**2,
            "dragan": (norm - 1) ** 2,
        },
        abs=1e-5,
    )


def test_one_sided_leaves_slopes_below_one_alone_and_two_sided_does_not() -> None:
    weight = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    direction, _ = linear(1.0)

    def critic(x: Tensor) -> Tensor:
        return weight * (x * direction).sum((1, 2, 3))

    one, two = (
        torch.autograd.grad(PENALTIES[name](critic, images(3, 1), images(3, 2), rng()), weight)[0]
        for name in ("wgan_lp", "wgan_gp")
    )
    assert one == 0
    assert two.item() == pytest.approx(2 * (0.7 - 1))


def test_r1_is_taken_at_real_and_r2_at_generated_images() -> None:
    real, fake = with_norms(1.0, 3.0), with_norms(2.0, 6.0)
    assert PENALTIES["r1"](half_square, real, fake, rng()).item() == pytest.approx(
        0.5 * (1 + 9) / 2
    )
    assert PENALTIES["r2"](half_square, real, fake, rng()).item() == pytest.approx(
        0.5 * (4 + 36) / 2
    )


def test_norms_are_of_each_image_not_of_the_batch() -> None:
    x = with_norms(1.0, 3.0, 0.5)  # real = fake: all points between them are they
    found = {name: p(half_square, x, x, rng()).item() for name, p in PENALTIES.items()}
    norms = np.array([1.0, 3.0, 0.5])
    assert found["wgan_gp"] == pytest.approx(((norms - 1) ** 2).mean())
    assert found["wgan_lp"] == pytest.approx((np.maximum(norms - 1, 0) ** 2).mean())
    whole_batch = (np.sqrt((norms**2).sum()) - 1) ** 2
    assert abs(found["wgan_gp"] - whole_batch) > 1


def test_norms_do_not_depend_on_what_else_is_in_the_batch() -> None:
    x = images(6, 3)
    torch.testing.assert_close(
        squared_gradient_norms(half_square, x)[:2], squared_gradient_norms(half_square, x[:2])
    )
    torch.testing.assert_close(squared_gradient_norms(half_square, x), x.square().sum((1, 2, 3)))


# Points between real and generated


def test_each_pair_has_a_position_of_its_own_and_its_pixels_share_it() -> None:
    real, fake = torch.zeros(400, *SHAPE), torch.ones(400, *SHAPE)
    points = between(real, fake, rng()).flatten(1)
    assert torch.equal(points, points[:, :1].expand_as(points))
    positions = points[:, 0]
    assert positions.unique().numel() > 390  # one position for the batch would be one value
    assert positions.min() >= 0
    assert positions.max() <= 1
    assert positions.mean().item() == pytest.approx(0.5, abs=0.06)
    assert positions.var().item() == pytest.approx(1 / 12, abs=0.015)


def test_points_lie_on_the_lines_and_repeat_for_equal_draws() -> None:
    real, fake = images(4, 1), images(4, 2)
    points = between(real, fake, rng(7))
    share = (points - real) / (fake - real)
    torch.testing.assert_close(share, share[:, :1, :1, :1].expand_as(share))
    assert torch.equal(points, between(real, fake, rng(7)))
    assert not torch.equal(points, between(real, fake, rng(8)))


# Gradients in the critic's weights


def test_r1_moves_weights_by_the_formula() -> None:
    weight = images(1, 4)[0].requires_grad_()
    real = images(5, 1)

    def critic(x: Tensor) -> Tensor:  # gradient at x: weight · x, element by element
        return 0.5 * (weight * x.square()).sum((1, 2, 3))

    (found,) = torch.autograd.grad(PENALTIES["r1"](critic, real, images(5, 2), rng()), weight)
    torch.testing.assert_close(found, (weight * real.square().mean(0)).detach())


def test_gradient_penalty_moves_weights_by_the_formula() -> None:
    weight = (2 * images(1, 4)[0]).requires_grad_()

    def critic(x: Tensor) -> Tensor:
        return (weight * x).sum((1, 2, 3))

    value = PENALTIES["wgan_gp"](critic, images(3, 1), images(3, 2), rng())
    (found,) = torch.autograd.grad(value, weight)
    norm = weight.detach().norm()
    torch.testing.assert_close(found, 2 * (norm - 1) * weight.detach() / norm)


@pytest.mark.parametrize("name", sorted(PENALTIES))
def test_the_gradient_in_weights_is_that_of_finite_differences(name: str) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(24, 5), nn.Tanh(), nn.Linear(5, 1)).double()
    with torch.no_grad():
        for index, weight in enumerate(network.parameters()):
            weight.copy_(torch.randn(weight.shape, generator=rng(index), dtype=torch.float64))
    names = [name for name, _ in network.named_parameters()]

    def value(*weights: Tensor) -> Tensor:
        def critic(x: Tensor) -> Tensor:
            parts = dict(zip(names, weights, strict=True))
            return torch.func.functional_call(network, parts, (x,)).squeeze(1)

        return PENALTIES[name](critic, images(3, 1), images(3, 2), rng())

    weights = [weight.detach().clone().requires_grad_() for weight in network.parameters()]
    assert torch.autograd.gradcheck(value, weights, fast_mode=True)
    assert any(w.abs().max() > 1e-6 for w in torch.autograd.grad(value(*weights), weights[:2]))


@pytest.mark.parametrize("name", sorted(PENALTIES))
def test_a_critic_that_is_flat_gives_finite_gradients(name: str) -> None:
    weight = torch.zeros(SHAPE, dtype=torch.float64, requires_grad=True)

    def critic(x: Tensor) -> Tensor:
        return (weight * x).sum((1, 2, 3))

    value = PENALTIES[name](critic, images(3, 1), images(3, 2), rng())
    (found,) = torch.autograd.grad(value, weight)
    assert value.isfinite()
    assert found.isfinite().all()


@pytest.mark.parametrize("name", sorted(PENALTIES))
def test_images_come_back_as_they_were(name: str) -> None:
    real, fake = images(3, 1), images(3, 2)
    before = real.clone(), fake.clone()
    PENALTIES[name](half_square, real, fake, rng())
    for now, then in zip((real, fake), before, strict=True):
        assert torch.equal(now, then)
        assert not now.requires_grad
