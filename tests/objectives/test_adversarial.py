"""The losses against the papers: values at the optimum, gradients by hand, and extremes."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import wasserstein_distance
from torch import Tensor

from ganstudy.objectives.adversarial import LOSSES, Scores

GAMES = list(LOSSES)
counts = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=2, max_size=7)


def gradients(scores: Scores, real: Tensor, fake: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """The loss's gradients in real and in fake scores; zeros where it does not read them."""
    real, fake = real.clone().requires_grad_(), fake.clone().requires_grad_()
    found = torch.autograd.grad(scores(real, fake), (real, fake), materialize_grads=True)
    return found[0].numpy(), found[1].numpy()


def populations(pairs: list[tuple[int, int]]) -> tuple[Tensor, Tensor, np.ndarray, np.ndarray]:
    """Points as indices, repeated as often as they occur: real, fake, and their shares p, q."""
    p, q = np.array(pairs).T
    places = torch.arange(len(pairs))
    real, fake = (places.repeat_interleave(torch.from_numpy(n.copy())) for n in (p, q))
    return real, fake, p / p.sum(), q / q.sum()


# Values at the optimum


@settings(deadline=None, max_examples=30)
@given(counts)
def test_minimax_value_at_the_optimal_d_is_minus_log_4_plus_2_jsd(pairs) -> None:
    real, fake, p, q = populations(pairs)
    best = torch.from_numpy(np.log(p / q)).requires_grad_()  # sigmoid(best) = p / (p + q)
    loss = LOSSES["minimax"].discriminator(best[real], best[fake])
    assert -loss.item() == pytest.approx(-math.log(4) + 2 * jensenshannon(p, q) ** 2, abs=1e-9)
    (slope,) = torch.autograd.grad(loss, best)
    assert slope.abs().max() < 1e-12


@settings(deadline=None, max_examples=30)
@given(counts)
def test_least_squares_value_at_the_optimal_d_is_half_the_harmonic_overlap(pairs) -> None:
    real, fake, p, q = populations(pairs)
    best = torch.from_numpy(p / (p + q)).requires_grad_()  # Mao et al. 2017, eq. 5 with a=0, b=1
    loss = LOSSES["lsgan"].discriminator(best[real], best[fake])
    assert loss.item() == pytest.approx(0.5 * (p * q / (p + q)).sum(), abs=1e-12)
    (slope,) = torch.autograd.grad(loss, best)
    assert slope.abs().max() < 1e-12


@settings(deadline=None, max_examples=30)
@given(counts)
def test_hinge_value_at_its_optimal_d_is_twice_the_shared_mass(pairs) -> None:
    real, fake, p, q = populations(pairs)
    best = torch.from_numpy(np.where(p > q, 1.0, -1.0))
    loss = LOSSES["hinge"].discriminator(best[real], best[fake])
    assert loss.item() == pytest.approx(2 * np.minimum(p, q).sum(), abs=1e-12)


@pytest.mark.parametrize("name", ["wgan", "wgan_gp"])
def test_wasserstein_is_the_mean_difference_and_w1_at_its_optimal_critic(name: str) -> None:
    real = torch.randn(50, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    fake = real * 1.0 - 2.5  # f(x) = x is an optimal 1-Lipschitz critic of a shift
    loss = LOSSES[name].discriminator(real, fake).item()
    assert -loss == pytest.approx((real.mean() - fake.mean()).item())
    assert -loss == pytest.approx(wasserstein_distance(real.numpy(), fake.numpy()))


def test_a_d_that_knows_nothing_costs_the_textbook_constants() -> None:
    zero = torch.zeros(4)
    expected = {
        "minimax": (2 * math.log(2), -math.log(2)),
        "non_saturating": (2 * math.log(2), math.log(2)),
        "wgan": (0, 0),
        "wgan_gp": (0, 0),
        "dragan": (2 * math.log(2), math.log(2)),
        "lsgan": (0.5, 0.5),
        "hinge": (2, 0),
        "loss_sensitive": (math.log(2), math.log(2)),
        "relativistic": (math.log(2), math.log(2)),
        "r3gan": (math.log(2), math.log(2)),
    }
    for name, loss in LOSSES.items():
        found = (loss.discriminator(zero, zero).item(), loss.generator(zero, zero).item())
        assert found == pytest.approx(expected[name]), name


# Gradients by hand


def sigma(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


Pair = tuple[np.ndarray, np.ndarray]
Formula = Callable[[np.ndarray, np.ndarray], Pair]
ZERO = np.zeros(6)
ONE = np.ones(6)
NON_SATURATING: tuple[Formula, Formula] = (
    lambda r, f: (-sigma(-r), sigma(f)),
    lambda r, f: (ZERO, -sigma(-f)),
)
RELATIVISTIC: tuple[Formula, Formula] = (
    lambda r, f: (-sigma(f - r), sigma(f - r)),
    lambda r, f: (sigma(r - f), -sigma(r - f)),
)
# What each mean's summand has as slope in (real, fake): the discriminator's, then the generator's.
BY_HAND: dict[str, tuple[Formula, Formula]] = {
    "minimax": (lambda r, f: (-sigma(-r), sigma(f)), lambda r, f: (ZERO, -sigma(f))),
    "non_saturating": NON_SATURATING,
    "dragan": NON_SATURATING,
    "wgan": (lambda r, f: (-ONE, ONE), lambda r, f: (ZERO, -ONE)),
    "wgan_gp": (lambda r, f: (-ONE, ONE), lambda r, f: (ZERO, -ONE)),
    "lsgan": (lambda r, f: (r - 1, f), lambda r, f: (ZERO, f - 1)),
    "hinge": (lambda r, f: (-1.0 * (r < 1), 1.0 * (f > -1)), lambda r, f: (ZERO, -ONE)),
    "loss_sensitive": (lambda r, f: (-sigma(-r), ZERO), lambda r, f: (ZERO, -sigma(-f))),
    "relativistic": RELATIVISTIC,
    "r3gan": RELATIVISTIC,
}


def test_every_loss_has_its_gradients_written_down_here() -> None:
    assert set(BY_HAND) == set(LOSSES)


@pytest.mark.parametrize("name", GAMES)
def test_gradients_are_those_of_the_paper(name: str) -> None:
    real = torch.tensor([-3.0, -0.4, 0.2, 0.9, 1.7, 4.0], dtype=torch.float64)
    fake = torch.tensor([2.5, -1.3, 0.6, -0.2, 3.1, -4.4], dtype=torch.float64)
    loss = LOSSES[name]
    for scores, by_hand in zip((loss.discriminator, loss.generator), BY_HAND[name], strict=True):
        for found, slope in zip(
            gradients(scores, real, fake), by_hand(real.numpy(), fake.numpy()), strict=True
        ):
            np.testing.assert_allclose(found, slope / len(real), atol=1e-12)


@pytest.mark.parametrize("name", GAMES)
def test_a_generator_reads_real_scores_only_if_it_says_so(name: str) -> None:
    # The model gives a loss that is not relativistic the generated scores twice.
    real, fake = torch.linspace(-2, 3, 6), torch.linspace(1, -1, 6)
    moved = LOSSES[name].generator(real + 0.5 * real.square(), fake)
    reads = not torch.equal(moved, LOSSES[name].generator(real, fake))
    assert reads == LOSSES[name].relativistic


@pytest.mark.parametrize("name", GAMES)
def test_losses_are_pure_scalars(name: str) -> None:
    real, fake = torch.linspace(-2, 3, 6), torch.linspace(1, -1, 6)
    before = real.clone(), fake.clone()
    for scores in (LOSSES[name].discriminator, LOSSES[name].generator):
        leaves = real.clone().requires_grad_(), fake.clone().requires_grad_()
        value = scores(*leaves)
        assert value.shape == ()
        assert value.requires_grad
        assert all(leaf.grad is None for leaf in leaves)  # nobody called backward
        assert torch.equal(value, scores(real, fake))
    assert torch.equal(real, before[0])
    assert torch.equal(fake, before[1])


# Where D is sure


def test_minimax_saturates_where_d_is_sure_and_non_saturating_does_not() -> None:
    real, fake = torch.full((4,), 30.0), torch.full((4,), -30.0)
    _, saturated = gradients(LOSSES["minimax"].generator, real, fake)
    _, alive = gradients(LOSSES["non_saturating"].generator, real, fake)
    assert np.abs(saturated * 4).max() < 1e-12
    np.testing.assert_allclose(alive * 4, -1, atol=1e-6)
    # and the other way about where G fools D completely
    _, saturated = gradients(LOSSES["minimax"].generator, real, -fake)
    np.testing.assert_allclose(saturated * 4, -1, atol=1e-6)


def test_minimax_is_exactly_minus_the_half_of_ds_loss_that_g_can_move() -> None:
    real, fake = torch.linspace(-2, 3, 5), torch.linspace(1, -1, 5)
    zero_sum = LOSSES["minimax"].generator(real, fake) + LOSSES["minimax"].discriminator(real, fake)
    alone = LOSSES["minimax"].discriminator(real, torch.full((5,), -200.0))
    assert zero_sum.item() == pytest.approx(alone.item(), abs=1e-6)


@pytest.mark.parametrize("name", GAMES)
@pytest.mark.parametrize("real_score", [-200.0, 200.0])
@pytest.mark.parametrize("fake_score", [-200.0, 200.0])
def test_values_and_gradients_are_finite_at_any_logit(name, real_score, fake_score) -> None:
    real, fake = torch.full((3,), real_score), torch.full((3,), fake_score)
    for scores in (LOSSES[name].discriminator, LOSSES[name].generator):
        assert scores(real, fake).isfinite()
        for slope in gradients(scores, real, fake):
            assert np.isfinite(slope).all()


def test_cross_entropy_is_linear_at_200_not_clipped() -> None:
    # log(sigmoid(x) + ε), as many codebases have it, stops at -log ε and loses its gradient.
    real, fake = torch.full((2,), -200.0), torch.full((2,), 200.0)
    assert LOSSES["minimax"].discriminator(real, fake).item() == pytest.approx(400)
    _, slope = gradients(LOSSES["non_saturating"].generator, real, -fake)
    np.testing.assert_allclose(slope * 2, -1)


def test_least_squares_works_on_raw_scores_not_on_probabilities() -> None:
    far = torch.full((3,), 5.0)
    real_slope, fake_slope = gradients(LOSSES["lsgan"].discriminator, far, far)
    np.testing.assert_allclose(real_slope * 3, 4)  # a sigmoid in between would give about .00004
    np.testing.assert_allclose(fake_slope * 3, 5)
    one, zero = torch.ones(3), torch.zeros(3)
    assert LOSSES["lsgan"].discriminator(one, zero) == 0
    assert LOSSES["lsgan"].generator(zero, one) == 0


def test_hinge_stops_at_its_margins() -> None:
    assert LOSSES["hinge"].discriminator(torch.full((3,), 1.5), torch.full((3,), -1.5)) == 0
    for slope in gradients(
        LOSSES["hinge"].discriminator, torch.full((3,), 1.5), torch.full((3,), -1.5)
    ):
        assert not slope.any()


# Relativistic


def test_relativistic_reads_only_the_difference_of_a_pair() -> None:
    loss = LOSSES["relativistic"]
    real, fake = torch.linspace(-2, 3, 6).double(), torch.linspace(1, -1, 6).double()
    shift = torch.linspace(-50, 50, 6).double()  # another constant for each pair
    for scores in (loss.discriminator, loss.generator):
        assert scores(real + shift, fake + shift).item() == pytest.approx(scores(real, fake).item())
        by_real, by_fake = gradients(scores, real, fake)
        np.testing.assert_array_equal(by_real, -by_fake)


def test_relativistic_generator_is_the_discriminator_with_the_roles_swapped() -> None:
    loss = LOSSES["relativistic"]
    real, fake = torch.linspace(-2, 3, 6), torch.linspace(1, -1, 6)
    assert torch.equal(loss.generator(real, fake), loss.discriminator(fake, real))
    assert loss.generator(real, fake) != loss.discriminator(real, fake)
    expected = np.log1p(np.exp((real - fake).numpy().astype(float))).mean()
    assert loss.generator(real, fake).item() == pytest.approx(expected, rel=1e-6)
    # G wins when its scores are the higher ones, and only then
    assert loss.generator(real, real + 20) < 1e-6 < loss.generator(real, real - 20)
