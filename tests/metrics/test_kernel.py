import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_fidelity.metric_kid import KEY_METRIC_KID_MEAN, kid_features_to_metric

from ganstudy.metrics import kernel, kernel_distance, standardize


def test_two_gaussians_give_the_closed_form_in_the_mean():
    d, mu = 6, np.full(6, 0.5)
    m = mu @ mu
    truth = 3 * m / d + 3 * m**2 / d**2 + (m**3 + 3 * m * d + 6 * m**2 + 6 * m) / d**3
    rng = np.random.default_rng(0)
    found = [
        kernel_distance(rng.normal(size=(1000, d)), rng.normal(size=(1000, d)) + mu)
        for _ in range(20)
    ]
    error = np.std(found) / np.sqrt(len(found))
    assert abs(np.mean(found) - truth) < 4 * error
    assert error < 0.05 * truth


def test_equal_distributions_give_zero_in_the_mean_with_negatives_kept():
    rng = np.random.default_rng(0)
    found = [kernel_distance(*rng.normal(size=(2, 300, 4))) for _ in range(30)]
    assert min(found) < 0
    assert abs(np.mean(found)) < 4 * np.std(found) / np.sqrt(30)


def test_parity_with_torch_fidelity_on_the_same_subsets():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(400, 16)), 0.8 * rng.normal(size=(300, 16)) + 0.2
    theirs = kid_features_to_metric(
        torch.from_numpy(x),
        torch.from_numpy(y),
        kid_subsets=5,
        kid_subset_size=100,
        rng_seed=7,
        verbose=False,
    )[KEY_METRIC_KID_MEAN]
    draw = np.random.RandomState(7)
    ours = [
        kernel_distance(
            x[draw.choice(400, 100, replace=False)], y[draw.choice(300, 100, replace=False)]
        )
        for _ in range(5)
    ]
    assert np.mean(ours) == pytest.approx(theirs, rel=1e-6)


@settings(deadline=None, max_examples=20)
@given(st.integers(2, 40), st.integers(2, 40), st.integers(1, 6), st.integers(0, 2**32))
def test_symmetric_and_unchanged_by_order_and_rotation(n, m, d, seed):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(n, d)), rng.normal(size=(m, d)) + 1
    rotation, _ = np.linalg.qr(rng.normal(size=(d, d)))
    distance = kernel_distance(x, y)
    for other in ((y, x), (x[::-1], y[::-1]), (x @ rotation, y @ rotation)):
        assert kernel_distance(*other) == pytest.approx(distance, rel=1e-9, abs=1e-9)


def test_both_ways_of_summing_are_the_sum_over_all_pairs(monkeypatch):
    rng = np.random.default_rng(0)
    u, v = rng.normal(size=(50, 4)), rng.normal(size=(41, 4)) + 2
    truth = [np.sum((a @ b.T) ** 3) for a, b in ((u, u), (v, v), (u, v))]
    assert kernel._sums_by_moments(u, v) == pytest.approx(truth, rel=1e-12)
    for block in (7, 2048):
        monkeypatch.setattr(kernel, "_BLOCK", block)
        assert kernel._sums_by_blocks(u, v) == pytest.approx(truth, rel=1e-12)


@pytest.mark.parametrize("d", [2, 30])
def test_it_is_the_u_statistic_of_the_kernel(d):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, d)), rng.normal(size=(30, d))
    xx, yy, xy = ((a @ b.T / d + 1) ** 3 for a, b in ((x, x), (y, y), (x, y)))
    truth = (
        (xx.sum() - np.trace(xx)) / (40 * 39)
        + (yy.sum() - np.trace(yy)) / (30 * 29)
        - 2 * xy.mean()
    )
    assert kernel_distance(x, y) == pytest.approx(truth, rel=1e-10)


def test_standardize_uses_the_reference_and_leaves_constants_unscaled():
    rng = np.random.default_rng(0)
    reference = rng.normal(size=(100, 3)) * [1, 10, 0] + [5, -3, 0.1]
    other = rng.normal(size=(20, 3))
    a, b = standardize(reference, other)
    np.testing.assert_allclose(a.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(a.std(axis=0), [1, 1, 0], atol=1e-12)
    mean, scale = reference.mean(axis=0), np.append(reference.std(axis=0)[:2], 1)
    np.testing.assert_allclose(b, (other - mean) / scale)


def test_duplicates_have_a_value():
    ones = np.ones((5, 3))
    assert kernel_distance(ones, ones) == pytest.approx(0, abs=1e-12)
    assert kernel_distance(*standardize(ones, ones)) == 0


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.ones((5, 3), dtype=np.uint8), "float array"),
        (np.ones((1, 3)), "at least 2 samples"),
        (np.full((5, 3), np.nan), "finite"),
        (np.ones((5, 2)), "same feature dimension"),
    ],
)
def test_wrong_input_is_refused(x, message):
    with pytest.raises(ValueError, match=message):
        kernel_distance(x, np.eye(3))
    with pytest.raises(ValueError, match=message):
        standardize(x, np.eye(3))
