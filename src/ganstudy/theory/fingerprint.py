"""What the games compute: every part with a few rounds in float64, so that only a changed formula
plays them again."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ganstudy.fingerprints.values import in_float64, texts
from ganstudy.theory import evidence
from ganstudy.theory.settings import (
    OPTIMAL,
    PARALLEL,
    PLANTED,
    AloneParams,
    TheoryParams,
)

VERSION = 1  # raise it when a change matters that the values below cannot show
DIGITS = 6
TINY = {"rounds": 3, "batch": 8}


def of(params: TheoryParams, name: str) -> dict[str, Any]:
    """All that a part depends on: its parameters, and what a tiny play of it computes, as texts."""
    with in_float64():
        played = evidence.play(_tiny(params), name)
    values = dict(_numbers("", played.told))
    for seed, frames in played.frames.items():
        for field, array in dataclasses.asdict(frames).items():
            values[f"{seed}/{field}"] = float(np.nan_to_num(array).astype(np.float64).sum())
    read = _read(params, name)
    return {"version": VERSION, "params": read, "values": texts(values, DIGITS)}


def _read(params: TheoryParams, name: str) -> dict[str, Any]:
    """The parameters that a part reads."""
    whole = params.model_dump(mode="json")
    found = {"seeds": whole["seeds"]}
    if name == PARALLEL:
        return found | {PARALLEL: whole[PARALLEL]}
    found |= {"line": whole["line"]}
    if name == OPTIMAL:
        return found | {OPTIMAL: whole[OPTIMAL]}
    games = dict(whole["games"])
    losses, planted = games.pop("losses"), games.pop("planted")
    del games["claimed"]  # which the report alone reads
    return found | {"games": games, "recipe": planted if name == PLANTED else losses[name]}


def _tiny(params: TheoryParams) -> TheoryParams:
    def alone(one: AloneParams) -> AloneParams:
        planted = None if one.planted is None else 1
        return one.model_copy(update=TINY | {"width": 4, "planted": planted})

    small = {"samples": 64}
    parallel, optimal, games = params.parallel, params.optimal, params.games
    return params.model_copy(
        update={
            "seeds": params.seeds[:1],
            "parallel": parallel.model_copy(
                update=small
                | {
                    "discriminator": alone(parallel.discriminator),
                    "critic": alone(parallel.critic),
                    "distances": parallel.distances[-1:],
                }
            ),
            "optimal": optimal.model_copy(update=small | {"alone": alone(optimal.alone)}),
            "games": games.model_copy(
                update=small | TINY | {"width": 4, "fresh": alone(games.fresh)}
            ),
        }
    )


def _numbers(prefix: str, value: Any) -> Iterator[tuple[str, float]]:
    """Every number below, by its place."""
    if isinstance(value, int | float):
        yield prefix.strip("/"), float(value)
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield from _numbers(f"{prefix}/{name}", each)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _numbers(f"{prefix}/{index}", each)
