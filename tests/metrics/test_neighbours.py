import contextlib
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prdc import compute_prdc
from scipy.spatial.distance import cdist

from ganstudy.metrics import (
    expected_coverage,
    nearest_neighbours,
    neighbour_radii,
    neighbours,
    precision_recall_density_coverage,
)


def column(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)[:, None]


def fields(result) -> list[float]:
    return [result.precision, result.recall, result.density, result.coverage]


def test_the_tiny_example():
    found = precision_recall_density_coverage(column(0, 1, 3), column(0.4, 10, 11), k=1)
    assert fields(found) == pytest.approx([1 / 3, 1, 2 / 3, 2 / 3], abs=1e-15)


@pytest.mark.parametrize(("n", "m", "d", "k"), [(200, 150, 8, 5), (60, 200, 3, 1), (90, 90, 40, 3)])
def test_parity_with_prdc(n, m, d, k):
    rng = np.random.default_rng(n)
    real, fake = rng.normal(size=(n, d)), 0.9 * rng.normal(size=(m, d)) + 0.1
    with contextlib.redirect_stdout(io.StringIO()):
        theirs = compute_prdc(real, fake, nearest_k=k)
    ours = precision_recall_density_coverage(real, fake, k)
    for name, value in theirs.items():
        assert getattr(ours, name) == pytest.approx(value, abs=1e-12)


def test_equal_distributions_give_the_known_expectations():
    n, k, repeats = 60, 3, 100
    rng = np.random.default_rng(0)
    found = [
        precision_recall_density_coverage(*rng.normal(size=(2, n, 4)), k=k) for _ in range(repeats)
    ]
    density, coverage = [[getattr(f, name) for f in found] for name in ("density", "coverage")]
    i = np.arange(1, k + 1)
    truth = 1 - np.prod((n - i) / (2 * n - i))
    assert expected_coverage(n, n, k) == pytest.approx(truth)
    assert abs(np.mean(density) - 1) < 4 * np.std(density) / np.sqrt(repeats)
    assert abs(np.mean(coverage) - truth) < 4 * np.std(coverage) / np.sqrt(repeats)


def test_expected_coverage_at_unequal_counts():
    n, m, k = 40, 15, 2
    rng = np.random.default_rng(0)
    found = [
        precision_recall_density_coverage(
            rng.normal(size=(n, 3)), rng.normal(size=(m, 3)), k
        ).coverage
        for _ in range(200)
    ]
    assert abs(np.mean(found) - expected_coverage(n, m, k)) < 4 * np.std(found) / np.sqrt(200)
    assert expected_coverage(10, 0, 5) == 0


@settings(deadline=None, max_examples=30)
@given(st.integers(6, 40), st.integers(6, 40), st.integers(1, 6), st.integers(0, 2**32))
def test_offset_order_and_rotation_change_nothing(n, m, d, seed):
    rng = np.random.default_rng(seed)
    real, fake = rng.normal(size=(n, d)), rng.normal(size=(m, d)) + 0.3
    rotation, _ = np.linalg.qr(rng.normal(size=(d, d)))
    found = fields(precision_recall_density_coverage(real, fake, k=3))
    for other in (
        (real + 1000, fake + 1000),
        (real[::-1], fake[::-1]),
        (real @ rotation, fake @ rotation),
        (3 * real, 3 * fake),
    ):
        assert fields(precision_recall_density_coverage(*other, k=3)) == pytest.approx(found)


def test_an_offset_of_1000_changes_nothing_in_float32_either():
    # On a grid that float32 holds at both places, so that only the arithmetic could lose digits.
    rng = np.random.default_rng(0)
    real, fake = (np.round(rng.normal(size=(2, 300, 16)) * 1024) / 1024).astype(np.float32)
    shift = np.float32(1000)
    plain, moved = (
        precision_recall_density_coverage(real + s, fake + s) for s in (np.float32(0), shift)
    )
    assert plain == moved


def test_results_do_not_depend_on_the_chunk_size_even_at_ties(monkeypatch):
    rng = np.random.default_rng(0)
    real = rng.integers(0, 4, size=(120, 3)).astype(np.float64)  # full of ties
    fake = np.vstack([real[:50], rng.integers(0, 4, size=(60, 3))]) + 0.0
    whole = precision_recall_density_coverage(real, fake, k=4)
    for elements in (1, 500, 5000):
        monkeypatch.setattr(neighbours, "_ELEMENTS", elements)
        assert precision_recall_density_coverage(real, fake, k=4) == whole
        assert precision_recall_density_coverage(real[::-1], fake[::-1], k=4) == whole


def test_the_fewest_samples_possible():
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(2, 6, 2))
    assert all(np.isfinite(fields(precision_recall_density_coverage(real, fake, k=5))))
    with pytest.raises(ValueError, match="real needs at least 6 samples; it has 5"):
        precision_recall_density_coverage(real[:5], fake, k=5)


def test_duplicates_only_score_zero_and_a_collapsed_generator_recalls_nothing():
    same = np.full((20, 3), 0.1)
    assert fields(precision_recall_density_coverage(same, same)) == [0, 0, 0, 0]
    real = np.random.default_rng(0).normal(size=(200, 3))
    found = precision_recall_density_coverage(real, np.tile(real[:1], (200, 1)))
    assert found.precision == 1
    assert found.recall == 0
    assert found.coverage < 0.1


def test_one_diverged_sample_does_not_blur_the_others():
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(2, 300, 4))
    plain = precision_recall_density_coverage(real, fake)
    fake[0] = 1e12
    found = precision_recall_density_coverage(real, fake)
    assert fields(found) == pytest.approx(fields(plain), abs=0.05)


def test_copies_are_found_at_distance_zero():
    rng = np.random.default_rng(0)
    base = 1e3 + rng.normal(size=(50, 8))
    found = nearest_neighbours(base[::-1], base, 1)
    assert found.indices[:, 0].tolist() == list(range(49, -1, -1))
    assert (found.distances == 0).all()


@pytest.mark.parametrize("k", [1, 2, 30])
def test_neighbours_are_those_of_all_distances(k, monkeypatch):
    monkeypatch.setattr(neighbours, "_ELEMENTS", 100)
    rng = np.random.default_rng(0)
    queries, base = rng.normal(size=(20, 3)), rng.normal(size=(30, 3))
    distances = cdist(queries, base)
    order = np.argsort(distances, axis=1)[:, :k]
    found = nearest_neighbours(queries, base, k)
    np.testing.assert_array_equal(found.indices, order)
    np.testing.assert_allclose(found.distances, np.take_along_axis(distances, order, axis=1))


@pytest.mark.parametrize("scale", [1e-30, 1e-12, 1.0, 1e12, 1e30])
def test_what_float32_cannot_tell_apart_is_told_apart(scale):
    # Clusters of points 1e-7 apart, far from the origin, with a diverged point among them.
    rng = np.random.default_rng(0)
    base = np.repeat(rng.normal(size=(8, 5)), 10, axis=0) + 1e-7 * rng.normal(size=(80, 5)) + 3
    base[17] = 1e6
    queries = np.vstack([base[::7] + 2e-8 * rng.normal(size=(12, 5)), np.full((1, 5), -1e9)])
    base, queries = scale * base, scale * queries
    distances = cdist(queries / scale, base / scale) * scale
    for k in (1, 4, 20):
        expected = np.sort(distances, axis=1)[:, :k]
        found = nearest_neighbours(queries, base, k)
        np.testing.assert_allclose(found.distances, expected, rtol=1e-6, atol=0)


def test_radii_given_are_radii_computed():
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(2, 50, 3))
    radii = neighbour_radii(real, 5)
    assert precision_recall_density_coverage(
        real, fake, real_radii=radii
    ) == precision_recall_density_coverage(real, fake)
    with pytest.raises(ValueError, match=r"real_radii must have shape \(50,\)"):
        precision_recall_density_coverage(real, fake, real_radii=radii[:-1])


@pytest.mark.parametrize(
    ("fake", "k", "message"),
    [
        (np.ones((9, 3), dtype=np.int32), 5, "fake must be a float array"),
        (np.ones((9, 2)), 5, "same feature dimension"),
        (np.full((9, 3), np.nan), 5, "finite"),
        (np.ones((3, 3)), 5, "fake needs at least 6 samples"),
        (np.ones((9, 3)), 0, "k must be an integer >= 1"),
        (np.ones((9, 3)), 2.5, "k must be an integer >= 1; it is 2.5"),
    ],
)
def test_wrong_input_is_refused(fake, k, message):
    real = np.random.default_rng(0).normal(size=(9, 3))
    with pytest.raises(ValueError, match=message):
        precision_recall_density_coverage(real, fake, k)


def test_more_neighbours_than_samples_are_refused():
    with pytest.raises(ValueError, match="k must be an integer in 1 … 3; it is 4"):
        nearest_neighbours(np.eye(3), np.eye(3), 4)
