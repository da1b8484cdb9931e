import numpy as np
import pytest
import torch
from torch_fidelity.metric_isc import isc_features_to_metric

from ganstudy.metrics import inception_score


def one_hot_logits(classes: int, each: int, height: float) -> np.ndarray:
    return height * np.eye(classes)[np.arange(classes * each) % classes]


def test_confident_uniform_classes_give_their_number_and_constants_give_one():
    score = inception_score(one_hot_logits(10, 20, 200.0))
    assert score.score == pytest.approx(10)
    assert score.entropy_conditional == pytest.approx(0, abs=1e-12)
    assert score.entropy_marginal == pytest.approx(np.log(10))
    assert inception_score(np.ones((30, 10))).score == pytest.approx(1)
    assert inception_score(np.zeros((30, 10))).entropy_conditional == pytest.approx(np.log(10))


@pytest.mark.parametrize("height", [200.0, 1e4, 1e40])
def test_confident_float_logits_stay_finite(height):
    logits = one_hot_logits(4, 5, height) - one_hot_logits(4, 5, height)[:, ::-1]
    score = inception_score(logits)
    assert score.score == pytest.approx(4)
    assert np.isfinite([score.entropy_conditional, score.entropy_marginal]).all()


def test_probabilities_are_refused_because_they_would_read_as_nearly_uniform():
    probabilities = one_hot_logits(10, 20, 1.0)
    with pytest.raises(ValueError, match="look like probabilities"):
        inception_score(probabilities)
    # The trap: a true 10 would be 1.08 (here one row is shifted to slip past the check).
    assert inception_score(probabilities + 1).score == pytest.approx(1.08, abs=0.01)


@pytest.mark.parametrize("splits", [1, 3, 10])
def test_parity_with_torch_fidelity(splits):
    logits = 3 * np.random.default_rng(0).normal(size=(205, 7))
    theirs = isc_features_to_metric(torch.from_numpy(logits), splits=splits, shuffle=False)
    ours = inception_score(logits, splits)
    assert ours.score == pytest.approx(theirs["inception_score_mean"], rel=1e-6)


def test_ten_splits_of_a_perfect_set_score_below_ten():
    labels = np.random.default_rng(0).integers(0, 10, 10_000)
    logits = 200 * np.eye(10)[labels]
    assert inception_score(logits).score > 9.98
    few = np.random.default_rng(0).permutation(logits)[:1000]
    assert inception_score(few, splits=10).score < 9.7


def test_order_does_not_matter_and_float32_is_read_in_float64():
    logits = (50 * np.random.default_rng(0).normal(size=(100, 5))).astype(np.float32)
    score = inception_score(logits)
    assert inception_score(logits[::-1]).score == pytest.approx(score.score, rel=1e-12)
    assert inception_score(torch.from_numpy(logits)) == score


@pytest.mark.parametrize(
    ("logits", "splits", "message"),
    [
        (np.ones((5, 3), dtype=np.int64), 1, "float array"),
        (np.ones(5), 1, "shape"),
        (np.full((5, 3), np.inf), 1, "finite"),
        (np.ones((5, 3)), 6, "at least 6 samples"),
        (np.ones((5, 3)), 0, "splits must be an integer >= 1"),
    ],
)
def test_wrong_input_is_refused(logits, splits, message):
    with pytest.raises(ValueError, match=message):
        inception_score(logits, splits)
