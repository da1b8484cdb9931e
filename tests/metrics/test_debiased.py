"""The debiased Fréchet distance, its interval and its unit, on features whose truth is known."""

from collections.abc import Callable

import numpy as np
import pytest

from ganstudy.metrics import (
    FrechetReference,
    debiased_frechet_distance,
    frechet_distance,
    frechet_estimate,
    frechet_floors,
    frechet_interval,
)

Pair = tuple[np.ndarray, np.ndarray]
REPEATS = 40


def normal(seed: int, n: int, d: int) -> Pair:
    """Two sets of one law, N(0, I)."""
    rng = np.random.default_rng((seed, n, d))
    return rng.normal(size=(n, d)), rng.normal(size=(n, d))


def apart(seed: int, n: int, d: int) -> Pair:
    """Gaussians of other means and spreads; see `truth_apart`."""
    x, y = normal(seed, n, d)
    return x * np.linspace(0.5, 1.5, d), y * np.linspace(0.6, 1.4, d) + 0.1


def truth_apart(d: int) -> float:
    return d * 0.01 + float(np.sum((np.linspace(0.5, 1.5, d) - np.linspace(0.6, 1.4, d)) ** 2))


def decaying(seed: int, n: int, d: int) -> Pair:
    """One law whose k-th feature has a standard deviation of 1/k: few directions matter."""
    x, y = normal(seed, n, d)
    return x / np.arange(1, d + 1), y / np.arange(1, d + 1)


def rectified(seed: int, n: int, d: int) -> Pair:
    """One law of skewed, correlated, often dead features, as a network's last layer gives."""
    mixing = np.random.default_rng(d).normal(size=(d, d)) / np.sqrt(d)
    x, y = (np.maximum(side @ mixing - 0.2, 0) for side in normal(seed, n, d))
    return np.hstack([x, np.zeros((n, 1))]), np.hstack([y, np.zeros((n, 1))])


# Debiased


def test_debiasing_removes_the_bias_of_few_samples() -> None:
    pairs = [normal(seed, 640, 128) for seed in range(6)]
    plain = [frechet_distance(x, y) for x, y in pairs]
    debiased = [debiased_frechet_distance(x, y, seed) for seed, (x, y) in enumerate(pairs)]
    assert np.mean(plain) > 12
    assert abs(np.mean(debiased)) < 0.3
    x, y = pairs[0]
    assert debiased_frechet_distance(x, y, 3) == debiased_frechet_distance(x, y, 3)
    assert debiased_frechet_distance(x, y, 3) != debiased_frechet_distance(x, y, 4)


def test_the_interval_is_about_the_debiased_distance_and_the_estimate_is_both() -> None:
    x, y = apart(0, 400, 12)
    low, high = frechet_interval(x, y, seed=5)
    debiased = debiased_frechet_distance(x, y, 5)
    assert (low + high) / 2 == pytest.approx(debiased)
    found = frechet_estimate(x, y, seed=5)
    assert (found.distance, found.low, found.high) == (debiased, low, high)


# Coverage


@pytest.mark.parametrize(
    ("draw", "n", "d", "truth"),
    [
        (normal, 640, 128, 0.0),
        (normal, 60, 8, 0.0),
        (normal, 100, 1, 0.0),
        (apart, 320, 64, truth_apart(64)),
        (apart, 2000, 16, truth_apart(16)),
        (decaying, 320, 64, 0.0),
        (rectified, 320, 32, 0.0),
    ],
)
def test_an_interval_of_95_percent_holds_the_truth(
    draw: Callable[[int, int, int], Pair], n: int, d: int, truth: float
) -> None:
    held = 0
    for seed in range(REPEATS):
        x, y = draw(seed, n, d)
        low, high = frechet_interval(x, y, seed=seed)
        held += low <= truth <= high
    assert held >= 0.9 * REPEATS


def test_a_percentile_bootstrap_of_the_distance_would_fail_that() -> None:
    held = 0
    for seed in range(10):
        x, y = normal(seed, 300, 8)
        rng = np.random.default_rng(seed)
        draws = [
            frechet_distance(x[rng.integers(0, 300, 300)], y[rng.integers(0, 300, 300)])
            for _ in range(60)
        ]
        low, high = np.quantile(draws, [0.025, 0.975])
        held += low <= 0 <= high
    assert held == 0


def test_it_is_not_wider_than_it_has_to_be() -> None:
    found = [frechet_interval(*apart(seed, 1500, 24), seed=seed) for seed in range(30)]
    spread = np.std([(low + high) / 2 for low, high in found], ddof=1)
    half = np.mean([(high - low) / 2 for low, high in found])
    assert 1.2 < half / spread < 4  # 1.96 if all were known; 30 repeats tell `spread` to 13 %


# Invariances


def test_rotation_and_translation_change_no_interval_and_scale_squares_it() -> None:
    x, y = apart(0, 300, 6)
    rotation, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(6, 6)))
    interval = np.array(frechet_interval(x, y))
    turned = frechet_interval(x @ rotation + 3, y @ rotation + 3)
    np.testing.assert_allclose(turned, interval, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(frechet_interval(5 * x, 5 * y), 25 * interval, rtol=1e-8)


def test_a_level_of_more_is_wider_and_a_known_reference_narrower() -> None:
    x, y = apart(0, 400, 6)
    narrow, wide = frechet_interval(x, y, level=0.5), frechet_interval(x, y, level=0.99)
    assert wide[0] < narrow[0] < narrow[1] < wide[1]
    spreads = np.linspace(0.6, 1.4, 6)
    known = FrechetReference(np.full(6, 0.1), np.diag(spreads), 10**9)
    low, high = frechet_interval(x, known)
    assert low <= truth_apart(6) <= high
    both = frechet_interval(x, y)
    assert high - low < both[1] - both[0]


def test_constant_sets_are_known_exactly() -> None:
    ones = np.ones((10, 4))
    assert frechet_interval(ones, ones) == (0, 0)
    assert frechet_interval(ones, 3 * ones) == (16, 16)


# Its own unit


def test_the_relative_distance_is_one_number_at_every_n_where_floors_differ_sixteenfold() -> None:
    d = 16
    truth = truth_apart(d) / float(np.sum(np.linspace(0.6, 1.4, d) ** 2))
    in_floors = {}
    for n in (1000, 4000, 16_000):
        pairs = [apart(seed, n, d) for seed in range(16_000 // n)]
        found = [frechet_estimate(x, y).relative for x, y in pairs]
        assert np.mean(found) == pytest.approx(truth, rel=0.25)
        x, y = pairs[0]
        floor = frechet_floors([apart(1, n, d)[1], apart(2, n, d)[1]], n, splits=3).mean()
        in_floors[n] = frechet_distance(x, y) / floor
    assert in_floors[16_000] > 5 * in_floors[1000]


def test_one_constant_image_at_the_real_mean_is_at_one() -> None:
    d, spreads = 8, np.linspace(0.6, 1.4, 8)
    known = FrechetReference(np.full(d, 0.1), np.diag(spreads), 10**9)
    constant = np.full((100, d), 0.1)
    found = frechet_estimate(constant, known)
    assert found.relative == found.relative_low == found.relative_high == pytest.approx(1)
    _, real = apart(0, 500, d)
    assert frechet_distance(np.tile(real.mean(axis=0), (9, 1)), real) == pytest.approx(
        np.trace(np.cov(real, rowvar=False))
    )
    assert frechet_estimate(constant, real).relative == pytest.approx(1, abs=0.01)


def test_the_unit_is_that_of_the_features() -> None:
    x, y = apart(0, 300, 6)
    one, other = frechet_estimate(x, y), frechet_estimate(7 * x - 2, 7 * y - 2)
    for name in ("relative", "relative_low", "relative_high"):
        assert getattr(other, name) == pytest.approx(getattr(one, name), rel=1e-8)
    assert other.distance == pytest.approx(49 * one.distance, rel=1e-8)


def test_the_interval_of_the_relative_distance_holds_the_truth() -> None:
    d = 16
    truth = truth_apart(d) / float(np.sum(np.linspace(0.6, 1.4, d) ** 2))
    found = [frechet_estimate(*apart(seed, 320, d), seed=seed) for seed in range(REPEATS)]
    assert sum(f.relative_low <= truth <= f.relative_high for f in found) >= 0.9 * REPEATS


# Floor


def test_the_floor_is_what_fresh_samples_of_the_same_law_score() -> None:
    fresh = [frechet_distance(*normal(seed, 200, 8)) for seed in range(20)]
    pool = normal(99, 700, 8)
    floors = frechet_floors(pool, 200)
    assert floors.shape == (20,)
    assert floors.mean() == pytest.approx(np.mean(fresh), rel=0.2)
    assert frechet_floors(pool, 200, seed=1).tolist() != floors.tolist()
    np.testing.assert_array_equal(frechet_floors(pool, 200), floors)
    # Parts are one pool: where they are cut changes no law, and both sides draw from all of it.
    far = frechet_floors([pool[0], pool[1] + 100], 200)
    assert far.mean() < 0.1 * 8 * 100**2


# Refusals


def test_too_few_samples_to_know_the_bias_are_refused_by_number() -> None:
    x, y = normal(0, 100, 128)
    message = r"x needs at least 258 samples, 2 \(d \+ 1\) of d = 128 features.*it has 100"
    for estimate in (debiased_frechet_distance, frechet_interval, frechet_estimate):
        with pytest.raises(ValueError, match=message):
            estimate(x, y)
    with pytest.raises(ValueError, match="y needs at least 6 samples"):
        debiased_frechet_distance(x[:, :2], y[:5, :2])
    frechet_interval(*normal(0, 258, 128))  # and that number is enough


def test_wrong_options_are_refused() -> None:
    x, _ = normal(0, 20, 2)
    with pytest.raises(ValueError, match="level must be between 0 and 1; it is 95"):
        frechet_interval(x, x, level=95)
    with pytest.raises(ValueError, match="same feature dimension"):
        frechet_interval(x, FrechetReference.of(np.eye(3)))
    with pytest.raises(ValueError, match="y must not be constant"):
        frechet_estimate(x, np.ones_like(x))
    with pytest.raises(ValueError, match="two sets of 11 real samples need 22; there are 20"):
        frechet_floors([x], 11)
