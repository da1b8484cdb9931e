"""All that a report is made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ganstudy.data.images import DataInfo, Split
from ganstudy.files import Images
from ganstudy.params import Params
from ganstudy.runs import Run

Metrics = Mapping[str, Any]
LOOKED_AT = 500  # samples among which those closest to training images are sought


@dataclass(frozen=True)
class Walk:
    """Images (rows, steps, H, W, C): `interpolation` between two codes a row, `traversal` along
    one dimension a row; `ends` says what the codes at the ends are."""

    interpolation: Images
    traversal: Images
    ends: str


@dataclass(frozen=True)
class Nearest:
    """Samples beside the training images nearest to them: `first` the first samples, `closest`
    those of the first LOOKED_AT that are nearest to a training image; both (rows, 1 + k, H, W, C),
    the sample first in its row."""

    first: Images
    closest: Images


@dataclass(frozen=True)
class Study:
    """The runs of a grid with what was measured of each, and where it all comes from.

    By run key: `alarms` of training in words; `growth`, metrics at each snapshot, and `seconds` of
    training until then, where this machine trained the run; `walks` of images; `neighbours`, the
    training images nearest to samples; D's `landscapes` (side, side) over points.
    """

    params: Params
    data: DataInfo
    reference: Split
    real: dict[str, Any]
    runs: Sequence[Run]
    command: str
    provenance: str
    alarms: Mapping[str, Sequence[str]] = field(default_factory=dict)
    growth: Mapping[str, Sequence[Metrics]] = field(default_factory=dict)
    seconds: Mapping[str, Sequence[float]] = field(default_factory=dict)
    walks: Mapping[str, Walk] = field(default_factory=dict)
    neighbours: Mapping[str, Nearest] = field(default_factory=dict)
    landscapes: Mapping[str, npt.NDArray[np.float64]] = field(default_factory=dict)

    def shown(self) -> Sequence[float]:
        """Real samples shown in training at each of the snapshots."""
        train = self.params.train
        return [train.images * (part + 1) / train.snapshots for part in range(train.snapshots)]
