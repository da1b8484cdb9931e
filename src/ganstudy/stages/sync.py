"""`sync`: completes MLflow from the files, for what cached stages or an outage left out."""

from ganstudy import layout, runs
from ganstudy.errors import InputError, StudyError
from ganstudy.files import read_json
from ganstudy.judging import INFO
from ganstudy.params import Params
from ganstudy.progress import say
from ganstudy.tracking import (
    TrackedRun,
    kept_link,
    log_real,
    log_run,
    tracked,
    tracking_uri,
    without_secret,
)


def run(params: Params) -> int:
    """Makes every run of the grid that is there whole in MLflow; returns how many were. Raises
    `StudyError` saying how many are not, and why, where the tracker did not take all."""
    copies = []
    for key in params.run_keys():
        try:
            run_ = runs.read_run(key)
        except InputError as error:
            say(f"sync: left out {key}: {error}")
            continue
        copies.append(log_run(run_))
    kept_link(copies)
    missed = [copy for copy in copies if copy.missed]
    for copy in [*missed, *(copy for copy in _judge_and_real() if copy.missed)]:
        raise StudyError(
            f"sync: {len(copies) - len(missed)} of {len(copies)} runs are complete in MLflow at "
            f"{without_secret(tracking_uri())}; {copy.name} is not: {copy.missed}"
        )
    say(f"sync: {len(copies)} runs are complete in MLflow")
    return len(copies)


def _judge_and_real() -> list[TrackedRun]:
    """The judge's accuracy and the floor."""
    copies = []
    path = layout.JUDGE / INFO
    if path.is_file():
        info = read_json(path)
        with tracked("judge", info["key"], "judge", info, {"data": info["data"]}) as copy:
            copy.log_metrics({"accuracy": info["accuracy"]})
        copies.append(copy)
    if (layout.METRICS / f"{layout.REAL}.json").is_file():
        copies.append(log_real(runs.read_metrics(layout.REAL)))
    return copies
