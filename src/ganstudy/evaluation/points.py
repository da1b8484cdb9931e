"""Points: the truth is known, so the mixture itself is the judge."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ganstudy import metrics
from ganstudy.data.images import Split, load_info, load_split
from ganstudy.data.points import MIXTURES
from ganstudy.errors import InputError
from ganstudy.files import Samples, read_samples, sha256_arrays
from ganstudy.params import Params
from ganstudy.study import layout

Values = dict[str, Any]
Floats = npt.NDArray[np.float64]
MARGIN, CELLS = 10, 1.5  # of a grid, in deviations of a mode: around the modes, and a deviation


class PointProtocol:
    """Mode statistics against the mixture that the prepared data were drawn from."""

    def __init__(self, params: Params, device: torch.device) -> None:
        self._params = params
        self._name = load_info(layout.PREPARED).name
        self._mixture = MIXTURES[self._name]

    def read(self, path: Path) -> Split:
        """An npz with points float32 (N, 2)."""
        if path.is_dir() or path.suffix != ".npz":
            raise InputError(f"{path}: points are an .npz with arr_0 float32 (N, 2)")
        return Split(*read_samples(path))

    def measure(self, samples: Split, reference: Split | None) -> Values:
        """The statistics of the first `sample.count` points; a reference adds nothing."""
        points = samples.images[: self._params.sample.count]
        if points.ndim != 2 or points.shape[1] != 2:
            raise InputError(f"{self._name} is measured on points (N, 2), not {points.shape}")
        mixture = self._mixture
        found = metrics.mode_statistics(points, mixture.centers, mixture.sigma)
        test = reference or load_split(layout.PREPARED, "test")
        return {
            "modes": len(mixture.centers),
            "modes_captured": found.modes_captured,
            "modes_captured_strict": found.modes_captured_strict,
            "high_quality": found.high_quality,
            "mode_kl": found.mode_kl,
            "within_mode_variance": found.within_mode_variance,
            "samples": len(points),
            "reference": len(test.images),
            "reference_sha256": test.digest(),
            "judge": f"mixture-{self._name}",
            "judge_sha256": sha256_arrays(mixture.centers, np.array(mixture.sigma)),
            "judge_accuracy": 1.0,
            "seed": self._params.evaluate.seed,
        }

    def density(self, log_density: Callable[[Floats], Floats]) -> Values:
        """`density_kl`: KL(truth || density) on a grid around all modes, for a log density (N,) at
        points (N, 2) that is known but for a constant."""
        mixture = self._mixture
        reach = float(np.abs(mixture.centers).max()) + MARGIN * mixture.sigma
        points = metrics.grid_points(reach, math.ceil(2 * reach * CELLS / mixture.sigma))
        truth = metrics.mixture_log_density(points, mixture.centers, mixture.sigma)
        return {"density_kl": metrics.density_kl(truth, log_density(points))}

    def snapshot_metrics(self, samples: Split) -> Values:
        """The same of a snapshot."""
        return self.measure(samples, None)

    def nearest(self, samples: Samples, k: int) -> None:
        """Nothing: every point is new."""

    def measure_real(self) -> Values:
        """The same of as many training points."""
        return self.measure(load_split(layout.PREPARED, "train"), None)
