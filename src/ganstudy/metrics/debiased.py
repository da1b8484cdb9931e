"""What the Fréchet distance would be with infinitely many samples: estimate, interval, unit, floor.

The distance of N samples is too large by about a constant / N, which depends on the features and
hides small distances wholly. The estimate here extrapolates it to infinite N from two sizes, N and
N/2 (after Chong & Forsyth 2020, arXiv:1911.07023); its interval is of the same quantity, by the
delta method and the noise that different halves show. Both need halves that span the features: at
least 2 (d + 1) samples of d features, or `ValueError` says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, NamedTuple, Self

import numpy as np

from ganstudy.metrics.checks import Array, as_count, as_features, same_width
from ganstudy.metrics.frechet import FrechetReference
from ganstudy.seeding import numpy_generator

SPLITS = 4  # into halves: more lessen the noise of the splits, a quarter of the whole, no further
_ROWS = 8192  # rows that are centred at a time: bounds the memory beside the features themselves
_DEAD = 1e-12  # of the largest variance: directions below carry rounding alone


@dataclass(frozen=True, slots=True)
class FrechetEstimate:
    """The debiased distance in [`low`, `high`], and the same in a unit of its own.

    `relative` = distance / trace of the covariance of the real features, in [`relative_low`,
    `relative_high`]: 0 is real, 1 the distance of one constant image at the mean of the real ones.
    It changes neither with N nor with the scale of the features. More than 1 is worse than that
    constant image. All but the highs may be negative by chance where the truth is about 0.
    """

    distance: float
    low: float
    high: float
    relative: float
    relative_low: float
    relative_high: float


def debiased_frechet_distance(x: Any, y: Any, seed: int = 0) -> float:
    """Fréchet distance without its 1/N bias: 2·FID_N - the mean FID of half against half.

    Both sets are split `SPLITS` times into random halves (drawn from `seed`), and the four pairs of
    halves of each split averaged. Nearly unbiased, hence negative at times; not clipped. A bias of
    higher order remains for features of heavy tails and few samples: it is positive.

    `x`, `y`: float (N, d), N >= 2 (d + 1) each, N may differ; fewer raise `ValueError`. `y` may be
    a `FrechetReference`, which is taken as the truth about the reference and not split.
    """
    x, y = _sides(x, y)
    return _extrapolated(x, y, seed)[0]


def frechet_interval(x: Any, y: Any, level: float = 0.95, seed: int = 0) -> tuple[float, float]:
    """Interval (low, high) of the Fréchet distance at infinite N, about the debiased distance.

    debiased ± z·sqrt(var psi_x / N_x + var psi_y / N_y + (2 + 1/K) s²), z the normal quantile of
    `level`. psi is the influence of each sample on the distance (delta method; Rippl, Munk & Sturm
    2016, arXiv:1507.04090, for the limit law): with A the optimal map from the Gaussian of x to
    that of y, psi_x = 2 (m_x - m_y)ᵀ(x - m_x) + (x - m_x)ᵀ(I - A)(x - m_x), less its mean. It
    vanishes as the two become one, where the distance is of second order. Of that part s², the
    variance between the K = `SPLITS` splits, is half (it is a degenerate U-statistic over pairs,
    of which halves see one in two), and s²/K is left of the splitting.

    `low` may be negative. Inputs are those of `debiased_frechet_distance`; a `FrechetReference` for
    `y` has no variance. reports/evaluation.md tells the coverage by N, d and features: at d = 64
    and 128 nominal or above, where the truth is 0 by an interval up to twice as wide as it had to
    be. It costs what about 20 distances do.
    """
    _between_0_and_1(level)
    found = _debiased(*_sides(x, y), seed)
    return _about(found.distance, found.variance(0.0), level)


def frechet_estimate(x: Any, y: Any, level: float = 0.95, seed: int = 0) -> FrechetEstimate:
    """The debiased distance of samples `x` from real `y`, also relative to the trace of the real
    covariance, with their intervals; that of the ratio knows that the trace is estimated too.

    Inputs and errors are those of `frechet_interval`; real features that are constant have no
    trace, and raise `ValueError`.
    """
    _between_0_and_1(level)
    x, y = _sides(x, y)
    found = _debiased(x, y, seed)
    if found.trace == 0:
        raise ValueError("y must not be constant: its distances are relative to its variance")
    low, high = _about(found.distance, found.variance(0.0), level)
    ratio = found.distance / found.trace
    relative_low, relative_high = _about(ratio, found.variance(ratio) / found.trace**2, level)
    return FrechetEstimate(found.distance, low, high, ratio, relative_low, relative_high)


def frechet_floors(pool: Sequence[Any], count: int, splits: int = 20, seed: int = 0) -> Array:
    """Fréchet distances of real samples from real ones, float64 (`splits`,): what `count` perfect
    samples score against a reference of `count`.

    Each is of two disjoint random sets of `count` rows of the `pool`, one or more float arrays
    (N_i, d) that are taken as one; drawn from `seed`. A pool of fewer than 2 `count` rows raises
    `ValueError`.
    """
    pool = [as_features(part, "pool", minimum=1) for part in pool]
    for part in pool:
        same_width(part, pool[0], "parts of the pool")
    as_count(count, "count", 2)
    as_count(splits, "splits", 1)
    total = sum(map(len, pool))
    if total < 2 * count:
        raise ValueError(f"two sets of {count} real samples need {2 * count}; there are {total}")
    rng = numpy_generator(seed, "floor of the Fréchet distance")
    floors = np.empty(splits)
    for index in range(splits):
        rows = rng.permutation(total)[: 2 * count]
        a, b = (_Gaussian.of(_rows(pool, part)) for part in (rows[:count], rows[count:]))
        floors[index] = _distance(a, a.root(), b)
    return floors


class _Gaussian(NamedTuple):
    """Mean (d,) and covariance (d, d) of a sample set: less exact than a `FrechetReference` where
    the covariance is singular (1e-8 of its scale a dimension), and several times cheaper."""

    mean: Array
    covariance: Array

    @classmethod
    def of(cls, x: Array) -> Self:
        """That of the rows of `x`, divided by N - 1."""
        mean = x.mean(axis=0)
        total = np.zeros((x.shape[1], x.shape[1]))
        for start in range(0, len(x), _ROWS):
            rows = x[start : start + _ROWS] - mean
            total += rows.T @ rows
        return cls(mean, total / (len(x) - 1))

    def root(self) -> Array:
        """F (d, d) with F Fᵀ = covariance."""
        try:
            return np.asarray(np.linalg.cholesky(self.covariance))
        except np.linalg.LinAlgError:  # singular: dead features
            values, vectors = np.linalg.eigh(self.covariance)
            return np.asarray(vectors * np.sqrt(values.clip(0)))


def _distance(a: _Gaussian, root: Array, b: _Gaussian) -> float:
    """FID, F1 the `root` of `a`: eigenvalues are the squared singular values of F1ᵀ F2."""
    squares = np.linalg.eigvalsh(root.T @ b.covariance @ root)
    traces = np.trace(a.covariance) + np.trace(b.covariance)
    return float(np.sum((a.mean - b.mean) ** 2) + traces - 2 * np.sqrt(squares.clip(0)).sum())


class _Debiased(NamedTuple):
    distance: float
    splitting: float  # variance of the distance that is not of first order
    first: Array  # influence of each sample of x; of each of y; and on the trace of y's covariance
    second: Array
    on_trace: Array
    trace: float

    def variance(self, ratio: float) -> float:
        """Of distance - `ratio`·trace."""
        second = self.second - ratio * self.on_trace
        return self.splitting + _variance_of_mean(self.first) + _variance_of_mean(second)


def _debiased(x: Array, y: Array | FrechetReference, seed: int) -> _Debiased:
    distance, splitting = _extrapolated(x, y, seed)
    a, b = _Gaussian.of(x), _gaussian(y)
    if isinstance(y, FrechetReference):
        second = on_trace = np.zeros(1)
    else:
        second, on_trace = _influence(y, b, a), ((y - b.mean) ** 2).sum(axis=1)
    trace = float(np.trace(b.covariance))
    return _Debiased(distance, splitting, _influence(x, a, b), second, on_trace, trace)


def _extrapolated(x: Array, y: Array | FrechetReference, seed: int) -> tuple[float, float]:
    """The debiased distance, and the variance of it that the splits show."""
    rng = numpy_generator(seed, "halves of the debiased Fréchet distance")
    smaller = np.array([_of_halves(_halves(x, rng), _halves(y, rng)) for _ in range(SPLITS)])
    a = _Gaussian.of(x)
    distance = 2 * _distance(a, a.root(), _gaussian(y)) - float(smaller.mean())
    return distance, float((2 + 1 / SPLITS) * smaller.var(ddof=1))


def _of_halves(x: Sequence[_Gaussian], y: Sequence[_Gaussian]) -> float:
    """Mean distance of each of `x` from each of `y`."""
    found = []
    for a in x:
        root = a.root()
        found += [_distance(a, root, b) for b in y]
    return float(np.mean(found))


def _halves(x: Array | FrechetReference, rng: np.random.Generator) -> Sequence[_Gaussian]:
    if isinstance(x, FrechetReference):
        return [_gaussian(x)]
    order = rng.permutation(len(x))
    middle = len(x) // 2
    return [_Gaussian.of(x[order[:middle]]), _Gaussian.of(x[order[middle:]])]


def _gaussian(x: Array | FrechetReference) -> _Gaussian:
    if isinstance(x, FrechetReference):
        return _Gaussian(x.mean, x.factor.T @ x.factor)
    return _Gaussian.of(x)


def _influence(x: Array, own: _Gaussian, other: _Gaussian) -> Array:
    """Of each row of `x`, whose Gaussian is `own`, on the distance of that to the `other`, (N,), up
    to a constant: its first derivative as the row gains weight."""
    values, vectors = np.linalg.eigh(own.covariance)
    alive = values > _DEAD * values[-1]
    scales, vectors = np.sqrt(values[alive]), vectors[:, alive]
    # The optimal map F⁺ᵀ (Fᵀ S F)^(1/2) F⁺, own covariance F Fᵀ, on the directions x varies in.
    factor = vectors * scales
    squares, axes = np.linalg.eigh(factor.T @ other.covariance @ factor)
    towards = (vectors / scales) @ axes * squares.clip(0) ** 0.25
    bend = np.eye(x.shape[1]) - towards @ towards.T
    apart = 2 * (own.mean - other.mean)
    found = np.empty(len(x))
    for start in range(0, len(x), _ROWS):
        rows = x[start : start + _ROWS] - own.mean
        found[start : start + _ROWS] = ((rows @ bend + apart) * rows).sum(axis=1)
    return found


def _variance_of_mean(values: Array) -> float:
    return float(values.var(ddof=1) / len(values)) if len(values) > 1 else 0.0


def _about(value: float, variance: float, level: float) -> tuple[float, float]:
    margin = NormalDist().inv_cdf((1 + level) / 2) * float(np.sqrt(variance))
    return value - margin, value + margin


def _sides(x: Any, y: Any) -> tuple[Array, Array | FrechetReference]:
    x = as_features(x, "x", minimum=2)
    y = y if isinstance(y, FrechetReference) else as_features(y, "y", minimum=2)
    same_width(x, y.factor if isinstance(y, FrechetReference) else y, "x and y")
    _spanned(x, "x")
    if not isinstance(y, FrechetReference):
        _spanned(y, "y")
    return x, y


def _spanned(x: Array, name: str) -> None:
    """A half of fewer samples than features + 1 is not near the law that extrapolation assumes."""
    count, d = x.shape
    if count < (fewest := 2 * (d + 1)):
        raise ValueError(
            f"{name} needs at least {fewest} samples, 2 (d + 1) of d = {d} features, for its bias "
            f"to be known from its halves; it has {count}"
        )


def _rows(parts: Sequence[Array], rows: Any) -> Array:
    """Those rows of all `parts`, numbered through, without a copy of the whole."""
    starts = np.cumsum([0, *map(len, parts)])
    return np.concatenate(
        [
            part[rows[(rows >= start) & (rows < start + len(part))] - start]
            for part, start in zip(parts, starts, strict=False)
        ]
    )


def _between_0_and_1(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1; it is {level!r}")
