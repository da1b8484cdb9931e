"""`sync`: completes MLflow from the files, for what cached stages or an outage left out."""

from ganstudy import layout, runs
from ganstudy.errors import InputError
from ganstudy.files import read_json, write_text
from ganstudy.judging import INFO
from ganstudy.params import Params
from ganstudy.progress import say
from ganstudy.tracking import backfill, comparison_link, link_path, tracked, tracked_real


def run(params: Params) -> int:
    """Backfills every run of the grid that is there; returns how many were."""
    done = []
    for key in params.run_keys():
        try:
            run_ = runs.read_run(key)
        except InputError as error:
            say(f"sync: left out {key}: {error}")
            continue
        backfill(run_)
        done.append(run_.meta["key"])
    _judge_and_real()
    write_text(link_path(), comparison_link(done) + "\n")
    say(f"sync: {len(done)} runs are complete in MLflow")
    return len(done)


def _judge_and_real() -> None:
    """The judge's accuracy and the floor."""
    path = layout.JUDGE / INFO
    if path.is_file():
        info = read_json(path)
        with tracked("judge", info["key"], "judge", info, {"data": info["data"]}) as copy:
            copy.log_metrics({"accuracy": info["accuracy"]})
    if (layout.METRICS / f"{layout.REAL}.json").is_file():
        values = runs.read_metrics(layout.REAL)
        with tracked_real(values) as copy:
            copy.log_metrics(values)
