"""`sync`: completes MLflow from the files, for what cached stages or an outage left out."""

from ganstudy import runs
from ganstudy.errors import InputError
from ganstudy.params import Params
from ganstudy.progress import say
from ganstudy.tracking import backfill


def run(params: Params) -> int:
    """Backfills every run of the grid that is there; returns how many were."""
    done = 0
    for key in params.run_keys():
        try:
            backfill(runs.read_run(key))
        except InputError as error:
            say(f"sync: left out {key}: {error}")
            continue
        done += 1
    say(f"sync: {done} runs are complete in MLflow")
    return done
