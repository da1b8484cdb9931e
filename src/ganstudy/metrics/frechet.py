"""Fréchet distance between Gaussians fitted to features (FID), exact.

Heusel et al. 2017 (arXiv:1706.08500), eq. 6: |m1 - m2|² + tr(S1 + S2 - 2 (S1 S2)^(1/2)). With
factors S = F Fᵀ the last trace is the nuclear norm of F1ᵀ F2, which one SVD gives without a matrix
square root. The factor used here is Rᵀ / sqrt(N - 1) from the QR decomposition of the centred
features: the covariance is never formed, so nothing is squared and singular covariances (N <= d,
dead features) cost no accuracy.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ganstudy.metrics.checks import (
    Array,
    Integers,
    as_features,
    as_labels,
    read_only,
    same_width,
)

_ROWS = 8192  # rows decomposed at a time: bounds the memory beside the features themselves


@dataclass(frozen=True, slots=True, eq=False)
class FrechetReference:
    """The fitted Gaussian of one sample set: compute it once, compare it with many.

    `mean` (d,); `factor` (r, d) with covariance = factorᵀ factor (unbiased, divided by N - 1) and
    r = min(N, d); `samples` = N.
    """

    mean: Array
    factor: Array
    samples: int

    @classmethod
    def of(cls, features: Any) -> Self:
        """Fits the Gaussian to `features`, float (N, d) with N >= 2."""
        return cls._of(as_features(features, "features", minimum=2))

    @classmethod
    def _of(cls, x: Array) -> Self:
        mean = x.mean(axis=0)
        factor = np.empty((0, x.shape[1]))
        for start in range(0, len(x), _ROWS):
            rows = x[start : start + _ROWS] - mean
            factor = np.asarray(np.linalg.qr(np.vstack([factor, rows]), mode="r"))
        return cls(read_only(mean), read_only(factor / np.sqrt(len(x) - 1)), len(x))


def frechet_distance(x: Any, y: Any) -> float:
    """Fréchet distance between the Gaussians of `x` and `y`; symmetric, >= 0.

    `x`, `y`: float (N, d), N >= 2 each, N may differ; or a `FrechetReference`. Raises `ValueError`
    on any other input. Constant features are exact too: identical point masses are at distance 0.
    The estimate is biased upwards by about a constant / N: compare at equal N only, or use
    `debiased_frechet_distance`.
    """
    a, b = _fitted(x, "x"), _fitted(y, "y")
    same_width(a.factor, b.factor, "x and y")
    return _distance(a, b)


def per_class_frechet_distance(x: Any, x_labels: Any, y: Any, y_labels: Any, classes: int) -> Array:
    """Fréchet distance inside each class, float64 (classes,): for conditional generators.

    `x_labels`, `y_labels`: integers (N,) in 0 … `classes` - 1, the class asked for and the true
    class. Every class needs 2 samples in each set: one that has fewer raises `ValueError`.
    """
    x, y = _pair(x, y, minimum=2)
    x_labels = as_labels(x_labels, "x_labels", (len(x),), classes)
    y_labels = as_labels(y_labels, "y_labels", (len(y),), classes)
    _each_class_twice(x_labels, "x", classes)
    _each_class_twice(y_labels, "y", classes)
    return np.array([frechet_distance(x[x_labels == c], y[y_labels == c]) for c in range(classes)])


def _distance(a: FrechetReference, b: FrechetReference) -> float:
    nuclear = np.linalg.svd(a.factor @ b.factor.T, compute_uv=False).sum()
    traces = np.sum(a.factor**2) + np.sum(b.factor**2)
    return max(0.0, float(np.sum((a.mean - b.mean) ** 2) + traces - 2 * nuclear))


def _fitted(value: Any, name: str) -> FrechetReference:
    if isinstance(value, FrechetReference):
        return value
    return FrechetReference._of(as_features(value, name, minimum=2))


def _pair(x: Any, y: Any, minimum: int) -> tuple[Array, Array]:
    x, y = as_features(x, "x", minimum=minimum), as_features(y, "y", minimum=minimum)
    same_width(x, y, "x and y")
    return x, y


def _each_class_twice(labels: Integers, name: str, classes: int) -> None:
    counts = np.bincount(labels, minlength=classes)
    if counts.min() < 2:
        raise ValueError(
            f"every class needs at least 2 samples in {name}; "
            f"class {counts.argmin()} has {counts.min()}"
        )
