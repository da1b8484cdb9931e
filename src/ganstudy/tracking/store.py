"""The store: where it is, how it is opened, and when it is left alone."""

import fcntl
import logging
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ganstudy.errors import StudyError
from ganstudy.study.layout import project_root

if TYPE_CHECKING:
    from mlflow import MlflowClient

# What makes MLflow's page of an experiment that of trained models, and what it charts first.
_PAGE = {
    "mlflow.experimentKind": "custom_model_development",
    "mlflow.experiment.primaryMetric.name": "final/fid_debiased",
    "mlflow.experiment.primaryMetric.greaterIsBetter": "false",
}
SLOW, PAUSE = 2.0, 60.0  # seconds: a tracker that fails after longer is left alone for a while
# Trackers that fail now, by address, and until when each is left alone; known to the whole process.
OUTAGES: dict[str, float] = {}
_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}
_SQLITE = re.compile(r"(sqlite(?:\+\w+)?:///)(?!:memory:)(.+)")


class PausedError(Exception):
    """The tracker was slow to fail: it is left alone for a while, so that work goes on."""


def tracking_uri() -> str:
    """MLFLOW_TRACKING_URI, or one sqlite store in the project's root for all workspaces. A relative
    sqlite file starts at that root too: DVC deletes its temporary workspaces with all in them."""
    uri = os.environ.get("MLFLOW_TRACKING_URI") or "sqlite:///mlflow.db"
    if found := _SQLITE.fullmatch(uri):
        return f"{found[1]}{project_root() / found[2]}"
    return uri


def experiment_name() -> str:
    """MLFLOW_EXPERIMENT_NAME, or `ganstudy`: MLflow's experiment of all that is compared."""
    return os.environ.get("MLFLOW_EXPERIMENT_NAME") or "ganstudy"


def shared_name() -> str:
    """The experiment beside it of what the runs share: data, the judge, reports."""
    return f"{experiment_name()}-shared"


def must_not_pause() -> None:
    """Raises `PausedError` while the store is left alone."""
    if time.monotonic() < OUTAGES.get(tracking_uri(), 0):
        raise PausedError("it was slow to fail and is left alone for a while")


def connected() -> "MlflowClient":
    """A client of the store."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient

    for library in ("alembic", "mlflow"):
        logging.getLogger(library).setLevel(logging.WARNING)
    return MlflowClient(tracking_uri())


def experiment_id(client: "MlflowClient", name: str) -> str:
    """The experiment's id; it is made where there is none. Raises `StudyError` with the command
    that restores it where it was deleted."""
    found = client.get_experiment_by_name(name)
    if found is None:
        local = tracking_uri().startswith("sqlite")
        place = (project_root() / "mlartifacts").as_uri() if local else None
        return str(client.create_experiment(name, artifact_location=place, tags=dict(_PAGE)))
    if found.lifecycle_stage == "deleted":
        raise StudyError(
            f"its experiment {name} was deleted; to restore it: MLFLOW_TRACKING_URI="
            f"{without_secret(tracking_uri())} mlflow experiments restore -x {found.experiment_id}"
        )
    for tag, value in _PAGE.items():
        if tag not in found.tags:
            client.set_experiment_tag(found.experiment_id, tag, value)
    return str(found.experiment_id)


@contextmanager
def store_lock() -> Iterator[None]:
    """One process at a time opens the store: two at first use corrupt a sqlite database. And one at
    a time writes: two of one run would draw its curves twice."""
    folder = project_root() / ".checkpoints"
    folder.mkdir(parents=True, exist_ok=True)
    with Path(folder / "mlflow.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def without_secret(text: str) -> str:
    """`text` with the user and password of every address in it left out."""
    return re.sub(r"://\S*@", "://", text)
