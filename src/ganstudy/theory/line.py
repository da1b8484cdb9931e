"""Distributions on a line that are known whole: mixtures of Gaussians."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from ganstudy.seeding import numpy_generator

Reals = npt.NDArray[np.float64]
FINENESS = 20_001  # places at which the distribution function is tabulated


@dataclass(frozen=True)
class Line:
    """Gaussians around `centers`, each with its deviation of `sigmas` and its share of `shares`,
    which sum to 1."""

    centers: tuple[float, ...]
    sigmas: tuple[float, ...]
    shares: tuple[float, ...]

    def draw(self, count: int, seed: int, purpose: str) -> npt.NDArray[np.float32]:
        """`count` points (count, 1), drawn for (seed, purpose)."""
        rng = numpy_generator(seed, purpose)
        modes = rng.choice(len(self.centers), count, p=self.shares)
        points = np.take(self.centers, modes) + np.take(self.sigmas, modes) * rng.normal(size=count)
        return points[:, None].astype(np.float32)

    def density(self, x: Reals) -> Reals:
        """The density at places x (N,)."""
        z = (x[:, None] - self.centers) / np.array(self.sigmas)
        each = np.exp(-0.5 * z**2) / (np.sqrt(2 * np.pi) * np.array(self.sigmas))
        found: Reals = each @ np.array(self.shares)
        return found

    def quantiles(self, levels: Reals) -> Reals:
        """The places below which are shares `levels` (N,) in (0, 1) of the whole."""
        reach = 8 * max(self.sigmas)
        x = np.linspace(min(self.centers) - reach, max(self.centers) + reach, FINENESS)
        below = ndtr((x[:, None] - self.centers) / np.array(self.sigmas)) @ np.array(self.shares)
        return np.interp(levels, below, x)

    def w1(self, points: npt.NDArray[np.floating]) -> float:
        """The Wasserstein distance of order 1 between `points` (N,) and the distribution: on a line
        the mean distance of quantiles."""
        levels = (np.arange(len(points)) + 0.5) / len(points)
        return float(np.abs(np.sort(points.astype(np.float64)) - self.quantiles(levels)).mean())
