"""`sync`: completes MLflow from the files, for what cached stages or an outage left out."""

from ganstudy import runs
from ganstudy.errors import InputError
from ganstudy.files import write_text
from ganstudy.params import Params
from ganstudy.progress import say
from ganstudy.tracking import backfill, comparison_link, link_path


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
    write_text(link_path(), comparison_link(done) + "\n")
    say(f"sync: {len(done)} runs are complete in MLflow")
    return len(done)
