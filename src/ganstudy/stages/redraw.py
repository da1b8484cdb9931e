"""`redraw`: a study's report from what git keeps of it, without DVC, data, weights or a tracker."""

import shutil
import tempfile
from pathlib import Path

from ganstudy.errors import StudyError
from ganstudy.evidence.read import missing_files
from ganstudy.params import Params
from ganstudy.progress import log
from ganstudy.reports.catalogue import NAME, write
from ganstudy.reports.render import render
from ganstudy.reports.sameness import differences, drawn
from ganstudy.study import layout


def run(params: Params, out: Path) -> None:
    """Writes the report into `out`, in the place of the one that is there."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder)
        render(params, made)
        shutil.rmtree(out / "figures", ignore_errors=True)  # also those that nobody draws any more
        for name in drawn(made):
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(made / name, out / name)
    log(f"{_place()}: drawn anew")


def check(params: Params, out: Path) -> None:
    """Compares the report in `out` with the one that evidence draws. Raises `StudyError` that names
    every file of evidence that is missing and every file of the report that differs."""
    keys = [layout.REAL, *params.run_keys()]
    wrong = [f"{path} is missing" for key in keys for path in missing_files(key)]
    if not wrong:
        with tempfile.TemporaryDirectory() as folder:
            render(params, Path(folder))
            wrong = differences(Path(folder), out)
    if wrong:
        raise StudyError(*(f"{_place()}: {what}" for what in wrong))
    log(f"{_place()}: as its evidence draws it")


def _place() -> str:
    return layout.study_place() or "."


def catalogue(root: Path, *, compare: bool = False) -> None:
    """Writes the page of all studies below `root`, or compares the one that is there with it."""
    kept = root / layout.REPORTS / NAME
    if not compare:
        write(root, kept)
        return
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / NAME
        write(root, made)
        if not kept.is_file() or made.read_bytes() != kept.read_bytes():
            raise StudyError(f"{kept} is not what the reports of the studies say")
