"""Does the interval of the Fréchet distance hold the truth? Shown on features whose truth is known.

Equal Gaussians: N(0, I) twice, the truth is 0. Different: other means and spreads, the closed form
is the truth. 1/k: one law whose k-th feature has a standard deviation of 1/k. Rectified: mixed and
cut at 0, skewed and correlated as a network's features are, one tenth of the mixing exchanged; the
truth follows from their moments (Cho & Saul 2009, the arc-cosine kernel of degree 1).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ganstudy.metrics import FrechetReference, frechet_distance, frechet_interval
from ganstudy.progress import ProgressBar
from ganstudy.seeding import numpy_generator

Floats = npt.NDArray[np.float64]
LEVEL = 0.95
RATIOS = (3, 5, 10, 20, 60)
REPEATS = {64: 40, 128: 40, 512: 20}  # by dimensions: the whole takes a quarter of an hour
FEWER = 10  # of the largest


@dataclass(frozen=True)
class Case:
    """Two distributions of d features, and `repeats` of N = `samples` of each: `draw(rng, side,
    count)`, side 0 or 1."""

    name: str
    d: int
    samples: int
    repeats: int
    draw: Callable[[np.random.Generator, int, int], Floats]
    truth: float


@dataclass(frozen=True)
class Found:
    """How many of the `repeats` `held` the truth; half-width over the spread of their middles."""

    case: Case
    repeats: int
    held: int
    width: float


def cases() -> Iterator[Case]:
    for make in (_equal, _different, _decaying, _rectified):
        for d, repeats in REPEATS.items():
            name, draw, truth = make(d)
            for ratio in RATIOS:
                few = FEWER if ratio * d > 20_000 else repeats
                yield Case(name, d, ratio * d, few, draw, truth)


def measure(case: Case) -> Found:
    found = []
    with ProgressBar(
        f"{case.name}, d {case.d}, N {case.samples}", case.repeats, "repeats"
    ) as meter:
        for repeat in range(case.repeats):
            rng = numpy_generator(repeat, f"interval benchmark {case.name} {case.d} {case.samples}")
            x, y = (case.draw(rng, side, case.samples) for side in (0, 1))
            found.append(frechet_interval(x, y, LEVEL, seed=repeat))
            meter.advance(1)
    low, high = np.array(found).T
    held = int(np.sum((low <= case.truth) & (case.truth <= high)))
    width = np.mean(high - low) / 2 / np.std((low + high) / 2, ddof=1)
    return Found(case, case.repeats, held, float(width))


Law = tuple[str, Callable[[np.random.Generator, int, int], Floats], float]


def _equal(d: int) -> Law:
    return "equal Gaussians", lambda rng, _, count: rng.normal(size=(count, d)), 0.0


def _different(d: int) -> Law:
    scales = np.linspace(0.5, 1.5, d), np.linspace(0.6, 1.4, d)
    shift = 0.1

    def draw(rng: np.random.Generator, side: int, count: int) -> Floats:
        return rng.normal(size=(count, d)) * scales[side] + shift * side

    truth = d * shift**2 + float(np.sum((scales[0] - scales[1]) ** 2))
    return "different Gaussians", draw, truth


def _decaying(d: int) -> Law:
    scales = 1 / np.arange(1, d + 1)
    return "1/k spectrum", lambda rng, _, count: rng.normal(size=(count, d)) * scales, 0.0


def _rectified(d: int) -> Law:
    rng = numpy_generator(0, "interval benchmark mixing")
    mixing = rng.normal(size=(2, d, d)) / np.sqrt(d)
    mixing[1] = 0.9 * mixing[0] + 0.1 * mixing[1]

    def draw(rng: np.random.Generator, side: int, count: int) -> Floats:
        return np.asarray(np.maximum(rng.normal(size=(count, d)) @ mixing[side], 0))

    truth = frechet_distance(_of_rectified(mixing[0]), _of_rectified(mixing[1]))
    return "rectified", draw, truth


def _of_rectified(mixing: Floats) -> FrechetReference:
    """Moments of max(0, z `mixing`), z standard normal."""
    covariance = mixing.T @ mixing
    scales = np.sqrt(np.diag(covariance))
    cosine = np.clip(covariance / np.outer(scales, scales), -1, 1)
    kernel = np.sqrt(1 - cosine**2) + (np.pi - np.arccos(cosine)) * cosine
    mean = scales / np.sqrt(2 * np.pi)
    second = np.outer(scales, scales) * kernel / (2 * np.pi)
    values, vectors = np.linalg.eigh(second - np.outer(mean, mean))
    return FrechetReference(mean, (vectors * np.sqrt(values.clip(0))).T, 10**9)
