"""The only file that knows MLflow. Files are the truth; the tracker is a copy that can be rebuilt.

Runs are flat, found by the tag `study.key` (a hash of what made them), and shared by the stages of
one run. A tracker that fails is told about once and never stops the work; `sync` completes it.
"""

import fcntl
import math
import os
import re
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ganstudy.files import sha256_json
from ganstudy.layout import project_root
from ganstudy.progress import say

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run as MlflowRun

    from ganstudy.runs import Run

EXPERIMENT = "ganstudy"
KEY_TAG = "study.key"
BATCH = 1000  # MLflow's limit of metrics in one call
SLOW, PAUSE = 2.0, 60.0  # seconds: a tracker that fails after longer is left alone for a while
LATE = 600_000  # milliseconds after which an answer comes no more
# Trackers that fail now, by address, and until when each is left alone; known to the whole process.
_OUTAGES: dict[str, float] = {}
# What DVC removes before it makes it anew; everything else of the repository is source.
_RESULTS = tuple(
    f":(top,exclude,glob){place}"
    for place in ("reports/**", "studies/*/*/reports/**", "**/dvc.lock")
)
_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "GIT_PYTHON_REFRESH": "quiet",
}


def tracking_uri() -> str:
    """MLFLOW_TRACKING_URI, or one sqlite store in the project's root for all workspaces."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{project_root() / 'mlflow.db'}"


def source_tags() -> dict[str, str]:
    """Where the work comes from: git commit, whether files were changed, DVC's experiment, and the
    study below studies/, by which MLflow's pages group its runs."""
    tags = {"git.commit": git("rev-parse", "HEAD") or "none"}
    if place := study_place():
        tags["study"] = place
    if git("status", "--porcelain", "--untracked-files=no", "--", ":(top)", *_RESULTS):
        tags["git.dirty"] = "true"
    if name := os.environ.get("DVC_EXP_NAME"):
        tags["dvc.experiment"] = name
    return tags


def git(*arguments: str) -> str:
    """Output of a git command, stripped; empty where git or the repository is missing."""
    try:
        done = subprocess.run(
            ["git", *arguments], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


@contextmanager
def _store_lock() -> Iterator[None]:
    """One process at a time opens the store: two at first use corrupt a sqlite database. And one at
    a time writes: two of one run would draw its curves twice."""
    folder = project_root() / ".checkpoints"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "mlflow.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class _PausedError(Exception):
    """The tracker was slow to fail: it is left alone for a while, so that work goes on."""


@dataclass
class TrackedRun:
    """One MLflow run. Every call survives a tracker that is down; rows wait for the next call."""

    name: str
    key: str
    kind: str
    params: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    _client: "MlflowClient | None" = None
    _run_id: str = ""
    _waiting: list[tuple[int, dict[str, float]]] = field(default_factory=list)

    def log_rows(self, rows: Sequence[Mapping[str, float]]) -> None:
        """Logs rows of history as curves over `round`; rows that are there already are skipped."""
        # A row keeps its time: a store takes an equal point, sent again, for the one it has.
        now = int(time.time() * 1000)
        self._waiting += [(now, dict(row)) for row in rows]
        with self._forgiven():
            client, run_id = self._open()
            with _store_lock():
                self._batch(client, run_id)

    def log_metrics(self, metrics: Mapping[str, Any]) -> None:
        """Logs single values; what is not a finite number becomes a tag or is left out."""
        with self._forgiven():
            from mlflow.entities import Metric, RunTag

            client, run_id = self._open()
            with _store_lock():
                known = client.get_run(run_id).data.metrics
                now = int(time.time() * 1000)
                fresh = [
                    Metric(name, float(value), now, 0)
                    for name, value in metrics.items()
                    if isinstance(value, int | float)
                    and math.isfinite(value)
                    and known.get(name) != value
                ]
                tags = [RunTag(n, v) for n, v in metrics.items() if isinstance(v, str)]
                client.log_batch(run_id, metrics=fresh, tags=tags)

    def log_files(self, *paths: Path) -> None:
        """Logs files as artifacts; pictures below `figures`."""
        with self._forgiven():
            client, run_id = self._open()
            for path in paths:
                folder = "figures" if path.suffix in (".png", ".svg") else None
                client.log_artifact(run_id, str(path), folder)

    def finish(self, status: str = "FINISHED") -> None:
        """Ends the run; `status` is MLflow's: FINISHED or FAILED."""
        with self._forgiven():
            client, run_id = self._open()
            with _store_lock():
                client.set_terminated(run_id, status)

    def _open(self) -> "tuple[MlflowClient, str]":
        if time.monotonic() < _OUTAGES.get(tracking_uri(), 0):
            raise _PausedError
        if self._client is None:
            for name, value in _QUIET.items():
                os.environ.setdefault(name, value)
            import logging

            from mlflow import MlflowClient

            logging.getLogger("alembic").setLevel(logging.WARNING)
            logging.getLogger("mlflow").setLevel(logging.WARNING)
            with _store_lock():
                client = MlflowClient(tracking_uri())
                experiment = _experiment(client)
                run = self._find(client, experiment) or client.create_run(
                    experiment, run_name=self.name, tags={KEY_TAG: self.key}
                )
                self._run_id = run.info.run_id
                self._describe(client)
            self._client = client
        return self._client, self._run_id

    def _find(self, client: "MlflowClient", experiment: str) -> "MlflowRun | None":
        found = client.search_runs(
            [experiment], f"tags.`{KEY_TAG}` = '{self.key}' and attributes.status != 'FAILED'"
        )
        fullest = sorted(found, key=lambda run: -len(run.data.metrics))
        for twin in fullest[1:]:
            # Made when an answer came too late, so that the call was repeated.
            late = time.time() * 1000 - twin.info.start_time > LATE
            if late and not twin.data.metrics:
                client.delete_run(twin.info.run_id)
        return fullest[0] if fullest else None

    def _describe(self, client: "MlflowClient") -> None:
        from mlflow.entities import Param, RunTag

        tags = {KEY_TAG: self.key, "kind": self.kind, **self.tags, **source_tags()}
        known = client.get_run(self._run_id)
        # A run keeps the commit and experiment that made it: later visitors do not rename it.
        fresh = {name: text for name, text in tags.items() if name not in known.data.tags}
        params = {name: value for name, value in flat(self.params) if name not in known.data.params}
        client.log_batch(
            self._run_id,
            params=[Param(name, str(value)) for name, value in params.items()],
            tags=[RunTag(name, text) for name, text in fresh.items()],
        )

    def _batch(self, client: "MlflowClient", run_id: str) -> None:
        """Logs the rows that wait and are not there yet, some at a time, each wholly or not."""
        from mlflow.entities import Metric

        rounds = client.get_metric_history(run_id, "images")
        last = max((point.step for point in rounds), default=-1)
        self._waiting = [(at, row) for at, row in self._waiting if row["round"] > last]
        while self._waiting:
            points: list[Metric] = []
            count = 0
            for at, row in self._waiting:
                step = int(row["round"])
                own = [Metric(n, v, at, step) for n, v in row.items() if n != "round"]
                if points and len(points) + len(own) > BATCH:
                    break
                points += own
                count += 1
            client.log_batch(run_id, metrics=points)
            del self._waiting[:count]

    @contextmanager
    def _forgiven(self) -> Iterator[None]:
        """A failing tracker is a warning: the files hold everything."""
        began, uri = time.monotonic(), tracking_uri()
        try:
            yield
        except _PausedError:
            pass
        except Exception as error:  # whatever a tracker, its database or its server throws
            if uri not in _OUTAGES:
                reason = without_secret(" ".join(str(error).split()))[:200]
                say(
                    f"MLflow at {without_secret(uri)} does not take {self.name} "
                    f"({reason}); going on, run `bin/ganstudy sync` when it is back"
                )
            slow = time.monotonic() - began > SLOW
            _OUTAGES[uri] = time.monotonic() + (PAUSE if slow else 0)
        else:
            _OUTAGES.pop(uri, None)


@contextmanager
def tracked(
    name: str,
    key: str,
    kind: str,
    params: Mapping[str, Any],
    tags: Mapping[str, str] | None = None,
) -> Iterator[TrackedRun]:
    """The run with `key`, found or made; ends as FINISHED, or as FAILED when the body raises."""
    run = TrackedRun(name, key, kind, params, tags or {})
    try:
        yield run
    except BaseException as error:
        run.log_metrics({"failure": f"{type(error).__name__}: {error}"})
        run.finish("FAILED" if isinstance(error, Exception) else "KILLED")
        raise
    run.finish()


@contextmanager
def tracked_run(key: str, meta: Mapping[str, Any]) -> Iterator[TrackedRun]:
    """The run of the grid that model.json's `meta` tells of: every stage describes it alike."""
    model, loss, seed = key.split("-")
    tags = {"model": model, "loss": loss, "seed": seed, "data": meta["data"]}
    params = {**meta["params"], "data": meta["data_sha256"]}
    with tracked(key, meta["key"], "run", params, tags) as run:
        yield run


@contextmanager
def tracked_real(metrics: Mapping[str, Any]) -> Iterator[TrackedRun]:
    """The run that shows real images beside the models; what made their `metrics` names it."""
    made_by = {"judge": metrics["judge_sha256"], "reference": metrics["reference_sha256"]}
    with tracked("real images", sha256_json(["real", made_by]), "real", made_by) as run:
        yield run


def backfill(run: "Run") -> None:
    """Completes the tracker's copy of `run` from its files; nothing is logged twice."""
    with tracked_run(run.key, run.meta) as copy:
        copy.log_rows([{str(k): float(v) for k, v in row.items()} for row in _records(run)])
        copy.log_metrics(run.metrics | run.timing)
        names = ("grid.png", "history.csv", "model.json", "generator.safetensors")
        copy.log_files(*(run.folder / name for name in names))


def _records(run: "Run") -> list[dict[Any, Any]]:
    """History, with the live metrics of its moments where this machine trained the run."""
    moments = {moment["round"]: moment for moment in run.timing.get("moments", ())}
    return [
        {name: value for name, value in row.items() if not math.isnan(value)}
        | moments.get(row["round"], {})
        for row in run.history.to_dict("records")
    ]


def study_place() -> str:
    """The folder of the study in its project, like `studies/modes/ring`; empty for the root, and in
    DVC's temporary workspaces."""
    here, root = Path.cwd().resolve(), project_root()
    if here == root or (root / "studies") not in here.parents:
        return ""
    return here.relative_to(root).as_posix()


def link_path() -> Path:
    """Where the newest comparison's link is kept: its ids belong to this machine's store."""
    name = "-".join(["mlflow", *filter(None, study_place().split("/"))])
    return project_root() / ".checkpoints" / f"{name}.link"


def comparison_link(keys: Sequence[str]) -> str:
    """The part after the UI's address that shows the runs with these keys side by side."""
    with suppress(Exception):
        for name, value in _QUIET.items():
            os.environ.setdefault(name, value)
        from mlflow import MlflowClient

        with _store_lock():
            client = MlflowClient(tracking_uri())
            experiment = _experiment(client)
        ids = []
        for key in keys:
            found = client.search_runs([experiment], f"tags.`{KEY_TAG}` = '{key}'", max_results=1)
            ids += [f'"{run.info.run_id}"' for run in found]
        runs, experiments = quote(f"[{','.join(ids)}]"), quote(f'["{experiment}"]')
        return f"/#/compare-runs?runs={runs}&experiments={experiments}"
    return "/"


def _experiment(client: "MlflowClient") -> str:
    found = client.get_experiment_by_name(EXPERIMENT)
    if found is not None:
        return str(found.experiment_id)
    place = None
    if tracking_uri().startswith("sqlite:"):
        place = (project_root() / "mlartifacts").as_uri()
    return str(client.create_experiment(EXPERIMENT, artifact_location=place))


def flat(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Nested values with dotted names."""
    pairs: list[tuple[str, Any]] = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            pairs += flat(value, f"{prefix}{name}.")
        else:
            pairs.append((f"{prefix}{name}", value))
    return pairs


def without_secret(text: str) -> str:
    """`text` with the user and password of every address in it left out."""
    return re.sub(r"://\S*@", "://", text)
