"""Fréchet distance between Gaussians fitted to features (FID): exact, debiased, with an interval.

Heusel et al. 2017 (arXiv:1706.08500), eq. 6: |m1 - m2|² + tr(S1 + S2 - 2 (S1 S2)^(1/2)). With
factors S = F Fᵀ the last trace is the nuclear norm of F1ᵀ F2, which one SVD gives without a matrix
square root. The factor used here is Rᵀ / sqrt(N - 1) from the QR decomposition of the centred
features: the covariance is never formed, so nothing is squared and singular covariances (N <= d,
dead features) cost no accuracy.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ganstudy.metrics.checks import (
    Array,
    Integers,
    as_count,
    as_features,
    as_labels,
    read_only,
    same_width,
)
from ganstudy.seeding import numpy_generator

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
    The estimate is biased upwards by about a constant / N: compare at equal N only.
    """
    a, b = _fitted(x, "x"), _fitted(y, "y")
    same_width(a.factor, b.factor, "x and y")
    return _distance(a, b)


def debiased_frechet_distance(x: Any, y: Any, seed: int = 0) -> float:
    """Fréchet distance without its 1/N bias: 2·FID_N - the mean FID of half against half.

    Both sets are split into random halves (drawn from `seed`) and the four pairs of halves
    averaged: extrapolation to infinite N as by Chong & Forsyth 2020 (arXiv:1911.07023), from the
    two sizes N and N/2. Nearly unbiased, hence negative at times; not clipped. `x`, `y`: float
    (N, d), N >= 4 each.
    """
    x, y = _pair(x, y, minimum=4)
    rng = numpy_generator(seed, "halves of the debiased Fréchet distance")
    halves = [[FrechetReference._of(part) for part in _halves(s, rng)] for s in (x, y)]
    small = [_distance(a, b) for a in halves[0] for b in halves[1]]
    full = _distance(FrechetReference._of(x), FrechetReference._of(y))
    return 2 * full - float(np.mean(small))


def frechet_interval(
    x: Any, y: Any, level: float = 0.95, resamples: int = 200, seed: int = 0
) -> tuple[float, float]:
    """Basic bootstrap interval (low, high) of the Fréchet distance at infinite N.

    [2f - q_(1-a/2), 2f - q_(a/2)], a = 1 - `level`, f the distance of `x` and `y`, q the quantiles
    of the distance of resampled sets. A resample is biased against f as f is against the truth, so
    reflecting at f removes the bias; the percentile interval adds it once more and misses. The
    interval therefore lies around the debiased distance, often below f, and `low` may be negative.

    `x`, `y`: float (N, d), N >= 2. Where both are samples both are resampled: with only one of
    them resampled the interval misses the truth as often as it holds it. A `FrechetReference` for
    `y` is taken as the truth about the reference and is not resampled: then the interval is of
    the distance to that fixed Gaussian. Cost for each of the `resamples` (>= 10): N·d² + a few d³
    multiplications a set, on weighted moments of the centred features, no copy of the resample.
    """
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1; it is {level!r}")
    as_count(resamples, "resamples", 10)
    first = as_features(x, "x", minimum=2)
    second = y if isinstance(y, FrechetReference) else as_features(y, "y", minimum=2)
    distance = frechet_distance(first, second)
    rng = numpy_generator(seed, "bootstrap of the Fréchet distance")

    draw_first, draw_second = _resampler(first), _resampler(second)
    offset = first.mean(axis=0)
    offset = offset - (second.mean if isinstance(second, FrechetReference) else second.mean(axis=0))
    draws = np.empty(resamples)
    for index in range(resamples):
        mean, covariance = draw_first(rng)
        other_mean, other_covariance = draw_second(rng)
        factor = _factor(other_covariance)
        # The squared singular values of F1ᵀ F2; accurate enough for a quantile, and cheaper.
        squares = np.linalg.eigvalsh(factor @ covariance @ factor.T)
        draws[index] = (
            np.sum((offset + mean - other_mean) ** 2)
            + np.trace(covariance)
            + np.trace(other_covariance)
            - 2 * np.sqrt(squares.clip(0)).sum()
        )
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return float(2 * distance - high), float(2 * distance - low)


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


def _halves(x: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    order = rng.permutation(len(x))
    middle = len(x) // 2
    return x[order[:middle]], x[order[middle:]]


def _resampler(x: Array | FrechetReference) -> Callable[[np.random.Generator], tuple[Array, Array]]:
    """Draws mean, relative to that of `x`, and covariance of resamples; constant of a reference."""
    if isinstance(x, FrechetReference):
        fixed = np.zeros_like(x.mean), x.factor.T @ x.factor
        return lambda _: fixed
    n, centred = len(x), x - x.mean(axis=0)

    def draw(rng: np.random.Generator) -> tuple[Array, Array]:
        # The moments of n rows drawn with replacement, from how often each was drawn.
        counts = np.bincount(rng.integers(0, n, n), minlength=n)
        drawn = np.flatnonzero(counts)
        roots = np.sqrt(counts[drawn])
        rows = centred[drawn]
        rows *= roots[:, None]
        mean = roots @ rows / n
        return mean, (rows.T @ rows - n * np.outer(mean, mean)) / (n - 1)

    return draw


def _factor(covariance: Array) -> Array:
    values, vectors = np.linalg.eigh(covariance)
    factor: Array = (vectors * np.sqrt(values.clip(0))).T
    return factor


def _each_class_twice(labels: Integers, name: str, classes: int) -> None:
    counts = np.bincount(labels, minlength=classes)
    if counts.min() < 2:
        raise ValueError(
            f"every class needs at least 2 samples in {name}; "
            f"class {counts.argmin()} has {counts.min()}"
        )
