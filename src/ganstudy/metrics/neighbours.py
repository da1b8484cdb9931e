"""Nearest neighbours, and precision, recall, density and coverage from them.

Distances are Euclidean and exact to float64, from centred features, in chunks of bounded memory.
In plain float32 an offset of 1,000 on every feature would change the results; here it does not.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ganstudy.metrics.checks import (
    Array,
    Integers,
    as_count,
    as_features,
    read_only,
    same_width,
)

_ELEMENTS = 2**23  # of a chunk of the distance matrix: 32 MiB in float32, 64 MiB in float64
_FEW = 16  # neighbours up to which as many searches for the least beat one partition
# |a|² + |b|² - 2ab has rounding errors of about 1e-14 (|a|² + |b|²). Within 1e-12 of it a distance
# counts as equal to the radius, so that ties (copies!) fall outside of a ball in any chunking.
_TIE = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """The k nearest of a base set for each query, nearest first.

    `indices` int64 (Q, k) into the base; `distances` float64 (Q, k).
    """

    indices: Integers
    distances: Array


@dataclass(frozen=True, slots=True)
class PrecisionRecallDensityCoverage:
    """How two sets of samples overlap; see `precision_recall_density_coverage`."""

    precision: float
    recall: float
    density: float
    coverage: float


def nearest_neighbours(queries: Any, base: Any, k: int = 1) -> Neighbours:
    """The `k` nearest rows of `base` for each row of `queries`.

    `queries` float (Q, d), `base` float (N, d), 1 <= k <= N. A query that is in the base finds
    itself. Distances are computed from the differences, so that of a copy is exactly 0; which of
    equally near rows is found first is not specified.
    """
    queries, base = as_features(queries, "queries"), as_features(base, "base")
    same_width(queries, base, "queries and base")
    as_count(k, "k", 1, len(base))
    return _nearest(queries, base, k)


def neighbour_radii(x: Any, k: int) -> Array:
    """Distance from each row of `x`, float (N, d), to its `k`-th nearest other row, float64 (N,).

    N >= k + 1. The radii of a reference can be computed once and given to
    `precision_recall_density_coverage`.
    """
    as_count(k, "k", 1)
    x = as_features(x, "x", minimum=k + 1)
    return _nearest(x, x, k, others=True).distances[:, -1]


def precision_recall_density_coverage(
    real: Any, fake: Any, k: int = 5, real_radii: Any = None
) -> PrecisionRecallDensityCoverage:
    """Precision, recall, density and coverage of `fake` against `real`.

    Around every sample lies an open ball that reaches to its k-th nearest other sample of the same
    set. Precision: share of fake samples inside some real ball; recall: share of real samples
    inside some fake ball (Kynkäänniemi et al. 2019, arXiv:1904.06991). Density: mean number of
    real balls around a fake sample, over k, in [0, N/k]; coverage: share of real balls that hold a
    fake sample (Naeem et al. 2020, arXiv:2002.09797, eqs. 3 and 4). For equal distributions and
    equal N, E density = 1 and E coverage = `expected_coverage(N, N, k)`.

    `real`, `fake`: float (N, d), N >= k + 1 each; `real_radii`: what `neighbour_radii(real, k)`
    gave, if already known. Balls of duplicates have radius 0 and hold nothing, not even a further
    duplicate: a set of duplicates only scores 0.
    """
    as_count(k, "k", 1)
    real = as_features(real, "real", minimum=k + 1)
    fake = as_features(fake, "fake", minimum=k + 1)
    same_width(real, fake, "real and fake")
    real_radii = neighbour_radii(real, k) if real_radii is None else np.asarray(real_radii)
    if real_radii.shape != (len(real),):
        raise ValueError(f"real_radii must have shape ({len(real)},); it is {real_radii.shape}")
    fake_radii = neighbour_radii(fake, k)

    pairs = precise = 0
    covered = np.zeros(len(real), dtype=np.bool_)
    recalled = np.zeros(len(real), dtype=np.bool_)
    to_real = _SquaredDistances(real, np.float64, _TIE)
    real_squares, fake_squares = (to_real.scaled(r) for r in (real_radii, fake_radii))
    for rows in _chunks(len(fake), len(real)):
        distances = to_real(fake[rows])
        in_real = distances < real_squares
        pairs += int(np.count_nonzero(in_real))
        precise += int(np.count_nonzero(in_real.any(axis=1)))
        covered |= in_real.any(axis=0)
        recalled |= (distances < fake_squares[rows, None]).any(axis=0)
    return PrecisionRecallDensityCoverage(
        precision=precise / len(fake),
        recall=float(recalled.mean()),
        density=pairs / (k * len(fake)),
        coverage=float(covered.mean()),
    )


def expected_coverage(real: int, fake: int, k: int = 5) -> float:
    """Expected coverage of `real` samples by `fake` samples of the same continuous distribution.

    A ball is empty when the k nearest of the other samples are all real:
    1 - prod_(i=1..k) (real - i) / (real + fake - i). At equal counts this is Naeem et al. 2020,
    lemma 2.
    """
    i = np.arange(1, k + 1)
    return float(1 - np.prod((real - i).clip(0) / np.maximum(real + fake - i, 1)))


def ball_coverage(real: Array, fake: Array, radii: Array) -> float:
    """Share of the balls (`real`, `radii`) that hold a row of `fake`; checked arrays, N >= 1."""
    to_real = _SquaredDistances(real, np.float64, _TIE)
    covered = np.zeros(len(real), dtype=np.bool_)
    for rows in _chunks(len(fake), len(real)):
        covered |= (to_real(fake[rows]) < to_real.scaled(radii)).any(axis=0)
    return float(covered.mean())


def _nearest(queries: Array, base: Array, k: int, others: bool = False) -> Neighbours:
    """`nearest_neighbours` on checked arrays; `others` (queries is base) leaves each row out.

    Lower bounds from float32 products choose the k candidates of each query. Where another bound
    is below the candidates' distances, all that are so near compete. Distances are always computed
    in float64 from the differences of the rows as given, so the result is exact.
    """
    indices = np.empty((len(queries), k), dtype=np.int64)
    squares = np.empty((len(queries), k))
    products = _SquaredDistances(base, np.float32, -_rounding(base.shape[1], np.float32))
    for rows in _chunks(len(queries), max(len(base), k * base.shape[1])):
        part, bounds = queries[rows], products(queries[rows])
        if others:
            bounds[np.arange(len(part)), np.arange(rows.start, rows.stop)] = np.inf
        found = _take_least(bounds, k)
        exact = np.sum((base[found] - part[:, None]) ** 2, axis=2)
        # The last term is far above where float32 underflows.
        reach = products.scaled(np.sqrt(exact.max(axis=1))) * (1 + 1e-6) + 1e-30
        doubtful = ~(bounds.min(axis=1) > reach) & (exact.max(axis=1) > 0)  # also where NaN
        for i in np.flatnonzero(doubtful):
            rivals = np.flatnonzero(~(bounds[i] > reach[i]))
            found[i], exact[i] = _nearest_of(np.append(found[i], rivals), part[i], base, k)
        indices[rows], squares[rows] = found, exact
    order = np.lexsort((indices, squares), axis=1)
    return Neighbours(
        read_only(np.take_along_axis(indices, order, axis=1)),
        read_only(np.sqrt(np.take_along_axis(squares, order, axis=1))),
    )


def _take_least(bounds: Any, k: int) -> Integers:
    """Indices (Q, k) of the `k` least of each row of `bounds` (Q, N), which become infinite."""
    every = np.arange(len(bounds))
    if k > _FEW:
        found = np.argpartition(bounds, k - 1, axis=1)[:, :k]
        bounds[every[:, None], found] = np.inf
        return found
    found = np.empty((len(bounds), k), dtype=np.int64)
    for rank in range(k):
        found[:, rank] = bounds.argmin(axis=1)
        bounds[every, found[:, rank]] = np.inf
    return found


def _nearest_of(candidates: Integers, query: Array, base: Array, k: int) -> tuple[Integers, Array]:
    """The `k` nearest of `candidates`, rows of `base`, and their squared distances."""
    squares = np.concatenate(
        [
            np.sum((base[candidates[start : start + 4096]] - query) ** 2, axis=1)
            for start in range(0, len(candidates), 4096)
        ]
    )
    order = np.lexsort((candidates, squares))[:k]
    return candidates[order], squares[order]


class _SquaredDistances:
    """Squared distances to `base` by one matrix product in `dtype`, for many queries.

    |a|² + |b|² - 2ab = [-2a, |a|², 1] · [b, 1, |b|²], centred and scaled so that the longest of
    the base is about 1. `inflation` e adds e (|a|² + |b|²), to one side of the rounding errors.
    """

    def __init__(self, base: Array, dtype: type[np.floating[Any]], inflation: float) -> None:
        self.base = base
        # Any center near the bulk will do. Not the mean: one diverged sample would move it away.
        self._center = np.median(base[:: len(base) // 1024 + 1], axis=0)
        rows = base - self._center
        longest = float(np.sqrt(_norms(rows).max()))
        self._scale = 2.0 ** -np.ceil(np.log2(longest)) if longest > 0 else 1.0
        rows *= self._scale
        self._factor = 1 + inflation
        ones = np.ones((len(base), 1))
        self._right = np.hstack([rows, ones, _norms(rows) * self._factor]).astype(dtype).T
        self._buffer = np.empty((0, len(base)), dtype=dtype)

    def __call__(self, queries: Array) -> Any:
        """(Q, N), in memory that the next call uses again; compare with `scaled` distances.

        Queries 1e15 times as long as the base give NaN or infinity in float32.
        """
        rows = (queries - self._center) * self._scale
        left = np.hstack([-2 * rows, _norms(rows) * self._factor, np.ones((len(rows), 1))])
        if len(rows) > len(self._buffer):
            self._buffer = np.empty((len(rows), len(self.base)), dtype=self._buffer.dtype)
        with np.errstate(over="ignore", invalid="ignore"):
            left = left.astype(self._buffer.dtype)
            return np.matmul(left, self._right, out=self._buffer[: len(rows)])

    def scaled(self, distances: Array) -> Array:
        """Squares of `distances` on the scale of the products."""
        squares: Array = (distances * self._scale) ** 2
        return squares


def _rounding(d: int, dtype: type[np.floating[Any]]) -> float:
    """Relative error of a product of d terms: it grows as sqrt(d); 8 times that is not reached."""
    return float(8 * np.sqrt(d + 8) * np.finfo(dtype).eps / 2)


def _chunks(count: int, width: int) -> Iterator[slice]:
    step = max(1, _ELEMENTS // width)
    for start in range(0, count, step):
        yield slice(start, min(start + step, count))


def _norms(x: Array) -> Array:
    norms: Array = np.einsum("nd,nd->n", x, x)[:, None]
    return norms
