"""The worlds beside a study's own: folders of one study, whose numbers a claim may name."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganstudy.files import read_json
from ganstudy.params import load
from ganstudy.study import layout


def metrics_of(world: str) -> tuple[Mapping[str, Mapping[str, Any]], Mapping[str, Any]]:
    """What git keeps of a world: metrics by key of the runs that its params name, as far as they
    were measured, and those of real data. Raises `InputError` where there is no such world."""
    folder = Path("..", world)
    keys = [*load(folder / layout.PARAMS).run_keys(), layout.REAL]
    paths = {key: folder / layout.METRICS / f"{key}.json" for key in keys}
    found = {key: read_json(path) for key, path in paths.items() if path.is_file()}
    real = found.pop(layout.REAL, {})
    return found, real
