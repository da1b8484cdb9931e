"""`theory`: the study of games whose answer is known, played, told and drawn."""

import tempfile
from pathlib import Path

import torch

from ganstudy.errors import InputError, StudyError
from ganstudy.files import write_json
from ganstudy.progress import log
from ganstudy.reports.sameness import differences
from ganstudy.study import layout
from ganstudy.theory import evidence, fingerprint, report
from ganstudy.theory.settings import TheoryParams, load


def numerics(out: Path) -> None:
    """Writes the fingerprint of every part."""
    params = load(layout.PARAMS)
    for name in params.parts():
        write_json(out / f"{name}.json", fingerprint.of(params, name))


def play(name: str, out: Path) -> None:
    """Plays a part with every seed and writes its evidence."""
    params = load(layout.PARAMS)
    torch.set_num_threads(1)  # networks this small are slower on several
    evidence.write(evidence.play(params, name), out)


def draw(out: Path) -> None:
    """Writes the report from evidence."""
    params = load(layout.PARAMS)
    report.write(params, evidence.read(params), out)
    log(f"theory: {out / 'README.md'}, and index.html beside it")


def check(out: Path) -> None:
    """Compares the report in `out` with the one that evidence draws. Raises `StudyError` naming
    every file that differs, and evidence that is missing."""
    place = layout.study_place() or "."
    try:
        wrong = _wrong(load(layout.PARAMS), out)
    except InputError as error:
        raise StudyError(*(f"{place}: {mistake}" for mistake in error.args)) from error
    if wrong:
        raise StudyError(*(f"{place}: {what}" for what in wrong))
    log(f"{place}: as its evidence draws it")


def _wrong(params: TheoryParams, out: Path) -> list[str]:
    parts = evidence.read(params)
    with tempfile.TemporaryDirectory() as folder:
        report.write(params, parts, Path(folder))
        return differences(Path(folder), out)
