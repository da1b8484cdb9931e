"""What a study claims, as its claims.yaml declares it, and what metrics make of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config

from ganstudy.claims.claim import Claim, Scored
from ganstudy.errors import InputError
from ganstudy.files import read_json
from ganstudy.keys import RunKey
from ganstudy.params import load
from ganstudy.study.layout import METRICS, PARAMS, REAL

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
    the ratio to it."""

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

    def values(self, family: str | None, metric: str) -> list[float]:
        """A number for each seed of `family` that has it, or that of real data."""
        rows = [self.real] if family is None else [self.runs[key] for key in self.keys(family)]
        return [float(row[metric]) for row in rows if metric in row]

    def keys(self, family: str) -> list[str]:
        """The runs of a family."""
        return [key for key in self.runs if RunKey.parse(key).family == family]


def claims_of(wanted: Sequence[Declared], metrics: Metrics, real: Mapping[str, Any]) -> list[Claim]:
    """The claims, computed from the metrics of runs by key and of real data, or from what git keeps
    of the worlds beside this one. A number that is not there is None."""
    here = _World(metrics, real)
    return [_claim(one, here) for one in wanted]


def _claim(one: Declared, here: _World) -> Claim:
    world = _named(one.world, here)
    baseline = None if one.baseline is None else _scored(one.baseline, one.over, here)
    value = _over(one.over, world.values(one.family, one.metric))
    plant = None if one.plant is None else _scored(one.plant, one.over, here)
    if one.against is not None:
        base = None if baseline is None else baseline.value
        value = _against(one.against, value, base)
        if plant is not None:
            plant = Scored(plant.what, _against(one.against, plant.value, base))
    seeds = tuple(sorted({RunKey.parse(key).seed for key in world.keys(one.family)}))
    return Claim(one.id, one.what, value, one.aim, seeds, baseline, plant)


def _named(world: str | None, here: _World) -> _World:
    """This world, or one beside it: of the runs that its params name those that were measured.
    Raises `InputError` where there is no such world."""
    if world is None:
        return here
    folder = Path("..", world)
    keys = [*load(folder / PARAMS).run_keys(), REAL]
    paths = {key: folder / METRICS / f"{key}.json" for key in keys}
    found = {key: read_json(path) for key, path in paths.items() if path.is_file()}
    real = found.pop(REAL, {})
    return _World(found, real)


def _scored(source: Source, over: str, here: _World) -> Scored:
    values = _named(source.world, here).values(source.family, source.metric)
    return Scored(source.what, _over(over, values))


def _over(over: str, values: Sequence[float]) -> float | None:
    return float(OVER[over](values)) if values else None


def _against(how: str, value: float | None, baseline: float | None) -> float | None:
    if value is None or baseline is None:
        return None
    if how == "difference":
        return value - baseline
    return value / baseline if baseline else None
