"""What a study claims, as its claims.yaml declares it, and what metrics make of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config

from ganstudy.claims.claim import Claim, Scored
from ganstudy.errors import InputError
from ganstudy.keys import RunKey

STRICT = ConfigDict(extra="forbid")
Metrics = Mapping[str, Mapping[str, Any]]
OVER: Mapping[str, Callable[[Sequence[float]], Any]] = {
    "median": np.median,
    "worst low": np.min,
    "worst high": np.max,
}


@with_config(STRICT)
@dataclass(frozen=True)
class Source:
    """A number: the `metric` of a family of runs, over its seeds, or of real data where there is no
    `family`; `what` says in words what it is. `world` is another one of the same study, a folder
    beside this one, where not this one's."""

    what: str
    metric: str
    family: str | None = None
    world: str | None = None


@with_config(STRICT)
@dataclass(frozen=True)
class Declared:
    """A claim before it is computed: see `Claim`. `over` the seeds it is the median, or the worst
    of them: the lowest or the highest. `against` a baseline the value is the difference from it, or
    the ratio to it, seed by seed where the baseline is of runs."""

    id: str
    what: str
    metric: str
    family: str
    world: str | None = None
    aim: str | None = None
    over: Literal["median", "worst low", "worst high"] = "median"
    against: Literal["difference", "ratio"] | None = None
    baseline: Source | None = None
    plant: Source | None = None


def declared(path: Path) -> list[Declared]:
    """Reads claims.yaml; nothing where there is none. Raises `InputError`."""
    if not path.is_file():
        return []
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return TypeAdapter(list[Declared]).validate_python(content)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"cannot read {path}: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "content"
        raise InputError(f"{path}: {place}: {first['msg'].lower()}") from error


@dataclass(frozen=True)
class _World:
    """What was measured in one: metrics by run key, and of real data."""

    runs: Metrics
    real: Mapping[str, Any]

    def values(self, family: str, metric: str) -> dict[int, float]:
        """A number for each seed of a family that has it."""
        keys = {key: RunKey.parse(key) for key in self.runs}
        return {
            parsed.seed: float(self.runs[key][metric])
            for key, parsed in keys.items()
            if parsed.family == family and metric in self.runs[key]
        }

    def seeds(self, family: str) -> tuple[int, ...]:
        """Those of a family's runs."""
        keys = map(RunKey.parse, self.runs)
        return tuple(sorted(key.seed for key in keys if key.family == family))


def claims_of(
    wanted: Sequence[Declared],
    metrics: Metrics,
    real: Mapping[str, Any],
    elsewhere: Callable[[str], tuple[Metrics, Mapping[str, Any]]],
) -> list[Claim]:
    """The claims, computed from the metrics of runs by key and of real data, or those that
    `elsewhere` gives of a world by its name. A number that is not there is None."""

    @cache
    def worlds(name: str | None) -> _World:
        return _World(metrics, real) if name is None else _World(*elsewhere(name))

    return [_claim(one, worlds) for one in wanted]


def _claim(one: Declared, worlds: Callable[[str | None], _World]) -> Claim:
    world = worlds(one.world)
    values = world.values(one.family, one.metric)
    base = None if one.baseline is None else _values(one.baseline, worlds)
    plant = None if one.plant is None else _values(one.plant, worlds)
    return Claim(
        one.id,
        one.what,
        _over(one.over, _against(one.against, values, base)),
        one.aim,
        world.seeds(one.family),
        None if one.baseline is None else Scored(one.baseline.what, _over(one.over, base)),
        None
        if one.plant is None
        else Scored(one.plant.what, _over(one.over, _against(one.against, plant, base))),
    )


Values = Mapping[int, float] | float | None  # by seed, one of real data, or none


def _values(source: Source, worlds: Callable[[str | None], _World]) -> Values:
    world = worlds(source.world)
    if source.family is not None:
        return world.values(source.family, source.metric)
    value = world.real.get(source.metric)
    return None if value is None else float(value)


def _over(over: str, values: Values) -> float | None:
    if isinstance(values, Mapping):
        return float(OVER[over](list(values.values()))) if values else None
    return values


def _against(how: str | None, values: Values, base: Values) -> Values:
    """`values` less `base`, or over it, seed by seed where both have seeds: runs of one seed share
    what was drawn for it."""
    if how is None or values is None:
        return values
    if base is None:
        return None
    if isinstance(values, Mapping):
        bases = base if isinstance(base, Mapping) else dict.fromkeys(values, base)
        common = {seed: (value, bases[seed]) for seed, value in values.items() if seed in bases}
        pairs = {seed: pair for seed, pair in common.items() if how == "difference" or pair[1]}
        return {seed: a - b if how == "difference" else a / b for seed, (a, b) in pairs.items()}
    return _against(how, {0: values}, _over("median", base))
