"""What samples are worth beside few labels: on digits, where the right answer can be planted."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from ganstudy.data.images import Split
from ganstudy.evaluation import few_labels
from ganstudy.params import JudgeParams

RECIPE = JudgeParams(
    weights="train",
    width=8,
    features=16,
    images=6400,
    batch=64,
    learning_rate=0.005,
    shift=0,
    flip=True,
    seed=0,
)


@pytest.fixture(scope="module")
def digits() -> Split:
    found = load_digits()
    images = (found.images * 15).astype(np.uint8)[..., None]
    return Split(images, found.target.astype(np.int64))


def rows(split: Split, chosen: slice | np.ndarray) -> Split:
    return Split(split.images[chosen], split.labels[chosen])


def errors(digits: Split, generated: Split, test: Split) -> dict[str, float]:
    few = [np.flatnonzero(digits.labels[:600] == c)[:2] for c in range(10)]
    labelled = rows(digits, np.concatenate(few))
    cpu = torch.device("cpu")
    return few_labels.errors(labelled, generated, test, RECIPE, 10, "float32", cpu)


def test_a_leak_of_labels_wins_and_samples_of_wrong_classes_lose(digits: Split) -> None:
    test, others = rows(digits, slice(1200, None)), rows(digits, slice(600, 1200))
    leak = errors(digits, others, test)  # a "generator" that knows every label
    assert leak["error_samples"] < leak["error_labels"] - 0.1
    wrong = errors(digits, Split(others.images, (others.labels + 1) % 10), test)
    assert wrong["error_samples"] > leak["error_labels"] + 0.1
    # The other arms look at no sample.
    assert wrong["error_labels"] == leak["error_labels"]
    assert wrong["error_varied"] == leak["error_varied"] != leak["error_labels"]
    assert 0.1 < leak["error_logistic"] < 0.5
    assert 0.1 < leak["error_nearest"] < 0.5


def test_what_is_labelled_is_told(digits: Split) -> None:
    few = np.concatenate([np.flatnonzero(digits.labels[:600] == c)[:2] for c in range(10)])
    told = errors(digits, rows(digits, slice(600, 1200)), rows(digits, few))
    assert told["error_nearest"] == told["error_logistic"] == 0
    assert told["error_labels"] <= 0.1


def test_samples_without_classes_are_refused(digits: Split) -> None:
    with pytest.raises(ValueError, match="without labels"):
        errors(digits, Split(digits.images[600:700], None), rows(digits, slice(1200, None)))
