"""What was costly to compute, kept on this machine by what made it: no result depends on it."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from ganstudy.files import read_json, sha256_json, write_json
from ganstudy.study.layout import state

VALUES = "values.json"
MOST = 5000  # sets of values that are kept under one name


def kept_values(
    name: str, made_by: Sequence[Any], compute: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """What `compute` returned when it was last called for `made_by`, plain values of JSON, or what
    it returns now."""
    path = state(name, sha256_json(list(made_by))[:48]) / VALUES
    if path.is_file():
        values: dict[str, Any] = read_json(path)
        return values
    values = compute()
    write_json(path, values)
    forget_oldest(path, MOST)
    return values


def forget_oldest(path: Path, most: int) -> None:
    """Of the folders beside that of `path`, which hold such a file, keeps the `most` newest."""
    files = sorted(path.parents[1].glob(f"*/{path.name}"), key=lambda file: file.stat().st_mtime)
    for file in files[:-most]:
        shutil.rmtree(file.parent, ignore_errors=True)


def code_version(*modules: ModuleType) -> str:
    """A hash of the source of modules and packages: what other code made is of no use to theirs."""
    files = [Path(module.__file__ or "") for module in modules]
    sources = [
        source.read_text("utf-8")
        for file in files
        for source in (sorted(file.parent.rglob("*.py")) if file.stem == "__init__" else [file])
    ]
    return sha256_json(sources)[:16]
