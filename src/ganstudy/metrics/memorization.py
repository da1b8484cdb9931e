"""Memorisation: are generated samples nearer to the training set than fresh samples are?"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ganstudy.metrics.checks import Array, as_features, same_width
from ganstudy.metrics.neighbours import nearest_neighbours

COPY_QUANTILE = 0.01


@dataclass(frozen=True, slots=True)
class Memorization:
    """`mem1` in [0, 1], expected .01 of fresh samples; `ct_z` a z-score, negative when copying."""

    mem1: float
    ct_z: float


def memorization(train: Any, test: Any, generated: Any) -> Memorization:
    """Two views on the distances to the nearest training sample, of generated and of test samples.

    `mem1`: share of generated samples that are nearer to a training sample than the 1 % quantile
    of the test samples' distances, or at distance 0 (an exact copy).

    `ct_z`: the Mann-Whitney z-score of Meehan, Chaudhuri & Dasgupta 2020 (arXiv:2004.05675), over
    the whole space (their C_T in one cell): U counts the pairs in which the generated sample is
    farther from the training set than the test sample. Below about -3: generated samples are
    nearer than fresh ones are (copying); near 0: as near; above 3: farther (underfitting). Blur
    alone moves samples towards the training set, so a copy is proven only where `mem1` agrees.

    All float (N, d), N >= 1, the test set not part of the training set.
    """
    train, test = as_features(train, "train"), as_features(test, "test")
    generated = as_features(generated, "generated")
    same_width(train, test, "train and test")
    same_width(train, generated, "train and generated")
    distances = nearest_neighbours(np.vstack([test, generated]), train).distances[:, 0]
    return memorization_from_distances(distances[: len(test)], distances[len(test) :])


def memorization_from_distances(test: Array, generated: Array) -> Memorization:
    """`memorization` where the distances to the nearest training sample, (N,) each, are known."""
    nearer = (generated < np.quantile(test, COPY_QUANTILE)) | (generated == 0)
    return Memorization(float(nearer.mean()), _mann_whitney_z(generated, test))


def _mann_whitney_z(a: Array, b: Array) -> float:
    """z-score of U, the number of pairs with a > b (ties count half); 0 when all are equal."""
    ordered = np.sort(b)
    below = np.searchsorted(ordered, a, "left") + np.searchsorted(ordered, a, "right")
    m, n = len(a), len(b)
    return float((below.sum() / 2 - m * n / 2) / np.sqrt(m * n * (m + n + 1) / 12))
