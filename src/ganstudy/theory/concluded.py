"""The claims of the study, from its evidence alone."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ganstudy.claims import Claim, Scored
from ganstudy.theory.evidence import Part
from ganstudy.theory.settings import OPTIMAL, PARALLEL, PLANTED, TheoryParams

FAR = 1.0  # the largest θ at which the critic's estimate is held to θ


def claims(params: TheoryParams, parts: Mapping[str, Part]) -> list[Claim]:
    """All of them; a number is the worst of its seeds, a plant's the best."""
    seeds = tuple(params.seeds)
    rows = list(_rows(parts[PARALLEL]))
    apart = [row for row in rows if row["distance"] > 0]
    near = [row for row in rows if row["distance"] <= FAR]
    claimed = params.games.claimed
    return [
        Claim(
            "theory/js-log2",
            "D's estimate of the Jensen-Shannon divergence of two parallel lines, largest distance "
            "from log 2 over every θ but 0",
            _worst(apart, _from_log2("js")),
            "<= 0.001",
            seeds,
            Scored("at θ = 0, where the lines are one", _at_zero(rows)),
            Scored("D asked after a few steps", _least(apart, _from_log2("js_planted"))),
        ),
        Claim(
            "theory/wasserstein-theta",
            f"the penalised critic's estimate of the Wasserstein distance, largest |W - θ| of θ up "
            f"to {FAR:g}",
            _worst(near, _from_distance("w")),
            "<= 0.05",
            seeds,
            Scored("the divergence's estimate in its place", _worst(near, _from_distance("js"))),
            Scored("a critic without its penalty", _plant_of_w(near)),
        ),
        Claim(
            "theory/saturated-slope",
            "the slope in θ of the saturating game's objective under that D, largest over every θ "
            "but 0",
            _worst(apart, _size("slope")),
            "<= 0.05",
            seeds,
            Scored("under the critic, least", _least(apart, _size("slope_w"))),
            Scored("D asked after a few steps", _largest_each(apart, _size("slope_planted"))),
        ),
        Claim(
            "theory/optimal-d",
            "D against a frozen G, largest |D - p/(p + q)| where the data are",
            _of(parts[OPTIMAL], "error", max),
            "<= 0.03",
            seeds,
            None,
            Scored("D asked after a few steps", _of(parts[OPTIMAL], "error_planted", min)),
        ),
        Claim(
            "theory/figure1-w1",
            f"the game of {claimed} on a line, Wasserstein distance of G's samples to the real "
            "ones at the end",
            _of(parts[claimed], "w1", max),
            "<= 0.05",
            seeds,
            Scored("at the first frame", _first(parts[claimed])),
            Scored(
                f"a game in which D, at most {_of(parts[PLANTED], 'reading', max):.2g} from ½, "
                "says that all is well",
                _of(parts[PLANTED], "w1", min),
            ),
        ),
        Claim(
            "theory/figure1-fresh-d",
            "a fresh D against that G, largest distance from ½ where the data are",
            _of(parts[claimed], "fresh", max),
            "<= 0.1",
            seeds,
            Scored("the game's own D, which proves nothing", _of(parts[claimed], "reading", max)),
            Scored("the same of the game gone wrong", _of(parts[PLANTED], "fresh", min)),
        ),
    ]


Row = Mapping[str, Any]
Value = Callable[[Row], float]


def _rows(part: Part) -> Iterator[Row]:
    for rows in part.told.values():
        yield from rows


def _from_log2(name: str) -> Value:
    return lambda row: abs(row[name] - math.log(2))


def _from_distance(name: str) -> Value:
    return lambda row: abs(row[name] - row["distance"])


def _size(name: str) -> Value:
    return lambda row: abs(row[name])


def _worst(rows: list[Row], value: Value) -> float:
    return max(map(value, rows))


def _least(rows: list[Row], value: Value) -> float:
    return min(map(value, rows))


def _at_zero(rows: list[Row]) -> float | None:
    """The estimate's distance from log 2 where the divergence is 0; None where θ never is."""
    return min((_from_log2("js")(row) for row in rows if row["distance"] == 0), default=None)


def _largest_each(rows: list[Row], value: Value) -> float:
    """Of the largest of each distance, the least: an error that is seen at one distance at
    least, with every seed."""
    distances = {row["distance"] for row in rows}
    return max(min(value(row) for row in rows if row["distance"] == d) for d in distances)


def _plant_of_w(rows: list[Row]) -> float:
    """Likewise of the critic without penalty."""
    return _largest_each(rows, _from_distance("w_planted"))


def _of(part: Part, name: str, pick: Callable[[list[float]], float]) -> float:
    return pick([told[name] for told in part.told.values()])


def _first(part: Part) -> float:
    return float(f"{max(float(frames.w1[0]) for frames in part.frames.values()):.3g}")
