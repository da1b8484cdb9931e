import numpy as np
import pytest

from ganstudy.metrics import (
    GRID_SIGMA,
    POINTS,
    RING_SIGMA,
    STACKED_SAMPLES,
    grid_centers,
    mode_kl_floor,
    mode_statistics,
    ring_centers,
    stacked_mode_statistics,
)

MIXTURES = [(ring_centers(), RING_SIGMA), (grid_centers(), GRID_SIGMA)]


def draw(centers: np.ndarray, sigma: float, count: int = POINTS, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.permutation(centers[np.arange(count) % len(centers)]) + sigma * rng.normal(
        size=(count, centers.shape[1])
    )


def test_centers_are_those_of_the_paper():
    ring, grid = ring_centers(), grid_centers()
    assert ring.shape == (8, 2)
    np.testing.assert_allclose(np.linalg.norm(ring, axis=1), 1)
    np.testing.assert_allclose(ring[[0, 2]], [[1, 0], [0, 1]], atol=1e-12)
    assert grid.shape == (25, 2)
    assert sorted(set(grid.ravel())) == [-4, -2, 0, 2, 4]


@pytest.mark.parametrize(("centers", "sigma"), MIXTURES)
def test_a_perfect_sampler(centers, sigma):
    found = mode_statistics(draw(centers, sigma, 20_000), centers, sigma)
    assert found.modes_captured == found.modes_captured_strict == len(centers)
    assert found.high_quality == pytest.approx(0.989, abs=0.003)
    assert found.mode_kl < 0.002
    assert found.within_mode_variance == pytest.approx(1, abs=0.03)
    np.testing.assert_allclose(found.shares, 1 / len(centers), rtol=0.1)


def test_missing_modes():
    centers = ring_centers()
    found = mode_statistics(draw(centers[:4], RING_SIGMA), centers, RING_SIGMA)
    assert found.modes_captured == found.modes_captured_strict == 4
    assert found.mode_kl == pytest.approx(np.log(2), abs=0.01)


def test_one_stray_sample_captures_a_mode_only_for_the_papers():
    centers = ring_centers()
    points = np.vstack([draw(centers[:4], RING_SIGMA), centers[5]])
    found = mode_statistics(points, centers, RING_SIGMA)
    assert (found.modes_captured, found.modes_captured_strict) == (5, 4)


def test_collapse_inside_a_mode_shows_in_the_variance_only():
    centers = grid_centers()
    points = centers[np.arange(POINTS) % 25] + 0.5 * GRID_SIGMA
    found = mode_statistics(points, centers, GRID_SIGMA)
    assert found.modes_captured_strict == 25
    assert found.high_quality == 1
    assert found.within_mode_variance == pytest.approx(0, abs=1e-20)
    narrow = mode_statistics(draw(centers, GRID_SIGMA / 2), centers, GRID_SIGMA)
    assert narrow.within_mode_variance == pytest.approx(0.25 / 0.949, rel=0.1)


def test_nothing_near_any_mode_has_values():
    centers = ring_centers()
    found = mode_statistics(np.zeros((100, 2)), centers, RING_SIGMA)
    assert (found.modes_captured, found.modes_captured_strict, found.high_quality) == (0, 0, 0)
    assert found.mode_kl == pytest.approx(np.log(8))
    assert found.within_mode_variance == 0


def test_unequal_weights_are_the_truth_of_the_divergence():
    centers = ring_centers(4)
    weights = np.array([0.7, 0.1, 0.1, 0.1])
    points = centers[np.repeat(np.arange(4), [700, 100, 100, 100])]
    assert mode_statistics(points, centers, 0.01, weights).mode_kl == pytest.approx(0, abs=1e-12)
    assert mode_statistics(points, centers, 0.01).mode_kl > 0.4


def test_order_does_not_matter():
    centers = ring_centers()
    points = draw(centers, RING_SIGMA)
    a, b = (mode_statistics(p, centers, RING_SIGMA) for p in (points, points[::-1]))
    assert a.modes_captured == b.modes_captured
    assert a.within_mode_variance == pytest.approx(b.within_mode_variance)


@pytest.mark.parametrize(
    ("points", "sigma", "message"),
    [
        (np.zeros((5, 2), dtype=int), 0.1, "points must be a float array"),
        (np.zeros((5, 3)), 0.1, "same feature dimension"),
        (np.full((5, 2), np.nan), 0.1, "finite"),
        (np.zeros((0, 2)), 0.1, "at least 1 samples"),
        (np.zeros((5, 2)), 0.0, "sigma must be a number > 0"),
        (np.zeros((5, 2)), np.nan, "sigma must be a number > 0"),
    ],
)
def test_wrong_points_are_refused(points, sigma, message):
    with pytest.raises(ValueError, match=message):
        mode_statistics(points, ring_centers(), sigma)


def test_wrong_weights_are_refused():
    with pytest.raises(ValueError, match="weights must be > 0"):
        mode_statistics(np.zeros((5, 2)), ring_centers(2), 0.1, np.array([1.0, 0.0]))


def test_a_perfect_stacked_sampler_sits_at_the_floor():
    rng = np.random.default_rng(0)
    found = stacked_mode_statistics(rng.integers(0, 10, (STACKED_SAMPLES, 3)))
    assert found.modes_captured == 1000
    assert found.mode_kl_floor == pytest.approx(0.0194, abs=0.0003)
    assert found.mode_kl == pytest.approx(found.mode_kl_floor, rel=0.15)


def test_missing_and_collapsed_stacked_modes():
    rng = np.random.default_rng(0)
    found = stacked_mode_statistics(rng.integers(0, 5, (STACKED_SAMPLES, 3)))
    assert found.modes_captured == 125
    assert found.mode_kl == pytest.approx(3 * np.log(2), abs=0.01)
    one = stacked_mode_statistics(np.full((100, 3), 7))
    assert one.modes_captured == 1
    assert one.mode_kl == pytest.approx(np.log(1000))


def test_the_floor_is_the_mean_over_perfect_samplers():
    rng = np.random.default_rng(0)
    shares = np.array([0.5, 0.3, 0.2])
    truth = np.einsum("i,j,k->ijk", shares, shares, shares).ravel()
    found = [
        stacked_mode_statistics(rng.choice(3, size=(60, 3), p=shares), 3, shares).mode_kl
        for _ in range(300)
    ]
    error = np.std(found) / np.sqrt(len(found))
    assert abs(np.mean(found) - mode_kl_floor(60, truth)) < 4 * error


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.zeros((5, 3)), "integer labels"),
        (np.zeros((5, 2), dtype=int), r"shape \(5, 3\)"),
        (np.zeros((0, 3), dtype=int), "at least 1 sample"),
        (np.full((5, 3), 10), "in 0 … 9; found 10 … 10"),
        (3, "integer labels"),
    ],
)
def test_wrong_stacked_labels_are_refused(labels, message):
    with pytest.raises(ValueError, match=message):
        stacked_mode_statistics(labels)
