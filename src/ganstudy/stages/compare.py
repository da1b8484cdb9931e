"""Stage `compare`: the report over the whole grid, from evidence, and MLflow made complete."""

import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ganstudy.errors import InputError
from ganstudy.files import sha256_json
from ganstudy.params import Params
from ganstudy.progress import log
from ganstudy.reports.relations import FieldStudy
from ganstudy.reports.render import render
from ganstudy.reports.study import Study
from ganstudy.study import layout, runs
from ganstudy.study.runs import Run
from ganstudy.tracking import kept_link, log_run, tracked


def run(params: Params, out: Path, *, partial: bool = False) -> None:
    """Writes the report of every run that params name into `out`; see `render`.

    Metrics and evidence of runs that have left the study leave `reports` (their experiments keep
    them). Where the runs' own folders are, MLflow's copies of them are made whole; no page depends
    on that.
    """
    _forget(params.run_keys())
    study = render(params, out, partial=partial)
    link = _track(study, out)
    shown = f"; in MLflow: make ui, or ganstudy ui, then its page {link}" if link else ""
    log(f"report: {out / 'README.md'}{shown}")


def _forget(keys: Sequence[str]) -> None:
    """Takes away what is kept of runs that are none of `keys`."""
    known = {layout.REAL, *keys}
    for path in layout.METRICS.glob("*.json"):
        if path.stem not in known:
            path.unlink()
    for path in layout.EVIDENCE.glob("*"):
        if path.name not in known:
            shutil.rmtree(path)


def _track(study: Study | FieldStudy, out: Path) -> str:
    """Makes MLflow's copies of the study's runs whole, and logs the pages in `out`; returns the
    link that has them side by side. Nothing where the runs' folders are not here."""
    grid = []
    for row in study.runs:
        with suppress(InputError):
            grid.append(runs.read_run(row.key))
    if not grid:
        return ""
    copies = [log_run(run_) for run_ in grid]
    keys = [copy.key for copy in copies]
    with tracked("report", sha256_json(["report", *keys]), "report", {"runs": keys}) as tracker:
        tracker.log_metrics(
            {f"{name} {r.key}": r.metrics[name] for r in grid for name in _headline(r)}
        )
        pages = [out / "README.md", *out.glob("index.html")]
        tracker.log_files(*pages, *sorted((out / "figures").glob("*.png")))
    return kept_link(copies)


def _headline(run_: Run) -> Sequence[str]:
    """The one value that stands for a run, where it was measured."""
    return [name for name in ("fid_debiased", "high_quality") if name in run_.metrics][:1]
