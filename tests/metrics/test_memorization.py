import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from ganstudy.metrics import memorization, memorization_from_distances, nearest_neighbours


def sets(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(1500, 3)), rng.normal(size=(1000, 3)), rng.normal(size=(1000, 3))


def test_fresh_samples_are_at_the_expected_values():
    train, test, fresh = sets()
    found = memorization(train, test, fresh)
    assert found.mem1 == pytest.approx(0.01, abs=0.01)
    assert abs(found.ct_z) < 3


def test_copies_and_near_copies_are_found():
    train, test, _ = sets()
    copies = memorization(train, test, train[:1000])
    assert copies.mem1 == 1
    assert copies.ct_z < -20
    near = memorization(train, test, train[:1000] + 1e-3)
    assert near.mem1 > 0.9
    assert near.ct_z < -20


def test_half_copies_half_fresh():
    train, test, fresh = sets()
    found = memorization(train, test, np.vstack([train[:500], fresh[:500]]))
    assert found.mem1 == pytest.approx(0.5, abs=0.02)
    assert found.ct_z < -3


def test_far_samples_have_a_positive_score():
    train, test, fresh = sets()
    found = memorization(train, test, 3 * fresh)
    assert found.ct_z > 10
    assert found.mem1 < 0.01


def test_the_score_is_that_of_the_mann_whitney_test():
    train, test, fresh = sets()
    fresh = 1.05 * fresh
    a, b = (nearest_neighbours(x, train).distances[:, 0] for x in (fresh, test))
    statistic = mannwhitneyu(a, b).statistic
    n, m = len(a), len(b)
    z = (statistic - n * m / 2) / np.sqrt(n * m * (n + m + 1) / 12)
    assert memorization(train, test, fresh).ct_z == pytest.approx(z, rel=1e-12)
    assert memorization_from_distances(b, a) == memorization(train, test, fresh)


def test_offset_and_order_change_nothing():
    train, test, fresh = sets()
    found = memorization(train, test, fresh)
    assert memorization(train[::-1], test[::-1], fresh[::-1]) == found
    moved = memorization(train + 1000, test + 1000, fresh + 1000)
    assert moved.ct_z == pytest.approx(found.ct_z, abs=1e-6)


def test_duplicates_only_are_copies_without_a_score():
    same = np.ones((10, 2))
    found = memorization(same, same, same)
    assert (found.mem1, found.ct_z) == (1, 0)


def test_wrong_input_is_refused():
    train, test, fresh = sets()
    with pytest.raises(ValueError, match="train and generated must have the same"):
        memorization(train, test, fresh[:, :2])
    with pytest.raises(ValueError, match="test must be a float array"):
        memorization(train, test.astype(int), fresh)
    with pytest.raises(ValueError, match="generated needs at least 1"):
        memorization(train, test, fresh[:0])
    with pytest.raises(ValueError, match="train must be finite"):
        memorization(np.full((5, 3), np.inf), test, fresh)
