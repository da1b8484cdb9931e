import numpy as np
import pytest
from scipy.optimize import minimize

from ganstudy.metrics import (
    class_coverage,
    mode_verdicts,
    per_class_coverage,
    soft_confusion,
)
from ganstudy.metrics.classes import _on_simplex

UNIFORM = np.full(10, 0.1)


def judge_confusion(accuracy: float = 0.8) -> np.ndarray:
    """A judge that takes each class for its two successors at times."""
    confusion = accuracy * np.eye(10)
    for c in range(10):
        confusion[c, (c + 1) % 10] += 0.6 * (1 - accuracy)
        confusion[c, (c + 2) % 10] += 0.4 * (1 - accuracy)
    return confusion


def posteriors(classes: np.ndarray, confusion: np.ndarray, seed: int = 0) -> np.ndarray:
    """Noisy posteriors of samples of `classes` whose mean is the judge's confusion."""
    rng = np.random.default_rng(seed)
    return np.array([rng.dirichlet(confusion[c] + 1e-6) for c in classes])


def test_with_two_classes_kept_counting_labels_says_more_and_the_correction_two():
    confusion = judge_confusion()
    kept = np.random.default_rng(1).choice([3, 8], size=2000)
    found = posteriors(kept, confusion)
    by_label = np.bincount(found.argmax(axis=1), minlength=10) / 2000
    assert np.sum(by_label >= 0.1 / 4) > 2
    coverage = class_coverage(found, confusion, UNIFORM)
    assert coverage.captured == 2
    assert np.flatnonzero(coverage.present).tolist() == [3, 8]
    np.testing.assert_allclose(coverage.shares[[3, 8]], 0.5, atol=0.05)
    assert coverage.total_variation == pytest.approx(0.8, abs=0.03)


def test_all_classes_are_captured_and_shares_are_recovered():
    confusion = judge_confusion()
    shares = np.array([0.3, 0.2, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.03, 0.02])
    q = (shares @ confusion)[None]
    coverage = class_coverage(q, confusion, shares)
    np.testing.assert_allclose(coverage.shares, shares, atol=1e-9)
    assert coverage.captured == 10
    assert coverage.total_variation == pytest.approx(0, abs=1e-9)
    assert class_coverage(q, confusion, UNIFORM).captured == 9  # .02 is below .1 / 4


def test_a_class_without_reference_share_is_never_captured():
    reference = np.append(np.full(9, 1 / 9), 0.0)
    coverage = class_coverage(np.full((5, 10), 0.1), np.eye(10), reference)
    assert coverage.captured == 9
    assert not coverage.present[9]


def test_shares_solve_least_squares_on_the_simplex():
    rng = np.random.default_rng(0)
    for _ in range(5):
        matrix, target = rng.dirichlet(np.ones(4), size=4).T, rng.dirichlet(np.ones(4) / 3)
        ours = _on_simplex(matrix, target)
        theirs = minimize(
            lambda w, m=matrix, t=target: np.sum((m @ w - t) ** 2),
            np.full(4, 0.25),
            bounds=[(0, 1)] * 4,
            constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
            options={"ftol": 1e-15, "maxiter": 1000},
        ).x
        assert ours.sum() == pytest.approx(1)
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_soft_confusion_averages_posteriors_by_true_class():
    found = soft_confusion(
        np.array([[1.0, 0.0], [0.5, 0.5], [0.1, 0.9]], dtype=np.float32), np.array([0, 0, 1]), 2
    )
    np.testing.assert_allclose(found, [[0.75, 0.25], [0.1, 0.9]], rtol=1e-6)


def clusters(seed: int, counts: list[int]) -> tuple[np.ndarray, np.ndarray]:
    labels = np.repeat(np.arange(len(counts)), counts)
    noise = np.random.default_rng(seed).normal(size=(len(labels), 4))
    return noise + 20 * labels[:, None], labels


def test_dropping_is_told_from_collapse_and_from_rareness():
    real, real_labels = clusters(0, [100] * 4)
    fake, fake_labels = clusters(1, [200, 30, 170, 0])  # class 1 is rare, class 3 missing
    fake[fake_labels == 2] = fake[fake_labels == 2][0]  # class 2 is one point
    inside = per_class_coverage(real, real_labels, fake, fake_labels, 4)
    assert inside.coverage[0] > 0.9
    assert inside.coverage[1] == pytest.approx(inside.expected[1], abs=0.15)
    assert inside.coverage[2] < 0.2
    assert inside.coverage[3] == 0
    assert inside.fake.tolist() == [200, 30, 170, 0]

    shares = class_coverage(np.eye(4)[fake_labels], np.eye(4), np.full(4, 0.25))
    assert mode_verdicts(shares, inside) == ("covered", "covered", "collapsed", "dropped")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.full((5, 10), 2.0), np.eye(10), UNIFORM), "must be probabilities"),
        ((np.eye(10) * 1.5 - 0.05, np.eye(10), UNIFORM), "smallest value is -0.05"),
        ((np.eye(10), np.eye(9), UNIFORM), r"confusion must have shape \(10, 10\)"),
        ((np.eye(10), np.eye(10), np.ones(10)), "reference_share must be >= 0 and sum to 1"),
        ((np.eye(10), np.eye(10), np.full(9, 1 / 9)), r"reference_share .* \(10,\)"),
        ((np.eye(10, dtype=int), np.eye(10), UNIFORM), "float array"),
    ],
)
def test_wrong_input_of_class_coverage_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        class_coverage(*arguments)


def test_wrong_labels_are_refused():
    with pytest.raises(ValueError, match="class 1 has no sample"):
        soft_confusion(np.eye(2)[[0, 0]], np.array([0, 0]), 2)
    with pytest.raises(ValueError, match="in 0 … 1; found 0 … 2"):
        soft_confusion(np.eye(2), np.array([0, 2]), 2)
    with pytest.raises(ValueError, match="integer labels"):
        soft_confusion(np.eye(2), np.array([0.0, 1.0]), 2)
    with pytest.raises(ValueError, match="3 columns"):
        soft_confusion(np.eye(2), np.array([0, 1]), 3)
    real, labels = clusters(0, [10, 5])
    with pytest.raises(ValueError, match=r"k \+ 1 = 6 samples of every class; class 1 has 5"):
        per_class_coverage(real, labels, real, labels, 2)
