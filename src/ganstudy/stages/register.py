"""`register`: a run's generator in MLflow's registry, to be served."""

from ganstudy.progress import log
from ganstudy.study import layout
from ganstudy.study.runs import read_run
from ganstudy.tracking import tracking_uri, without_secret
from ganstudy.tracking.registry import register


def run(key: str, name: str | None) -> None:
    """Registers the run `key` under `name`, by default `ganstudy-<data>`, and says how it is
    served."""
    layout.run_folder(key)
    found = read_run(key)
    address = register(found, name or f"ganstudy-{found.meta['data']}")
    log(f"{key} is {address}; to serve it on this machine:")
    print(
        f"MLFLOW_TRACKING_URI={without_secret(tracking_uri())} mlflow models serve -m {address} "
        "--env-manager local --port 5001"
    )
