"""Variants of a recipe, to be tried against each other: a table in YAML."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError

from ganstudy.errors import InputError


@dataclass(frozen=True)
class Variant:
    """One row: the family of its run (`gan-<loss>` or a baseline), its seed, the `section` of
    params.yaml that holds its recipe (DVC watches it), what it `set`s in params.yaml by dotted key,
    and the `group` in which the report shows it. Rows of one `words` are seeds of one variant."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    run: str
    section: str
    seed: int
    group: str
    words: str
    set: dict[str, Any]


def title(path: Path) -> str:
    """What the table is about: its `title`."""
    return str(yaml.safe_load(path.read_text(encoding="utf-8")).get("title", "What was tried"))


def read(path: Path) -> dict[str, Variant]:
    """The variants of a file by name. Raises `InputError` where it holds none."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))["variants"]
        return TypeAdapter(dict[str, Variant]).validate_python(content)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError) as error:
        raise InputError(f"{path} holds no table `variants`: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{path}: {key}: {first['msg'].lower()}") from error


def result(name: str, table: Path) -> Path:
    """Where what a variant reached is written, beside the `table`."""
    return table.parent / "trials" / f"{name}.json"
