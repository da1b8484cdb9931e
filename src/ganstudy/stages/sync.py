"""`sync`: completes MLflow from the files, for what cached stages or an outage left out."""

from ganstudy.errors import InputError, StudyError
from ganstudy.evaluation.judging import INFO
from ganstudy.files import read_json
from ganstudy.params import Params
from ganstudy.progress import log
from ganstudy.study import layout, runs
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
            log(f"sync: left out {key}: {error}")
            continue
        copies.append(log_run(run_))
    kept_link(copies)
    whole = sum(not copy.missed for copy in copies)
    lacking = [copy for copy in [*copies, *_judge_and_real()] if copy.missed]
    if lacking:
        raise StudyError(
            f"sync: {whole} of {len(copies)} runs are complete in MLflow at "
            f"{without_secret(tracking_uri())}; {lacking[0].name} is not: {lacking[0].missed}"
        )
    log(f"sync: {len(copies)} runs are complete in MLflow")
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
