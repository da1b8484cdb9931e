import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

from ganstudy.metrics import (
    FrechetReference,
    frechet_distance,
    per_class_frechet_distance,
)
from ganstudy.metrics import frechet as module


def samples(n: int, d: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) + rng.normal(size=d)


shapes = st.tuples(st.integers(2, 40), st.integers(2, 40), st.integers(1, 8), st.integers(0, 2**32))


def pair(shape: tuple[int, int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    n, m, d, seed = shape
    return samples(n, d, seed), samples(m, d, seed + 1)


@settings(deadline=None, max_examples=50)
@given(shapes)
def test_the_distance_to_itself_is_zero_and_it_is_symmetric(shape):
    x, y = pair(shape)
    assert frechet_distance(x, x) < 1e-9
    assert frechet_distance(x, y) == pytest.approx(frechet_distance(y, x), rel=1e-10, abs=1e-10)


@settings(deadline=None, max_examples=50)
@given(shapes, st.floats(-1e3, 1e3), st.floats(0.01, 100))
def test_rotation_and_translation_change_nothing_and_scale_squares(shape, shift, scale):
    x, y = pair(shape)
    rotation, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(shape[2], shape[2])))
    distance = frechet_distance(x, y)
    near = {"rel": 1e-8, "abs": 1e-8}
    assert frechet_distance(x @ rotation + shift, y @ rotation + shift) == pytest.approx(
        distance, **near
    )
    assert frechet_distance(scale * x, scale * y) == pytest.approx(scale**2 * distance, **near)


@settings(deadline=None, max_examples=20)
@given(shapes)
def test_the_order_of_samples_changes_nothing(shape):
    x, y = pair(shape)
    assert frechet_distance(x[::-1], y) == pytest.approx(frechet_distance(x, y), abs=1e-9)


def test_gaussian_moments_give_the_closed_form():
    a, b = np.array([4.0, 1.0, 0.25, 0.0]), np.array([1.0, 9.0, 0.0, 2.0])
    mu = np.array([1.0, -2.0, 0.5, 0.0])
    x = FrechetReference(np.zeros(4), np.diag(np.sqrt(a)), 10)
    y = FrechetReference(mu, np.diag(np.sqrt(b)), 10)
    truth = mu @ mu + np.sum((np.sqrt(a) - np.sqrt(b)) ** 2)
    # To some roundings in float64, of which LAPACK makes more or fewer by CPU.
    assert frechet_distance(x, y) == pytest.approx(truth, rel=1e-12)


def test_it_is_exact_at_rank_deficiency():
    # Fewer samples than dimensions, and y = 2x + 1: |mean(x) + 1|² + tr cov(x) in closed form.
    x = samples(30, 100, 0)
    truth = np.sum((x.mean(axis=0) + 1) ** 2) + np.trace(np.cov(x, rowvar=False))
    assert frechet_distance(x, 2 * x + 1) == pytest.approx(truth, rel=1e-11)
    assert frechet_distance(x, x + 1) == pytest.approx(100, rel=1e-11)


def test_constant_features_and_duplicates_have_values():
    ones = np.ones((5, 3))
    assert frechet_distance(ones, ones) == 0
    assert frechet_distance(ones, 3 * ones) == pytest.approx(12)
    x = samples(50, 3, 0)
    truth = np.sum((x.mean(axis=0) - 1) ** 2) + np.trace(np.cov(x, rowvar=False))
    assert frechet_distance(ones, x) == pytest.approx(truth)


def test_parity_with_torch_fidelity():
    x = np.maximum(samples(600, 24, 0), 0).astype(np.float32)
    y = np.maximum(samples(500, 24, 1), 0).astype(np.float32)
    theirs = fid_statistics_to_metric(
        *(fid_features_to_statistics(torch.from_numpy(f)) for f in (x, y)), verbose=False
    )["frechet_inception_distance"]
    assert frechet_distance(x, y) == pytest.approx(theirs, rel=1e-5)


def test_a_reference_computed_once_and_tensors_give_the_same():
    x, y = samples(50, 6, 0), samples(60, 6, 1)
    reference = FrechetReference.of(y)
    assert reference.samples == 60
    assert frechet_distance(x, reference) == frechet_distance(x, y)
    assert frechet_distance(torch.from_numpy(x), torch.from_numpy(y)) == frechet_distance(x, y)
    with pytest.raises(ValueError, match="read-only"):
        reference.factor[0, 0] = 1


def test_it_does_not_depend_on_the_block_size(monkeypatch):
    x, y = samples(100, 6, 0), samples(90, 6, 1)
    whole = frechet_distance(x, y)
    monkeypatch.setattr(module, "_ROWS", 7)
    assert frechet_distance(x, y) == pytest.approx(whole, rel=1e-12)


def test_per_class_distance_compares_within_each_class():
    x, labels = samples(90, 4, 0), np.arange(90) % 3
    y = x + (labels == 1)[:, None]
    found = per_class_frechet_distance(x, labels, y, labels, 3)
    np.testing.assert_allclose(found, [0, 4, 0], atol=1e-9)
    with pytest.raises(ValueError, match="class 3 has 0"):
        per_class_frechet_distance(x, labels, y, labels, 4)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.ones((5, 3), dtype=np.int64), r"x must be a float array \(N, d\); its dtype is int64"),
        (np.ones(5), r"shape \(N, d\) with d >= 1; it is \(5,\)"),
        (np.ones((5, 0)), r"it is \(5, 0\)"),
        (np.ones((1, 3)), "at least 2 samples; it has 1"),
        (np.full((5, 3), np.nan), "finite .* it is nan at row 0, column 0"),
        (np.full((5, 3), np.inf), "finite"),
        (np.ones((5, 4)), "same feature dimension; found 4 and 3"),
        ([["a", "b"]], "its dtype is <U1"),
    ],
)
def test_wrong_input_is_refused(x, message):
    with pytest.raises(ValueError, match=message):
        frechet_distance(x, np.eye(3))
