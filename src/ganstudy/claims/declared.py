"""What a study on data of named fields claims, as its claims.yaml declares it, and what the
committed metrics make of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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
    `family`; `what` says in words what it is."""

    what: str
    metric: str
    family: str | None = None


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


def claims_of(wanted: Sequence[Declared], metrics: Metrics, real: Mapping[str, Any]) -> list[Claim]:
    """The claims, computed from the metrics of runs by key and of real data. A number that is not
    there is None."""
    return [_claim(one, metrics, real) for one in wanted]


def _claim(one: Declared, metrics: Metrics, real: Mapping[str, Any]) -> Claim:
    baseline = None if one.baseline is None else _scored(one.baseline, one.over, metrics, real)
    value = _over(one.over, _values(one.family, one.metric, metrics))
    if one.against is not None:
        value = _against(one.against, value, None if baseline is None else baseline.value)
    plant = None if one.plant is None else _scored(one.plant, one.over, metrics, real)
    if plant is not None and one.against is not None:
        base = None if baseline is None else baseline.value
        plant = Scored(plant.what, _against(one.against, plant.value, base))
    keys = [RunKey.parse(key) for key in metrics]
    seeds = tuple(sorted({key.seed for key in keys if key.family == one.family}))
    return Claim(one.id, one.what, value, one.aim, seeds, baseline, plant)


def _scored(source: Source, over: str, metrics: Metrics, real: Mapping[str, Any]) -> Scored:
    if source.family is None:
        value = real.get(source.metric)
        return Scored(source.what, None if value is None else float(value))
    return Scored(source.what, _over(over, _values(source.family, source.metric, metrics)))


def _values(family: str, metric: str, metrics: Metrics) -> list[float]:
    return [
        float(values[metric])
        for key, values in metrics.items()
        if RunKey.parse(key).family == family and metric in values
    ]


def _over(over: str, values: Sequence[float]) -> float | None:
    return float(OVER[over](values)) if values else None


def _against(how: str, value: float | None, baseline: float | None) -> float | None:
    if value is None or baseline is None:
        return None
    if how == "difference":
        return value - baseline
    return value / baseline if baseline else None
