"""The report: README.md, claims.json and a page that plays the games, all from evidence alone."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from ganstudy import claims
from ganstudy.objectives.adversarial import LOSSES, cross_entropy_discriminator
from ganstudy.reports import games
from ganstudy.reports.games import Playbill, Recorded, Series
from ganstudy.reports.looks import COLOURS, REAL
from ganstudy.reports.templates import fill
from ganstudy.theory import optimal, parallel
from ganstudy.theory.concluded import claims as concluded
from ganstudy.theory.evidence import Part
from ganstudy.theory.recording import BINS, GRID, REACH, Recording
from ganstudy.theory.settings import OPTIMAL, PARALLEL, PLANTED, TheoryParams

HERE = Path(__file__).parent
W1, HALF, OF_D, OF_G = "W1 of G's samples", "D's largest distance from ½", "D's loss", "G's loss"
SERIES = [Series(W1, log=True), Series(HALF), Series(OF_D), Series(OF_G)]
TITLES = {OPTIMAL: "G held still", PLANTED: "a mistake"}  # of games that are no loss


def write(params: TheoryParams, parts: Mapping[str, Part], out: Path) -> None:
    """Writes the report into `out`; equal evidence gives equal bytes."""
    found = concluded(params, parts)
    claims.write(out / "claims.json", found)
    values: dict[str, Any] = {
        "params": params,
        "games": params.games,
        "summary": summary(params, parts, found),
        "lines": lines(params, parts[PARALLEL]),
        "ends": ends(params, parts),
        "held": sum(claim.holds is True for claim in found),
        "count": len(found),
    }
    fill("report.md.j2", out / "README.md", HERE, claims=claims.as_markdown(found), **values)
    real = params.line.line().density(GRID)
    world = {
        "reach": REACH,
        "grid": GRID.round(6).tolist(),
        "bins": BINS.round(6).tolist(),
        "real": [float(f"{v:.5g}") for v in real],
    }
    played = list(_recorded(params, parts))
    games.write(
        out / "index.html",
        "web/theory.html.j2",
        Playbill("line", world, "round", SERIES, (HERE / "web/parallel.js",)),
        played,
        HERE,
        claims=claims.as_html(found),
        parallel=games.script_text(_parallel(parts[PARALLEL])),
        **{name: value for name, value in values.items() if name != "games"},
    )


def summary(params: TheoryParams, parts: Mapping[str, Part], found: list[claims.Claim]) -> str:
    """What came out, in a few sentences."""
    held = sum(claim.holds is True for claim in found)
    value = {claim.id.partition("/")[2]: claims.number(claim.value) for claim in found}
    w1 = {name: _median(parts[name], "w1") for name in params.games.losses}
    best, worst = min(w1, key=lambda n: w1[n]), max(w1, key=lambda n: w1[n])
    return (
        f"{held} of {len(found)} claims hold, each the worst of {len(params.seeds)} seeds. D's "
        f"estimate of the Jensen-Shannon divergence of two parallel lines is within "
        f"{value['js-log2']} of log 2 at every distance, the critic's of the Wasserstein distance "
        f"within {value['wasserstein-theta']} of θ. D is within {value['optimal-d']} of "
        f"p/(p + q). In the whole game G's samples end {value['figure1-w1']} from the real ones "
        f"with {params.games.claimed}; by median over seeds {claims.number(w1[best])} with {best}, "
        f"the nearest, and {claims.number(w1[worst])} with {worst}, the farthest."
    )


def lines(params: TheoryParams, part: Part) -> list[list[str]]:
    """A row for each distance of the parallel lines: medians over seeds."""
    rows = []
    for index, distance in enumerate(params.parallel.distances):
        told = [seeds[index] for seeds in part.told.values()]
        keys = ("js", "js_planted", "w", "w_planted", "slope", "slope_w")
        rows.append([f"{distance:g}", *(f"{median(row[key] for row in told):.4f}" for key in keys)])
    return rows


def ends(params: TheoryParams, parts: Mapping[str, Part]) -> list[list[str]]:
    """A row for each game: the median over seeds, and the worst seed in brackets."""
    rows = []
    for name in (*params.games.losses, PLANTED):
        failed = sum(told["failure"] is not None for told in parts[name].told.values())
        reading = _cell(parts[name], "reading") if _logistic(params, name) else "–"
        rows.append(
            [
                TITLES.get(name, name),
                _cell(parts[name], "w1"),
                reading,
                _cell(parts[name], "fresh"),
                f"{failed}/{len(params.seeds)}",
            ]
        )
    return rows


def _recorded(params: TheoryParams, parts: Mapping[str, Part]) -> Iterator[Recorded]:
    """All games, the claimed loss first."""
    losses = list(params.games.losses)
    order = sorted(losses, key=lambda name: name != params.games.claimed)
    colours = {name: COLOURS[index % len(COLOURS)] for index, name in enumerate(losses)}
    for name in (*order, OPTIMAL, PLANTED):
        for seed, frames in parts[name].frames.items():
            yield Recorded(
                TITLES.get(name, name),
                seed,
                colours.get(name, REAL),
                _logistic(params, name),
                frames.rounds.tolist(),
                _series(frames, params, name),
                {
                    field: getattr(frames, field)
                    for field in ("points", "arrows", "scores", "density")
                },
                _note(params, parts, name, seed),
            )


def _series(frames: Recording, params: TheoryParams, name: str) -> Mapping[str, list[float | None]]:
    of_d, of_g = ([_known(v) for v in column] for column in frames.losses.T)
    found: dict[str, list[float | None]] = {W1: [_known(v) for v in frames.w1]}
    if _logistic(params, name):
        line = params.line.line()
        half = (_sigmoid(scores.astype(np.float64)) for scores in frames.scores)
        there = line.density(GRID) >= optimal.SUPPORT
        found[HALF] = [float(np.abs(each - 0.5)[there].max()) for each in half]
    return found | {OF_D: of_d, OF_G: of_g}


def _note(params: TheoryParams, parts: Mapping[str, Part], name: str, seed: str) -> str:
    told = parts[name].told[seed]
    if name == OPTIMAL:
        return f"G does not move; at the end D is at most {told['error']:.3f} from p/(p + q)."
    text = f"At the end W1 is {told['w1']:.3f}; a fresh D is at most {told['fresh']:.2f} from ½."
    if name == PLANTED:
        text = f"D says ½, but G has learned nothing. {text}"
    return f"{text} {told['failure']}" if told["failure"] else text


def _logistic(params: TheoryParams, name: str) -> bool:
    """Whether the best score of a loss is the logarithm of p/q, so that its sigmoid is D."""
    loss = {OPTIMAL: params.optimal.alone.loss, PLANTED: params.games.planted.loss}.get(name, name)
    return LOSSES[loss].discriminator is cross_entropy_discriminator


def _parallel(part: Part) -> Mapping[str, Any]:
    """What the page draws of the parallel lines, of the first seed."""
    first = next(iter(part.told.values()))
    keys = ("distance", "js", "w", "slope", "slope_w")
    return {
        "x": np.linspace(*parallel.PROFILE).round(6).tolist(),
        "log2": math.log(2),
        "rows": [
            {key: row[key] for key in keys}
            | {
                "d": [float(f"{v:.4g}") for v in _sigmoid(np.array(row["profile"]))],
                "f": [float(f"{v:.4g}") for v in row["profile_w"]],
            }
            for row in first
        ],
    }


def _sigmoid(scores: Any) -> Any:
    return 1 / (1 + np.exp(-np.clip(scores, -60, 60)))


def _median(part: Part, name: str) -> float:
    return float(median(told[name] for told in part.told.values()))


def _cell(part: Part, name: str) -> str:
    worst = max(told[name] for told in part.told.values())
    return f"{_median(part, name):.3f} ({worst:.3f})"


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
