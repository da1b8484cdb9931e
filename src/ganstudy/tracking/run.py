"""One run in MLflow, found or made; what fails of it is told once and never stops the work."""

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganstudy.files import Images, sha256_file, sha256_json
from ganstudy.progress import log
from ganstudy.tracking import store
from ganstudy.tracking.origin import column_tags, source_tags

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run as MlflowRun

KEY_TAG, TRAINING_TAG, FILES_TAG = "study.key", "study.training", "study.files"
PICTURES_TAG, NOTE_TAG = "study.pictures", "mlflow.note.content"
SHARED = ("data", "judge", "report", "real")  # kinds of runs that are not compared
BATCH = 1000  # MLflow's limit of metrics in one call
FEW, LONGEST = 100, 6000  # its limits of params in one call, and of a param's characters
LATE = 600_000  # milliseconds after which an answer comes no more
ROUNDING = 1e-3  # relative: by less, equal settings differ from one kind of machine to another


@dataclass
class TrackedRun:
    """One MLflow run. Every call survives a tracker that is down; rows wait for the next call.

    `key` is the hash of what made the run's numbers. A run that was trained and then measured has
    two: `training` is that of its training. Until it is measured `key` is the same; the first
    measurement makes the run its own, each further one has a run of its own. So has one whose
    `measured` values are other than those that the run of its key has: other code made them.

    `renamed` gives values their names in MLflow. A value `seconds` is also how long the run took:
    its end is so much later than its start, whoever logs it and when.

    `missed` says why something is not in the tracker; it is empty as long as all is.
    """

    name: str
    key: str
    kind: str
    params: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    training: str = ""
    measured: Mapping[str, Any] = field(default_factory=dict)
    renamed: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict
    seconds: float | None = None
    missed: str = ""
    run_id: str = ""
    experiment: str = ""
    _client: "MlflowClient | None" = None
    _status: str = ""
    _times: tuple[int, int | None] = (0, None)
    _pictures: str | None = None
    _note: str | None = None
    _inputs: frozenset[tuple[str, str]] = frozenset()
    _files: str | None = None
    _waiting: list[tuple[int, dict[str, float]]] = field(default_factory=list)

    def log_rows(self, rows: Sequence[Mapping[str, float]]) -> None:
        """Logs rows of history as curves over `images` shown; rows that are there already are
        skipped."""
        # A row keeps its time: a store takes an equal point, sent again, for the one it has.
        now = int(time.time() * 1000)
        self._waiting += [(now, dict(row)) for row in rows]
        with self._forgiven(), self._writing() as client:
            self._batch(client)

    def log_metrics(self, metrics: Mapping[str, Any]) -> None:
        """Logs single values; what is not a finite number becomes a tag or is left out."""
        if "seconds" in metrics:
            self.seconds = float(metrics["seconds"])
        metrics = self.renamed(metrics)
        with self._forgiven(), self._writing() as client:
            from mlflow.entities import Metric, RunTag

            known = client.get_run(self.run_id).data
            now = int(time.time() * 1000)
            fresh = [
                Metric(name, value, now, 0)
                for name, value in numbers(metrics).items()
                if name not in known.metrics or not _same(known.metrics[name], value)
            ]
            tags = [
                RunTag(name, value)
                for name, value in metrics.items()
                if isinstance(value, str) and known.tags.get(name) != value
            ]
            client.log_batch(self.run_id, metrics=fresh, tags=tags)

    def log_files(self, *paths: Path) -> None:
        """Logs those files that are there as artifacts, unless they are there as they are; pictures
        below `figures`."""
        with self._forgiven(), self._writing() as client:
            there = [path for path in paths if path.is_file()]
            digest = sha256_json({path.name: sha256_file(path) for path in there})
            if digest == self._files:
                return
            for path in there:
                folder = "figures" if path.suffix in (".png", ".svg") else None
                client.log_artifact(self.run_id, str(path), folder)
            client.set_tag(self.run_id, FILES_TAG, digest)
            self._files = digest

    def log_pictures(self, digest: str, pictures: Callable[[], Mapping[int, Images]]) -> None:
        """Logs a picture uint8 (H, W, 3) for each number of images shown, which MLflow's page steps
        through, unless those of this `digest` are there."""
        with self._forgiven(), self._writing() as client:
            if digest == self._pictures:
                return
            for step, picture in pictures().items():
                client.log_image(self.run_id, picture, key="samples", step=step, synchronous=True)
            client.set_tag(self.run_id, PICTURES_TAG, digest)
            self._pictures = digest

    def log_data(self, name: str, context: str, digest: str, counts: Mapping[str, Any]) -> None:
        """Logs the data set `name` as one that this run had for `context`, training or reference;
        `digest` is its SHA-256, of which MLflow keeps the first 36 digits."""
        entry = (context, digest[:36])
        if entry in self._inputs:
            return
        with self._forgiven(), self._writing() as client:
            from mlflow.entities import Dataset, DatasetInput, InputTag

            self._inputs = _inputs(client.get_run(self.run_id))
            if entry in self._inputs:  # another process that logs this run
                return
            source = json.dumps({"tags": {"sha256": digest}})
            data = Dataset(name, digest[:36], "code", source, profile=json.dumps(dict(counts)))
            tag = InputTag("mlflow.data.context", context)
            client.log_inputs(self.run_id, [DatasetInput(data, [tag])])
            self._inputs |= {entry}

    def describe(self, text: str) -> None:
        """Makes `text`, which is Markdown, what MLflow's page of the run begins with; `{run}` in it
        is the run's id."""
        with self._forgiven(), self._writing() as client:
            text = text.replace("{run}", self.run_id)
            if text != self._note:
                client.set_tag(self.run_id, NOTE_TAG, text)
                self._note = text

    def finish(self, status: str = "FINISHED") -> None:
        """Ends the run, if it has not ended so before; `status` is MLflow's: FINISHED, FAILED or
        KILLED."""
        with self._forgiven(), self._writing() as client:
            began, over = self._times
            end = None if self.seconds is None else began + round(1000 * self.seconds)
            if self._status != status or (end is not None and end != over):
                client.set_terminated(self.run_id, status, end)
                self._status, self._times = status, (began, end or over)

    def _open(self) -> "MlflowClient":
        store.must_not_pause()
        if self._client is None:
            with store.store_lock():
                client = store.connected()  # which makes the tables of a new store
                name = store.shared_name() if self.kind in SHARED else store.experiment_name()
                self.experiment = store.experiment_id(client, name)
                tags = source_tags()
                tags |= column_tags(tags["git.commit"])
                tags |= {KEY_TAG: self.key, "kind": self.kind, **self.tags}
                if self.training:
                    tags[TRAINING_TAG] = self.training
                run = self._find(client) or client.create_run(
                    self.experiment, self._start(), tags, self.name
                )
                self.run_id = run.info.run_id
                self._status = run.info.status
                self._times = (run.info.start_time, run.info.end_time)
                self._files = run.data.tags.get(FILES_TAG)
                self._pictures = run.data.tags.get(PICTURES_TAG)
                self._note = run.data.tags.get(NOTE_TAG)
                self._inputs = _inputs(run)
                self._describe(client, run, tags)
            self._client = client
        return self._client

    def _start(self) -> int:
        """When the run began, in milliseconds: now, or as long ago as it took."""
        return round(1000 * (time.time() - (self.seconds or 0)))

    def _find(self, client: "MlflowClient") -> "MlflowRun | None":
        """The run of this key; else a measurement takes that of its training, where nothing has
        measured it, and a training that is repeated goes on with any run of it."""
        if found := self._fullest(client, KEY_TAG, self.key):
            return found
        if not self.training:
            return None
        repeated = self.key == self.training
        return self._fullest(client, TRAINING_TAG if repeated else KEY_TAG, self.training)

    def _fullest(self, client: "MlflowClient", tag: str, value: str) -> "MlflowRun | None":
        found = client.search_runs(
            [self.experiment], f"tags.`{tag}` = '{value}' and attributes.status != 'FAILED'"
        )
        # Also as they were called before they were grouped.
        own = numbers(self.measured) | numbers(self.renamed(self.measured))
        agreeing = [
            run
            for run in found
            if all(
                _same(run.data.metrics.get(name, number), number) for name, number in own.items()
            )
        ]
        agreeing.sort(key=lambda run: -len(run.data.metrics))
        for twin in agreeing[1:]:
            # Made when an answer came too late, so that the call was repeated.
            late = time.time() * 1000 - twin.info.start_time > LATE
            if late and not twin.data.metrics:
                client.delete_run(twin.info.run_id)
        return agreeing[0] if agreeing else None

    def _describe(self, client: "MlflowClient", run: "MlflowRun", tags: Mapping[str, str]) -> None:
        """Adds what the run does not say yet. It keeps the commit and experiment that made it:
        later visitors do not rename it."""
        from mlflow.entities import Param, RunTag

        fresh = {name: text for name, text in tags.items() if name not in run.data.tags}
        if self.training and run.data.tags.get(KEY_TAG) == self.training != self.key:
            fresh[KEY_TAG] = self.key
        params = {name: value for name, value in flat(self.params) if name not in run.data.params}
        texts = {name: str(value) for name, value in params.items()}
        for name, text in texts.items():
            if len(text) > LONGEST:  # MLflow would cut it
                client.log_text(self.run_id, text, f"params/{name}.txt")
                texts[name] = f"{text[:60]} …: the artifact params/{name}.txt"
        rows = [Param(name, text) for name, text in texts.items()]
        if fresh:
            client.log_batch(self.run_id, tags=[RunTag(*pair) for pair in fresh.items()])
        for start in range(0, len(rows), FEW):
            client.log_batch(self.run_id, params=rows[start : start + FEW])

    def _batch(self, client: "MlflowClient") -> None:
        """Logs the rows that wait and are not there yet, some at a time, each wholly or not."""
        from mlflow.entities import Metric

        rounds = client.get_metric_history(self.run_id, "images")
        # By value: the step of a run that an earlier version logged is the round.
        last = max((point.value for point in rounds), default=-1)
        self._waiting = [(at, row) for at, row in self._waiting if row["images"] > last]
        while self._waiting:
            points: list[Metric] = []
            count = 0
            for at, row in self._waiting:
                step = int(row["images"])
                own = [Metric(n, v, at, step) for n, v in row.items() if n != "round"]
                if points and len(points) + len(own) > BATCH:
                    break
                points += own
                count += 1
            client.log_batch(self.run_id, metrics=points)
            del self._waiting[:count]

    @contextmanager
    def _writing(self) -> Iterator["MlflowClient"]:
        """A client of the opened run, to which no other process writes meanwhile."""
        client = self._open()
        with store.store_lock():
            yield client

    @contextmanager
    def _forgiven(self) -> Iterator[None]:
        """A failing tracker is a warning: the files hold everything."""
        began, uri = time.monotonic(), store.tracking_uri()
        try:
            yield
        except store.PausedError as error:
            self.missed = self.missed or str(error)
        except Exception as error:  # whatever a tracker, its database or its server throws
            self.missed = store.without_secret(" ".join(str(error).split()))[:400]
            if uri not in store.OUTAGES:
                log(
                    f"MLflow at {store.without_secret(uri)} does not take {self.name} "
                    f"({self.missed}); going on; `ganstudy sync` completes it when it is back"
                )
            slow = time.monotonic() - began > store.SLOW
            store.OUTAGES[uri] = time.monotonic() + (store.PAUSE if slow else 0)
        else:
            store.OUTAGES.pop(uri, None)


@contextmanager
def ended(run: TrackedRun) -> Iterator[TrackedRun]:
    """`run`, which ends as FINISHED, or as FAILED when the body raises."""
    try:
        yield run
    except BaseException as error:
        run.log_metrics({"failure": f"{type(error).__name__}: {error}"})
        run.finish("FAILED" if isinstance(error, Exception) else "KILLED")
        raise
    run.finish()


@contextmanager
def tracked(
    name: str,
    key: str,
    kind: str,
    params: Mapping[str, Any],
    tags: Mapping[str, str] | None = None,
) -> Iterator[TrackedRun]:
    """The run with `key`, found or made; see `ended`."""
    with ended(TrackedRun(name, key, kind, params, tags or {})) as run:
        yield run


def _inputs(run: "MlflowRun") -> frozenset[tuple[str, str]]:
    """Context and digest of the data that a run has."""
    given = run.inputs.dataset_inputs if run.inputs else []
    return frozenset((tag.value, one.dataset.digest) for one in given for tag in one.tags)


def numbers(values: Mapping[str, Any]) -> dict[str, float]:
    """Those of the values that are finite numbers."""
    return {
        name: float(value)
        for name, value in values.items()
        if isinstance(value, int | float) and math.isfinite(value)
    }


def flat(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Nested values with dotted names."""
    pairs: list[tuple[str, Any]] = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            pairs += flat(value, f"{prefix}{name}.")
        else:
            pairs.append((f"{prefix}{name}", value))
    return pairs


def _same(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=ROUNDING, abs_tol=1e-6)
