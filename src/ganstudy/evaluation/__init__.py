"""What is measured of each kind of data: images, stacked images, points.

A protocol reads samples, measures them against a reference, and measures real training data in
their place (the floor). Its values are one flat JSON; definitions are in `ganstudy.metrics`.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import torch

from ganstudy.data.images import Split
from ganstudy.dataset import Array, Dataset
from ganstudy.evaluation.captions import CaptionProtocol
from ganstudy.evaluation.domains import DomainProtocol
from ganstudy.evaluation.images import ImageProtocol
from ganstudy.evaluation.pairs import PairProtocol
from ganstudy.evaluation.points import PointProtocol
from ganstudy.evaluation.stacked import StackedProtocol
from ganstudy.evaluation.voxels import VoxelProtocol
from ganstudy.files import Images, Samples
from ganstudy.metrics import Neighbours
from ganstudy.params import Kind, Params


class MeasuringProtocol(Protocol):
    """How one kind of data is measured."""

    def read(self, path: Path) -> Split:
        """Anybody's samples: an npz or, for images, a folder."""

    def measure(self, samples: Split, reference: Split | None) -> dict[str, Any]:
        """`samples` against `reference`, or the test split and the training data where None."""

    def snapshot_metrics(self, samples: Split) -> dict[str, Any]:
        """What is cheap enough to measure of every snapshot of every run; may be nothing."""

    def nearest(self, samples: Samples, k: int) -> Neighbours | None:
        """The `k` training samples nearest to each of `samples`; None where that means nothing."""

    def measure_real(self) -> dict[str, Any]:
        """Real training samples in the place of generated ones."""


PROTOCOLS: dict[Kind, Callable[[Params, torch.device], MeasuringProtocol]] = {
    "images": ImageProtocol,
    "stacked": StackedProtocol,
    "points": PointProtocol,
}


class FieldProtocol(Protocol):
    """How data of named fields is measured: by how a model's outputs stand to what it was given and
    to what they should be."""

    def measure(self, outputs: Mapping[str, Array], test: Dataset) -> dict[str, Any]:
        """The outputs for rows of the test split, in its order, which may be fewer than it has."""

    def measure_real(self) -> dict[str, Any]:
        """What outputs are compared with: inputs copied, the mean, interpolation, real images."""

    def shown(self, outputs: Mapping[str, Array], test: Dataset) -> Mapping[str, Images]:
        """Columns of pictures, uint8 (N, H, W, C), in the order of reading: input, output, truth.
        Rows are those of the test split."""


FIELD_PROTOCOLS: dict[Kind, Callable[[Params, torch.device], FieldProtocol]] = {
    "captions": CaptionProtocol,
    "voxels": VoxelProtocol,
    "pairs": PairProtocol,
    "domains": DomainProtocol,
}

__all__ = ["FIELD_PROTOCOLS", "PROTOCOLS", "FieldProtocol", "MeasuringProtocol"]
