"""The games over points as a page to step through: what evidence keeps of each over training.

Metrics are there of every moment of every seed. Points move where evidence has snapshots of them;
else they, like D's landscape, are there at the last moment of the first seed alone.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ganstudy.data.points import MIXTURES
from ganstudy.evidence.limits import REACH
from ganstudy.keys import RunKey
from ganstudy.params import GAN_RUN
from ganstudy.reports import games
from ganstudy.reports.games import Playbill, Recorded, Series
from ganstudy.reports.looks import looks
from ganstudy.reports.study import Study, shown
from ganstudy.study.runs import Run

SHOWN = 1000  # points of a run
FAR = 9  # times the farthest real point: what is further out is drawn nowhere
EVERY = 2  # of the rows and columns of a landscape one is drawn
UNKNOWN = "no points are kept of this moment"
HEADINGS = {  # of what is told at each moment, by metric; the first stands beside a game's name
    "modes_captured_strict": Series("modes captured (strict)"),
    "high_quality": Series("high quality"),
    "mode_kl": Series("reverse KL", log=True),
}


def write(study: Study, folder: Path) -> None:
    """Writes `folder`/index.html."""
    centers = MIXTURES[study.data.name].centers
    world = {
        "reach": round(REACH * study.farthest, 4),
        "tick": float(f"{np.abs(centers).max():.3g}"),
        "modes": centers.round(4).tolist(),
        "unknown": UNKNOWN,
    }
    bill = Playbill("plane", world, "points shown", list(HEADINGS.values()))
    games.write(
        folder / "index.html",
        "web/modes.html.j2",
        bill,
        list(_recorded(study)),
        study=study,
        shown=SHOWN,
    )


def _recorded(study: Study) -> Iterator[Recorded]:
    seen = looks(study.runs)
    for run in study.runs:
        growth = study.growth.get(run.key, ())
        moments = [int(moment) for moment in shown(run, len(growth))]
        if not growth:  # the last moment alone
            growth, moments = [run.metrics], [run.meta["params"]["train"]["images"]]
        key, look = RunKey.parse(run.key), seen[run.key]
        yield Recorded(
            key.loss if key.model == GAN_RUN else key.family,
            look.seed,
            look.colour,
            True,
            moments,
            {
                series.heading: [moment.get(metric) for moment in growth]
                for metric, series in HEADINGS.items()
            },
            _arrays(study, run.key),
            _note(study, run),
        )


def _arrays(study: Study, key: str) -> Mapping[str, npt.NDArray[Any]]:
    """Points (T, n, 2) of every moment where snapshots are kept, else (1, n, 2) of the last; and
    the landscape (1, side, side) of the last."""
    found: dict[str, npt.NDArray[Any]] = {}
    if key in study.snapshots:
        found["points"] = _drawable(study.snapshots[key][:, :SHOWN], study.farthest)
    elif key in study.samples:
        found["points"] = _drawable(study.samples[key][None, :SHOWN], study.farthest)
    if key in study.landscapes:
        found["landscape"] = study.landscapes[key][::EVERY, ::EVERY][None]
    return found


def _drawable(points: npt.NDArray[Any], farthest: float) -> npt.NDArray[np.float64]:
    """The same, with those that are far outside the picture, or not finite, not quite so far."""
    far = FAR * farthest
    return np.clip(np.nan_to_num(points.astype(np.float64), nan=far), -far, far)


def _note(study: Study, run: Run) -> str:
    metrics = run.metrics
    text = (
        f"At the end {metrics['modes_captured_strict']} of {metrics['modes']} modes, "
        f"{metrics['high_quality']:.1%} of points high quality."
    )
    failure = study.failures.get(run.key)
    return f"{text} Failed: {failure}" if failure else text
