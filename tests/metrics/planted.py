"""Planted cases on 8×8 digits: sample sets whose faults are known, seen through a small judge."""

import warnings
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

HIDDEN = 64


@dataclass(frozen=True)
class Digits:
    """Images (N, 64) in [0, 1]: half to train, a quarter each as reference and as held-out."""

    train: np.ndarray
    train_labels: np.ndarray
    reference: np.ndarray
    reference_labels: np.ndarray
    heldout: np.ndarray
    heldout_labels: np.ndarray
    judge: Any

    def features(self, images: np.ndarray) -> np.ndarray:
        """Hidden activations of the judge, (N, 64)."""
        return np.maximum(images @ self.judge.coefs_[0] + self.judge.intercepts_[0], 0)

    def logits(self, images: np.ndarray) -> np.ndarray:
        return self.features(images) @ self.judge.coefs_[1] + self.judge.intercepts_[1]

    def posteriors(self, images: np.ndarray) -> np.ndarray:
        return self.judge.predict_proba(images)

    # The faulty generators, each as many images as the held-out set.

    def copies(self) -> np.ndarray:
        return self.train[: len(self.heldout)]

    def prototypes(self) -> np.ndarray:
        """The mean image of each class, again and again."""
        means = [self.train[self.train_labels == c].mean(axis=0) for c in range(10)]
        return np.tile(means, (len(self.heldout) // 10, 1))

    def blurred(self) -> np.ndarray:
        """Each image nearly halfway to the mean of its class: what an auto-encoder's blur does."""
        means = np.array([self.train[self.train_labels == c].mean(axis=0) for c in range(10)])
        return 0.55 * self.heldout + 0.45 * means[self.heldout_labels]

    def imbalanced(self) -> np.ndarray:
        """Classes 0 … 4 ten times as often as 5 … 9."""
        rng = np.random.default_rng(0)
        weights = np.where(self.heldout_labels < 5, 10.0, 1.0)
        drawn = rng.choice(len(self.heldout), len(self.heldout), p=weights / weights.sum())
        return self.heldout[drawn]

    def two_classes(self) -> np.ndarray:
        """Only 3 and 8 are drawn, which the judge takes for others at times."""
        return self.heldout[np.isin(self.heldout_labels, (3, 8))]


@cache
def digits() -> Digits:
    data = load_digits()
    order = np.random.default_rng(0).permutation(len(data.target))
    images, labels = (data.data / 16.0)[order], data.target[order].astype(np.int64)
    a, b, c = 898, 1347, 1797
    judge = MLPClassifier((HIDDEN,), max_iter=60, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        judge.fit(images[:a], labels[:a])
    return Digits(images[:a], labels[:a], images[a:b], labels[a:b], images[b:c], labels[b:c], judge)
