"""All that a report is made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ganstudy.data.images import DataInfo, Split
from ganstudy.files import Images
from ganstudy.params import Params
from ganstudy.reports.comparison import Comparison
from ganstudy.runs import Run, by_family

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
class Course:
    """Metrics of one run at its moments, and where these lie `along` an axis."""

    along: Sequence[float]
    metrics: Sequence[Metrics]


@dataclass(frozen=True)
class Study:
    """The runs of a grid with what was measured of each, and where it all comes from.

    By run key: `alarms` of training in words; `growth`, metrics at each snapshot, and `seconds` of
    training until then, where this machine trained the run; `walks` of images; `neighbours`, the
    training images nearest to samples; D's `landscapes` (side, side) over points; `failures`, why
    a run counts as failed; `missing`, why a run of the grid is not in `runs`. `comparison` is of
    losses over seeds, None where no loss has two.
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
    failures: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    comparison: Comparison | None = None

    def firsts(self) -> Sequence[Run]:
        """The first seed of each `<model>-<loss>`: those whose pictures are shown, unselected."""
        return [family[0] for family in by_family(self.runs).values()]

    def courses(self) -> Mapping[str, Sequence[Course]]:
        """By `<model>-<loss>`, metrics of each run over real samples shown in training."""
        return {
            name: [
                Course(_shown(run, len(self.growth[run.key])), self.growth[run.key]) for run in runs
            ]
            for name, runs in by_family(self.runs).items()
        }

    def courses_in_seconds(self) -> Mapping[str, Sequence[Course]]:
        """The same over seconds of training, of the runs that this machine trained."""
        known = [
            run
            for run in self.runs
            if len(self.seconds.get(run.key, ())) == len(self.growth[run.key])
        ]
        return {
            name: [Course(self.seconds[run.key], self.growth[run.key]) for run in runs]
            for name, runs in by_family(known).items()
        }


def _shown(run: Run, moments: int) -> Sequence[float]:
    """Real samples shown to a run at each of its snapshots, the first `moments` of them."""
    train = run.meta["params"]["train"]
    return [train["images"] * (part + 1) / train["snapshots"] for part in range(moments)]
