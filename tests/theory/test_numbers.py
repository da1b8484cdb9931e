"""Games whose answer is known: that it comes out, and that a planted mistake does not give it."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import norm, wasserstein_distance

from ganstudy.fingerprints.values import in_float64
from ganstudy.models.adversary import Adversary
from ganstudy.networks import discriminator_spec
from ganstudy.params import LossParams
from ganstudy.theory import games, optimal, parallel
from ganstudy.theory.line import Line
from ganstudy.theory.recording import GRID, PARTNERS, SHOWN, Recorder
from theory.small import committed

P = Line((-1.0, 2.0), (0.5, 1.0), (0.25, 0.75))
ADAM = {"learning_rate": 0.002, "betas": [0.0, 0.99]}


# The line


def test_density_and_quantiles_belong_together() -> None:
    x = np.linspace(-8, 10, 40_001)
    below = np.cumsum(P.density(x)) * (x[1] - x[0])
    assert below[-1] == pytest.approx(1, abs=1e-6)
    for level in (0.01, 0.2, 0.5, 0.9):
        (place,) = P.quantiles(np.array([level]))
        assert np.interp(place, x, below) == pytest.approx(level, abs=1e-3)
    one = Line((0.5,), (2.0,), (1.0,))
    assert one.density(np.array([1.5]))[0] == pytest.approx(norm.pdf(1.5, 0.5, 2))


def test_w1_is_the_shift_of_shifted_samples_and_scipys_distance() -> None:
    levels = (np.arange(2000) + 0.5) / 2000
    assert P.w1(P.quantiles(levels) + 0.3) == pytest.approx(0.3, abs=1e-4)
    assert P.w1(P.quantiles(levels)) == pytest.approx(0, abs=1e-9)
    draws, others = (P.draw(20_000, seed, "points")[:, 0] for seed in (0, 1))
    assert P.w1(others - 1) == pytest.approx(wasserstein_distance(draws, others - 1), abs=0.05)
    assert abs((draws < 0).mean() - (0.25 * norm.cdf(2) + 0.75 * norm.cdf(-2))) < 0.01


# Two parallel lines


@pytest.fixture(scope="module")
def told() -> dict:
    """What the study's own D and critic make of lines half a unit apart."""
    return parallel.told(committed().parallel, 0.5, 5)


def test_the_divergence_of_parallel_lines_is_log_2_and_an_early_d_does_not_see_it(told) -> None:
    assert abs(told["js"] - math.log(2)) < 0.001
    assert abs(told["slope"]) < 0.05
    assert abs(told["js_planted"] - math.log(2)) > 0.05
    assert abs(told["slope_planted"]) > 0.05


def test_the_critic_tells_the_distance_and_one_without_penalty_anything(told) -> None:
    # The best slope s under E max(0, s - 1)² of weight λ is 1 + θ / 2λ, so that W = θ + θ² / 2λ.
    weight = committed().parallel.critic.penalties["wgan_lp"].weight
    assert told["w"] == pytest.approx(0.5 + 0.25 / (2 * weight), abs=0.02)
    assert told["slope_w"] == pytest.approx(1 + 0.5 / (2 * weight), abs=0.05)
    assert abs(told["w_planted"] - 0.5) > 1


def test_lines_that_are_one_have_no_divergence() -> None:
    short = committed().parallel.discriminator.model_copy(update={"rounds": 100})
    real, fake = parallel.lines(0.0, 5000, 0)
    from ganstudy.theory.frozen import trained

    assert abs(parallel.jensen_shannon(trained(short, real, fake, 0), real, fake)) < 0.01
    assert real.shape == (5000, 2)
    assert not np.array_equal(real[:, 1], fake[:, 1])
    assert set(fake[:, 0]) == {0.0}


# The best D


def test_the_best_d_of_two_gaussians_is_the_sigmoid_of_a_line() -> None:
    p, q = Line((1.0,), (1.0,), (1.0,)), Line((-1.0,), (1.0,), (1.0,))
    np.testing.assert_allclose(optimal.best(p, q), 1 / (1 + np.exp(-2 * GRID)), atol=1e-12)
    np.testing.assert_allclose(optimal.best(p, p), 0.5)
    assert not optimal.support(p, q)[0]


def test_d_finds_the_best_d_and_one_that_is_asked_early_has_not() -> None:
    found, frames = optimal.play(committed(), 5)
    assert found["error"] <= 0.03
    assert found["error_planted"] > 0.03
    assert np.ptp(frames.w1) == 0  # G holds still
    assert np.ptp(frames.points, axis=0).max() == 0
    assert np.isnan(frames.losses[:, 1]).all()


# The whole game


def test_a_d_that_says_one_half_proves_nothing_and_a_fresh_one_tells() -> None:
    params = committed()
    short = params.games.model_copy(update={"rounds": 60, "batch": 64})
    planted = params.games.planted
    told, frames = games.play(
        params.model_copy(update={"games": short}), planted.loss, planted.recipe, 5
    )
    assert told["reading"] < 0.05
    assert told["w1"] > 0.5
    assert told["fresh"] > 0.3
    assert frames.w1[-1] == pytest.approx(told["w1"], abs=0.05)
    assert frames.density[-1].sum() * (8 / 60) == pytest.approx(1, abs=0.01)


def test_a_game_that_diverges_is_told_of_and_its_frames_stay() -> None:
    params = committed()
    wild = LossParams.model_validate(
        {
            "generator": {"learning_rate": 1.0, "betas": (0.0, 0.9)},
            "discriminator": {"learning_rate": 1.0, "betas": (0.0, 0.9)},
        }
    )
    short = params.games.model_copy(update={"rounds": 60, "batch": 16, "lr_decay": 0.0})
    told, frames = games.play(params.model_copy(update={"games": short}), "wgan", wild, 0)
    assert "diverged" in told["failure"]
    assert 0 < len(frames.rounds) == len(frames.points) < 60


# Arrows


def adversary(loss: str) -> Adversary:
    recipe = LossParams.model_validate_json(
        f'{{"generator": {{"learning_rate": 0.1, "betas": [0, 0.9]}},'
        f'"discriminator": {{"learning_rate": 0.1, "betas": [0, 0.9]}},'
        f'"penalties": {{"{"margin" if loss == "loss_sensitive" else "r1"}": {{"weight": 1}}}}}}'
    )
    return Adversary(discriminator_spec("mlp", (1,), 1.0, 16, "none", 0), loss, recipe, [], 3)


@pytest.mark.parametrize("loss", ["minimax", "wgan", "lsgan", "r3gan"])
def test_an_arrow_is_minus_the_slope_of_gs_loss_in_its_sample(loss: str) -> None:
    with in_float64():
        judge = adversary(loss)
        recorder = Recorder(P, judge, lambda _, z: 2 * z, 0)
        recorder.picture({})
        rows = [{"round": 1.0, "images": 1.0}]
        frames = recorder.recording(rows, rows)
        points = 2 * torch.from_numpy(norm.ppf((np.arange(SHOWN) + 0.5) / SHOWN))
        real = torch.from_numpy(P.quantiles((np.arange(PARTNERS) + 0.5) / PARTNERS))[:, None]
        assert frames.points[0] == pytest.approx(points.numpy(), rel=1e-6)

        def value(x: float) -> float:  # of one sample against every real one
            fake = torch.full((PARTNERS, 1), x)
            one = judge.generator_terms(real, fake, None)["loss"]  # no augmentation: no draws
            return one.item()

        for index in (0, 9, 20, 32):
            x, step = points[index].item(), 1e-6
            slope = (value(x + step) - value(x - step)) / (2 * step)
            assert frames.arrows[0, index] == pytest.approx(-slope, abs=1e-6)
