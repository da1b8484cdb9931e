"""Mode statistics where the truth is known: mixtures of Gaussians, and stacked images."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ganstudy.metrics.checks import (
    Array,
    Integers,
    as_count,
    as_features,
    as_labels,
    as_shares,
    read_only,
    same_width,
)
from ganstudy.metrics.neighbours import nearest_neighbours

# The rings and grids of PacGAN (Lin et al. 2018, arXiv:1712.04086, section 4.1).
RING_MODES, RING_RADIUS, RING_SIGMA = 8, 1.0, 0.01
GRID_SIDE, GRID_SPACING, GRID_SIGMA = 5, 2.0, 0.05
POINTS = 2500
# On so many samples PacGAN counts the modes of stacked images.
STACKED_SAMPLES = 26_000

HIGH_QUALITY_SIGMAS = 3.0
STRICT = 1 / 4  # of its weight a mode must have in high-quality samples


@dataclass(frozen=True, slots=True, eq=False)
class ModeStatistics:
    """How samples fall onto the modes of a known mixture.

    `modes_captured`: modes with a high-quality sample (the papers' count).
    `modes_captured_strict`: modes whose high-quality samples, as a share of all samples, are at
    least 1/4 of the mode's weight.
    `high_quality`: share of samples within 3 sigma of a mode (a perfect 2-D sampler: .989).
    `mode_kl`: KL(generated || true mode weights) of the high-quality samples, in nats; where there
    is none, log(1 / smallest weight), the greatest value it can have.
    `within_mode_variance`: variance inside the modes over the true one: 1 for a perfect sampler, 0
    for points; 0 too when no mode has two high-quality samples.
    `shares` (K,): the modes' shares of the high-quality samples.
    """

    modes_captured: int
    modes_captured_strict: int
    high_quality: float
    mode_kl: float
    within_mode_variance: float
    shares: Array


@dataclass(frozen=True, slots=True)
class StackedModeStatistics:
    """Modes among classes³ seen, KL(generated || data) in nats, and that KL's floor.

    `mode_kl_floor` is the expectation for a perfect sampler at the same number of samples, about
    (modes - 1) / 2N: .019 for 1,000 modes at 26,000 samples.
    """

    modes_captured: int
    mode_kl: float
    mode_kl_floor: float


def ring_centers(modes: int = RING_MODES, radius: float = RING_RADIUS) -> Array:
    """Centres of modes on a circle, float64 (modes, 2), counterclockwise from (radius, 0)."""
    angles = 2 * np.pi * np.arange(as_count(modes, "modes", 1)) / modes
    return radius * np.column_stack([np.cos(angles), np.sin(angles)])


def grid_centers(side: int = GRID_SIDE, spacing: float = GRID_SPACING) -> Array:
    """Centres of `side`² modes on a square grid around 0, float64 (side², 2), row by row."""
    line = (np.arange(as_count(side, "side", 1)) - (side - 1) / 2) * spacing
    return np.column_stack([np.repeat(line, side), np.tile(line, side)])


def mode_statistics(points: Any, centers: Any, sigma: float, weights: Any = None) -> ModeStatistics:
    """Statistics of `points` against a mixture of isotropic Gaussians.

    `points` float (N, d); `centers` float (K, d); `sigma` > 0, the deviation of every mode in each
    dimension; `weights` float (K,), all > 0, equal if None. A point belongs to the nearest centre.
    """
    points, centers = as_features(points, "points"), as_features(centers, "centers")
    same_width(points, centers, "points and centers")
    if not 0 < sigma < np.inf:
        raise ValueError(f"sigma must be a number > 0; it is {sigma!r}")
    modes = len(centers)
    weights = np.full(modes, 1 / modes) if weights is None else _positive(weights, modes)

    nearest = nearest_neighbours(points, centers)
    mode, distance = nearest.indices[:, 0], nearest.distances[:, 0]
    good = distance <= HIGH_QUALITY_SIGMAS * sigma
    counts = np.bincount(mode[good], minlength=modes)
    shares = counts / max(int(counts.sum()), 1)
    return ModeStatistics(
        modes_captured=int(np.count_nonzero(counts)),
        modes_captured_strict=int(np.count_nonzero(counts / len(points) >= STRICT * weights)),
        high_quality=float(good.mean()),
        mode_kl=_kl(shares, weights) if good.any() else float(-np.log(weights.min())),
        within_mode_variance=_variance_ratio(points[good], mode[good], modes, sigma),
        shares=read_only(shares),
    )


def stacked_mode_statistics(
    labels: Any, classes: int = 10, class_shares: Any = None
) -> StackedModeStatistics:
    """Statistics of stacked images whose three channels were labelled by a judge.

    `labels` integers (N, 3) in 0 … `classes` - 1; `class_shares` float (classes,), all > 0, of the
    images that were stacked, drawn independently for each channel; equal if None.
    """
    as_count(classes, "classes", 1)
    count = len(labels) if np.ndim(labels) else 0
    labels = as_labels(labels, "labels", (count, 3), classes)
    if count == 0:
        raise ValueError("labels needs at least 1 sample; it has 0")
    share = (
        np.full(classes, 1 / classes) if class_shares is None else _positive(class_shares, classes)
    )
    truth = np.einsum("i,j,k->ijk", share, share, share).ravel()
    modes = np.ravel_multi_index(tuple(labels.T), (classes,) * 3)
    counts = np.bincount(modes, minlength=classes**3)
    return StackedModeStatistics(
        modes_captured=int(np.count_nonzero(counts)),
        mode_kl=_kl(counts / count, truth),
        mode_kl_floor=mode_kl_floor(count, truth),
    )


def mode_kl_floor(samples: int, weights: Any) -> float:
    """E KL(observed shares || `weights`), in nats, over `samples` draws from `weights`; exact.

    `weights` float (K,), all > 0. Each mode's count n is binomial: the sum over the modes of
    E (n/N) log(n / (N p)).
    """
    from scipy.special import gammaln, xlogy

    as_count(samples, "samples", 1)
    weights = _positive(weights, len(weights))
    probabilities, repeats = np.unique(weights, return_counts=True)
    n = np.arange(1, samples + 1)
    choose = gammaln(samples + 1) - gammaln(n + 1) - gammaln(samples - n + 1)
    total = 0.0
    for p, times in zip(probabilities, repeats, strict=True):
        chance = np.exp(choose + xlogy(n, p) + xlogy(samples - n, 1 - p))
        total += times * float(np.sum(chance * n / samples * np.log(n / (samples * p))))
    return total


def _kl(shares: Array, weights: Array) -> float:
    from scipy.special import rel_entr

    return max(0.0, float(rel_entr(shares, weights).sum()))


def _variance_ratio(points: Array, mode: Integers, modes: int, sigma: float) -> float:
    """Pooled variance around each mode's own mean over that of a Gaussian cut at 3 sigma."""
    from scipy.special import gammainc

    counts = np.bincount(mode, minlength=modes)
    freedom = int(np.maximum(counts - 1, 0).sum())
    if freedom == 0:
        return 0.0
    sums = np.zeros((modes, points.shape[1]))
    np.add.at(sums, mode, points)
    means = sums / np.maximum(counts, 1)[:, None]
    variance = np.sum((points - means[mode]) ** 2) / freedom
    # E r² of a d-dimensional standard Gaussian given r <= 3, from chi-square probabilities.
    d, half = points.shape[1], HIGH_QUALITY_SIGMAS**2 / 2
    within = d * gammainc(d / 2 + 1, half) / gammainc(d / 2, half)
    return float(variance / (within * sigma**2))


def _positive(weights: Any, count: int) -> Array:
    shares = as_shares(weights, "weights", count)
    if shares.min() <= 0:
        raise ValueError(f"weights must be > 0; the smallest is {shares.min()}")
    return shares
