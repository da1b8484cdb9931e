"""Does the interval of the Fréchet distance hold the truth? Shown on features whose truth is known.

Each repeat draws two fresh sample sets and asks for a 95 % interval. Two ways are compared on the
same draws: ours (basic bootstrap, reflected at the estimate) and the percentile interval that is
often reported instead.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ganstudy.metrics import frechet_distance, frechet_interval
from ganstudy.progress import Meter
from ganstudy.seeding import numpy_generator

Floats = npt.NDArray[np.float64]
REPEATS, RESAMPLES, LEVEL = 40, 200, 0.95
POPULATION = 400_000  # draws that stand for the truth where no formula does


@dataclass(frozen=True)
class Case:
    """Two distributions of features: `draw(rng, side, count)`, side 0 or 1."""

    name: str
    d: int
    samples: int
    draw: Callable[[np.random.Generator, int, int], Floats]
    truth: float


@dataclass(frozen=True)
class Found:
    """How many of REPEATS intervals held the truth."""

    case: Case
    basic: int
    percentile: int
    width: float


def cases() -> Iterator[Case]:
    for d, samples in ((16, 1_000), (64, 5_000), (128, 10_000)):
        yield _gaussians(d, samples)
    yield _rectified(64, 5_000)


def measure(case: Case) -> Found:
    basic, percentile, widths = 0, 0, []
    with Meter(f"interval, {case.name}, d = {case.d}", REPEATS, "repeats") as meter:
        for repeat in range(REPEATS):
            rng = numpy_generator(repeat, f"interval benchmark {case.name} {case.d}")
            x, y = (case.draw(rng, side, case.samples) for side in (0, 1))
            low, high = frechet_interval(x, y, LEVEL, RESAMPLES, seed=repeat)
            f = frechet_distance(x, y)
            basic += low <= case.truth <= high
            percentile += 2 * f - high <= case.truth <= 2 * f - low
            widths.append(high - low)
            meter.advance(1)
    return Found(case, basic, percentile, float(np.mean(widths)))


def _gaussians(d: int, samples: int) -> Case:
    """Two Gaussians with other means and spreads: the closed form is the truth."""
    scales = np.linspace(0.5, 1.5, d), np.linspace(0.6, 1.4, d)
    shift = 0.1

    def draw(rng: np.random.Generator, side: int, count: int) -> Floats:
        return rng.normal(size=(count, d)) * scales[side] + shift * side

    truth = d * shift**2 + float(np.sum((scales[0] - scales[1]) ** 2))
    return Case("Gaussian", d, samples, draw, truth)


def _rectified(d: int, samples: int) -> Case:
    """Mixed and rectified Gaussians, skewed and correlated as a network's features are."""
    rng = numpy_generator(0, "interval benchmark mixing")
    mixing = rng.normal(size=(2, d, d)) / np.sqrt(d)
    mixing[1] = 0.9 * mixing[0] + 0.1 * mixing[1]

    def draw(rng: np.random.Generator, side: int, count: int) -> Floats:
        return np.asarray(np.maximum(rng.normal(size=(count, d)) @ mixing[side] + 0.2, 0))

    rng = numpy_generator(1, "interval benchmark population")
    truth = frechet_distance(*(draw(rng, side, POPULATION) for side in (0, 1)))
    return Case("rectified", d, samples, draw, truth)
