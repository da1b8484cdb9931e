"""The terms of the evidence lower bound against torch.distributions."""

import pytest
import torch
from torch import Tensor
from torch.distributions import Independent, Normal, kl_divergence

from ganstudy.objectives.reconstruction import gaussian_kl, gaussian_nll, reparameterize


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_kl_is_that_of_torch_distributions() -> None:
    mean, log_variance = draw(7, 5), 0.5 * draw(7, 5, seed=1)
    posterior = Independent(Normal(mean, (0.5 * log_variance).exp()), 1)
    prior = Independent(Normal(torch.zeros_like(mean), torch.ones_like(mean)), 1)
    expected = kl_divergence(posterior, prior).mean()
    torch.testing.assert_close(gaussian_kl(mean, log_variance), expected)


def test_kl_is_zero_at_the_prior_and_sums_over_the_code() -> None:
    zero = torch.zeros(3, 5)
    assert gaussian_kl(zero, zero) == 0
    assert gaussian_kl(zero + 1, zero).item() == pytest.approx(2.5)


def test_nll_is_that_of_a_gaussian_with_the_best_variance() -> None:
    images, found = draw(4, 1, 3, 3), draw(4, 1, 3, 3, seed=1)
    deviation = (images - found).square().mean().sqrt()

    def nll(scale: Tensor) -> float:
        return -Normal(found, scale).log_prob(images).sum((1, 2, 3)).mean().item()

    value = gaussian_nll(images, found).item()
    assert value == pytest.approx(nll(deviation))
    assert value < min(nll(deviation * 0.9), nll(deviation * 1.1))


def test_nll_has_the_gradient_of_a_gaussian_whose_variance_stands_still() -> None:
    # At its optimum the variance's own slope is zero, so only the squared error pulls.
    images, found = draw(4, 1, 3, 3), draw(4, 1, 3, 3, seed=1).requires_grad_()
    (slope,) = torch.autograd.grad(gaussian_nll(images, found), found)
    variance = (images - found).detach().square().mean()
    torch.testing.assert_close(slope, (found.detach() - images) / variance / len(images))


def test_a_perfect_reconstruction_is_finite() -> None:
    images = draw(2, 1, 3, 3)
    found = images.clone().requires_grad_()
    value = gaussian_nll(images, found)
    assert value.isfinite()
    assert torch.autograd.grad(value, found)[0].isfinite().all()


def test_codes_are_drawn_from_the_posterior_and_repeat() -> None:
    mean, log_variance = torch.full((20_000, 1), 2.0), torch.full((20_000, 1), -1.0)
    z = reparameterize(mean, log_variance, torch.Generator().manual_seed(0))
    assert z.mean().item() == pytest.approx(2, abs=0.02)
    assert z.var().log().item() == pytest.approx(-1, abs=0.05)
    assert torch.equal(z, reparameterize(mean, log_variance, torch.Generator().manual_seed(0)))


def test_codes_pass_gradients_to_mean_and_variance() -> None:
    mean, log_variance = draw(3, 2).requires_grad_(), draw(3, 2, seed=1).requires_grad_()
    z = reparameterize(mean, log_variance, torch.Generator().manual_seed(0))
    by_mean, by_variance = torch.autograd.grad(z.sum(), (mean, log_variance))
    assert torch.equal(by_mean, torch.ones_like(mean))
    torch.testing.assert_close(by_variance, (0.5 * (z - mean)).detach())  # ½ σ ε
