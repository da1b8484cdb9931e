"""All that a report is made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt

from ganstudy.claims import Claim
from ganstudy.data.images import DataInfo, Split
from ganstudy.evidence.limits import KEPT, LOOKED_AT
from ganstudy.files import Images, Samples
from ganstudy.params import Params
from ganstudy.reports.comparison import Comparison
from ganstudy.reports.floors import floor_of
from ganstudy.study.runs import Run, by_family

__all__ = [
    "KEPT",
    "LOOKED_AT",
    "Metrics",
    "Nearest",
    "Study",
    "Walk",
    "by_class",
    "shown",
]

Metrics = Mapping[str, Any]


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
    """The runs of a grid with what was measured of each, and where it all comes from: `source`
    names the commit that measured it, DVC's experiment, and the `others` among commits; `command`
    makes the study.

    `reference` has the real samples that are shown; `counts` tells how many of the whole reference
    are of each class, where that is known, and `farthest` its largest coordinate.

    By run key: `alarms` of training in words; `samples` of the first seeds; `snapshots` of images
    (T, N, H, W, C), the first KEPT at each; `growth`, metrics at each snapshot, and `seconds` of
    training until then, where the machine that measured the run trained it; `walks` of images;
    `neighbours`, the training images nearest to samples; ranks of D's scores over points as
    `landscapes` (side, side); `failures`, why a run counts as failed; `missing`, why a run of the
    grid is not in `runs`; `lacking`, by piece, why it is not shown. `comparison` is of losses over
    seeds, None where no loss has two. `claims` are those that the study declares.
    """

    params: Params
    data: DataInfo
    reference: Split
    real: dict[str, Any]
    runs: Sequence[Run]
    command: str
    source: Mapping[str, str]
    counts: Sequence[int] = ()
    farthest: float = 0.0
    alarms: Mapping[str, Sequence[str]] = field(default_factory=dict)
    samples: Mapping[str, Samples] = field(default_factory=dict)
    snapshots: Mapping[str, Images] = field(default_factory=dict)
    growth: Mapping[str, Sequence[Metrics]] = field(default_factory=dict)
    seconds: Mapping[str, Sequence[float]] = field(default_factory=dict)
    walks: Mapping[str, Walk] = field(default_factory=dict)
    neighbours: Mapping[str, Nearest] = field(default_factory=dict)
    landscapes: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    lacking: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    comparison: Comparison | None = None
    claims: Sequence[Claim] = ()

    def firsts(self) -> Sequence[Run]:
        """The first seed of each `<model>-<loss>`: those whose pictures are shown, unselected."""
        return [family[0] for family in by_family(self.runs).values()]

    def grown(self) -> bool:
        """Whether metrics of the snapshots are there."""
        return all(self.growth.get(run.key) for run in self.runs)

    def growth_floors(self) -> dict[str, float]:
        """What real images have of what is followed in training, about, at as many samples."""
        followed = [grown[0] for grown in self.growth.values() if grown]
        floor = floor_of(self.real, followed[0]["samples"]) if followed else None
        return {} if floor is None else {"fid": floor}

    def is_timed(self, run: Run) -> bool:
        """Whether this machine knows how long its training took until each snapshot."""
        moments = len(self.growth.get(run.key, ()))
        return moments > 0 and len(self.seconds.get(run.key, ())) == moments

    def timed(self) -> list[Run]:
        """The runs of which it does."""
        return [run for run in self.runs if self.is_timed(run)]

    def real_shares(self) -> Sequence[float]:
        """Each class's share of the reference, where classes are known."""
        whole = sum(self.counts)
        return [count / whole for count in self.counts]

    def overlaps(self) -> bool:
        """Whether precision and recall were measured, of real images or of a run."""
        return any("recall" in m for m in (self.real, *(run.metrics for run in self.runs)))

    def knows_classes(self) -> bool:
        """Whether the class shares of every run were measured."""
        return all(by_class(run.metrics, "share") for run in self.runs)

    def covers_classes(self) -> bool:
        """Whether coverage inside each class was measured, of every run and of real images."""
        return all(by_class(m, "coverage") for m in (self.real, *(r.metrics for r in self.runs)))


def by_class(metrics: Metrics, what: str) -> list[float]:
    """The values `class_<what>_<index>`, in the order of the classes."""
    prefix = f"class_{what}_"
    names = [name for name in metrics if name.startswith(prefix)]
    return [metrics[name] for name in sorted(names, key=lambda n: int(n.removeprefix(prefix)))]


def shown(run: Run, moments: int) -> Sequence[float]:
    """Real samples shown to a run at each of its snapshots, the first `moments` of them."""
    train = run.meta["params"]["train"]
    return [train["images"] * (part + 1) / train["snapshots"] for part in range(moments)]
