"""All numbers of the study, played and written, and read again: `reports/evidence/<part>`.

A part is `parallel`, `optimal`, a loss, or `planted`. `told.json` has its numbers by seed, and
`<seed>.npz` a game's frames, in as many digits as a page shows.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ganstudy.errors import InputError, nearest
from ganstudy.files import read_json, read_named, write_json, write_npz
from ganstudy.study import layout
from ganstudy.theory import games, optimal, parallel
from ganstudy.theory.recording import Recording
from ganstudy.theory.settings import OPTIMAL, PARALLEL, PLANTED, TheoryParams

TOLD = "told.json"
DIGITS = 6  # significant ones that are kept of a number


@dataclass(frozen=True)
class Part:
    """What was played of a part: numbers by seed, as text of it, and frames where it is a game."""

    told: Mapping[str, Any]
    frames: Mapping[str, Recording]


def play(params: TheoryParams, name: str) -> Part:
    """Plays a part with every seed. Raises `InputError` for a name that is none."""
    if name not in list(params.parts()):
        raise InputError(f"no part {name!r}; {nearest(name, params.parts())}")
    if name == PARALLEL:
        lines = params.parallel
        return Part({str(seed): parallel.play(lines, seed) for seed in params.seeds}, {})
    game = _game(params, name)
    played = {str(seed): game(seed) for seed in params.seeds}
    return Part(
        {seed: told for seed, (told, _) in played.items()},
        {seed: frames for seed, (_, frames) in played.items()},
    )


def _game(params: TheoryParams, name: str) -> Callable[[int], tuple[dict[str, Any], Recording]]:
    if name == OPTIMAL:
        return lambda seed: optimal.play(params, seed)
    planted = params.games.planted
    if name == PLANTED:
        return lambda seed: games.play(params, planted.loss, planted.recipe, seed)
    return lambda seed: games.play(params, name, params.games.losses[name], seed)


def write(part: Part, folder: Path) -> None:
    """Writes a part into its folder."""
    write_json(folder / TOLD, _short(part.told))
    for seed, recording in part.frames.items():
        arrays = dataclasses.asdict(recording)
        kept = {n: a if a.dtype == np.int64 else a.astype(np.float16) for n, a in arrays.items()}
        write_npz(folder / f"{seed}.npz", named=kept, deflate=True)


def read(params: TheoryParams, evidence: Path = layout.EVIDENCE) -> Mapping[str, Part]:
    """All parts. Raises `InputError` naming a file that is missing or not what was written."""
    return {name: _read(params, name, evidence / name) for name in params.parts()}


def _read(params: TheoryParams, name: str, folder: Path) -> Part:
    told = read_json(layout.output(folder / TOLD, f"play@{name}"))
    seeds = [str(seed) for seed in params.seeds]
    if not isinstance(told, dict) or sorted(told) != sorted(seeds):
        raise InputError(f"{folder / TOLD} is not of the seeds {', '.join(seeds)}: run `dvc repro`")
    if name == PARALLEL:
        return Part(told, {})
    return Part(told, {seed: _recording(folder / f"{seed}.npz", name) for seed in seeds})


def _recording(path: Path, name: str) -> Recording:
    fields = [field.name for field in dataclasses.fields(Recording)]
    found = read_named(layout.output(path, f"play@{name}"), fields)
    if lacking := set(fields) - set(found):
        raise InputError(f"{path} lacks {', '.join(sorted(lacking))}")
    if len({len(array) for array in found.values()}) != 1:
        raise InputError(f"{path} has frames of unequal number")
    return Recording(**{n: a if a.dtype.kind == "i" else _single(a) for n, a in found.items()})


def _single(array: Any) -> Any:
    return array.astype(np.float32)


def _short(value: Any) -> Any:
    """The same with numbers of DIGITS digits."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, list):
        return [_short(each) for each in value]
    if isinstance(value, Mapping):
        return {name: _short(each) for name, each in value.items()}
    return value
