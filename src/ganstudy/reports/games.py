"""Pages that step and play through recorded games, and ask no network.

A page is the template `web/games.html.j2`, or one that extends it. It shows any games that are
given as `Recorded`; which view draws them is the template's: of points on a line, or on a plane.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from ganstudy.reports.templates import fill

WEB = Path(__file__).parent / "web"
LEVELS = 65535  # an array is kept in so many steps between its least and its largest value


@dataclass(frozen=True)
class Recorded:
    """A game: its `name`, a loss or another; its seed; colour; whether D's scores are log-odds.

    `moments` says when each frame was, in `unit` of the page. `series` has a number for each frame,
    by heading, None where there is none; `arrays` are what the view draws, by name, the first axis
    being frames, or a single one where only the last moment is known. `note` is said beside it.
    """

    name: str
    seed: str
    colour: str
    logistic: bool
    moments: Sequence[int]
    series: Mapping[str, Sequence[float | None]]
    arrays: Mapping[str, npt.NDArray[Any]]
    note: str = ""


@dataclass(frozen=True)
class Series:
    """How a series is drawn: its heading, and whether its axis is logarithmic."""

    heading: str
    log: bool = False


@dataclass(frozen=True)
class Playbill:
    """What is common to the games of a page: the `view` that draws them, what it knows of their
    `world`, the `unit` of moments, and the `series` in their order, the `first` of which stands
    beside each game's name."""

    view: str
    world: Mapping[str, Any]
    unit: str
    series: Sequence[Series]
    scripts: Sequence[Path] = field(default=())


def write(
    out: Path,
    template: str,
    bill: Playbill,
    games: Sequence[Recorded],
    folder: Path | None = None,
    **values: Any,
) -> None:
    """Writes the page of these games; equal games give equal bytes. `values` are the template's
    own, which lies in `folder` where it is not beside this module."""
    about = {
        "world": bill.world,
        "unit": bill.unit,
        "series": [{"heading": one.heading, "log": one.log} for one in bill.series],
    }
    scripts = [WEB / "plots.js", WEB / f"{bill.view}.js", *bill.scripts, WEB / "games.js"]
    fill(
        template,
        out,
        folder=folder,
        about=script_text(about),
        games=[script_text(_entry(game)) for game in games],
        names=list(dict.fromkeys(game.name for game in games)),
        seeds=list(dict.fromkeys(game.seed for game in games)),
        series=bill.series,
        style=Markup(_read(WEB / "page.css") + _read(WEB / "games.css")),  # noqa: S704 - our own
        scripts=[Markup(_read(path)) for path in scripts],  # noqa: S704 - our own
        **values,
    )


def script_text(value: Any) -> Markup:
    """JSON that can stand in a script element: no `<` can end it."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704 - what is dangerous was replaced


def packed(array: npt.NDArray[Any]) -> dict[str, Any]:
    """An array as 16-bit steps between its least and its largest value, in base64. Raises
    `ValueError` where it is not finite."""
    values = np.asarray(array, np.float64)
    if not np.isfinite(values).all():
        raise ValueError("only finite arrays can be drawn")
    low, high = float(values.min(initial=np.inf)), float(values.max(initial=-np.inf))
    step = (high - low) / LEVELS or 1.0
    steps = np.rint((values - low) / step).astype("<u2")
    return {
        "shape": values.shape,
        "low": float(f"{low:.9g}"),
        "step": float(f"{step:.9g}"),
        "data": base64.b64encode(steps.tobytes()).decode(),
    }


def _entry(game: Recorded) -> dict[str, Any]:
    return {
        "name": game.name,
        "seed": game.seed,
        "colour": game.colour,
        "logistic": game.logistic,
        "moments": list(game.moments),
        "series": {name: [_short(v) for v in values] for name, values in game.series.items()},
        "arrays": {name: packed(array) for name, array in game.arrays.items()},
        "note": game.note,
    }


def _short(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(f"{value:.5g}")


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
