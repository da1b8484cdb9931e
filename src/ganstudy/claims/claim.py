"""A claim, and the file of a study's claims."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config

from ganstudy.claims.aims import Aim
from ganstudy.errors import InputError
from ganstudy.files import read_json, write_json

STRICT = ConfigDict(extra="forbid")


@with_config(STRICT)
@dataclass(frozen=True)
class Scored:
    """What something else than the study's own way scores, and what that is; `value` None: it gave
    no number, like a game that diverged."""

    what: str
    value: float | None


@with_config(STRICT)
@dataclass(frozen=True)
class Claim:
    """`id` is `<study>/<name>`; `what` says in words what `value` is, over `seeds`; None where
    there is no number. Raises `InputError` for an aim that is none."""

    id: str
    what: str
    value: float | None
    aim: str | None
    seeds: tuple[int, ...]
    baseline: Scored | None = None
    plant: Scored | None = None

    def __post_init__(self) -> None:
        if self.aim is not None:
            Aim.parse(self.aim)

    @property
    def missed_by(self) -> float | None:
        """How far the value is from the aim, 0 where it holds; None without an aim."""
        return self._missed(self.value)

    @property
    def holds(self) -> bool | None:
        """Whether the value meets the aim; None without an aim."""
        return None if self.missed_by is None else self.missed_by == 0

    @property
    def plant_is_caught(self) -> bool | None:
        """Whether the planted mistake misses the aim; None without a plant or an aim."""
        missed = None if self.plant is None else self._missed(self.plant.value)
        return None if missed is None else missed > 0

    def _missed(self, value: float | None) -> float | None:
        if self.aim is None:
            return None
        return Aim.parse(self.aim).missed_by(math.nan if value is None else value)


def write(path: Path, claims: Sequence[Claim]) -> None:
    """Writes claims.json. Raises `ValueError` where two have one id, or a number is not finite."""
    if len({claim.id for claim in claims}) < len(claims):
        raise ValueError(f"claims with one id among {[claim.id for claim in claims]}")
    write_json(path, [asdict(claim) | {"holds": claim.holds} for claim in claims])


def read(path: Path) -> list[Claim]:
    """Reads claims.json. Raises `InputError` naming the file where it is not one, or where it says
    that a claim holds whose value does not."""
    entries = read_json(path)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise InputError(f"{path} is not a list of claims")
    try:
        claims = TypeAdapter(list[Claim]).validate_python(
            [{k: v for k, v in entry.items() if k != "holds"} for entry in entries]
        )
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "content"
        raise InputError(f"{path}: {place}: {first['msg'].lower()}") from error
    for claim, entry in zip(claims, entries, strict=True):
        if entry.get("holds", "") != claim.holds:
            raise InputError(
                f"{path}: {claim.id}: holds is {entry.get('holds')}, but {claim.value} under "
                f"{claim.aim} makes it {claim.holds}"
            )
    return claims
