"""Points on a plane whose distribution is known: mixtures of Gaussians of equal weight."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ganstudy import metrics
from ganstudy.data.images import Split
from ganstudy.data.locations import Raw
from ganstudy.seeding import numpy_generator

TRAIN, TEST, SEED = 100_000, 25_000, 0


@dataclass(frozen=True)
class Mixture:
    """Gaussians around `centers` float64 (K, 2), each with deviation `sigma` in both directions."""

    centers: npt.NDArray[np.float64]
    sigma: float

    def draw(self, count: int, purpose: str) -> Split:
        """`count` points float32 (count, 2), labelled by their mode; the same on every machine."""
        rng = numpy_generator(SEED, f"points for {purpose}")
        modes = rng.integers(0, len(self.centers), count)
        points = self.centers[modes] + self.sigma * rng.standard_normal((count, 2))
        return Split(points.astype(np.float32), modes.astype(np.int64))

    def raw(self) -> Raw:
        """The data set: training and test points."""
        classes = tuple(str(mode) for mode in range(len(self.centers)))
        return Raw(self.draw(TRAIN, "training"), self.draw(TEST, "test"), classes)


# The ring and the grid of PacGAN (Lin et al. 2018, arXiv:1712.04086, section 4.1).
MIXTURES: Mapping[str, Mixture] = {
    "ring": Mixture(metrics.ring_centers(), metrics.RING_SIGMA),
    "grid": Mixture(metrics.grid_centers(), metrics.GRID_SIGMA),
}
