"""What is compared in MLflow: models, real images beside them, anybody's samples.

Each has one run for one set of numbers: its key holds all that makes them.
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ganstudy.files import sha256_json
from ganstudy.keys import RunKey
from ganstudy.runs import Run
from ganstudy.tracking.run import TrackedRun, ended

# Values of a metrics JSON that say what measured, and with which settings.
MEASURED_BY = ("settings", "judge_sha256", "reference_sha256")


@contextmanager
def tracked_training(key: str, meta: Mapping[str, Any]) -> Iterator[TrackedRun]:
    """The run of the grid that is trained, which model.json's `meta` tells of."""
    with ended(_model(key, meta, meta["key"], {})) as run:
        yield run


def log_run(run: Run) -> TrackedRun:
    """Makes the tracker's copy of a trained and measured run whole, from its files; nothing is
    logged twice."""
    key = sha256_json([run.meta["key"], *_measured_by(run.metrics)])
    with ended(_model(run.key, run.meta, key, run.metrics)) as copy:
        copy.log_rows([{str(k): float(v) for k, v in row.items()} for row in _records(run)])
        alarms = {f"alarm {name}": at for name, at in run.timing.get("alarms", {}).items()}
        copy.log_metrics(run.metrics | run.timing | alarms)
        names = ("grid.png", "history.csv", "model.json", "generator.safetensors")
        copy.log_files(*(run.folder / name for name in names))
    return copy


def log_real(metrics: Mapping[str, Any]) -> TrackedRun:
    """The run that shows real images beside the models."""
    return _logged("real images", "real", [], metrics)


def log_samples(name: str, digest: str, metrics: Mapping[str, Any]) -> TrackedRun:
    """The run of somebody's samples, whose content has this digest."""
    return _logged(f"evaluate {name}", "samples", [digest], metrics, {"samples": name})


def _logged(
    name: str,
    kind: str,
    content: list[str],
    metrics: Mapping[str, Any],
    params: Mapping[str, Any] | None = None,
) -> TrackedRun:
    key = sha256_json([kind, *content, *_measured_by(metrics)])
    shown = {**_settings(metrics), "reference": metrics["reference_sha256"], **(params or {})}
    with ended(TrackedRun(name, key, kind, shown, measured=metrics)) as run:
        run.log_metrics(metrics)
    return run


def _model(name: str, meta: Mapping[str, Any], key: str, measured: Mapping[str, Any]) -> TrackedRun:
    run = RunKey.parse(name)
    return TrackedRun(
        name,
        key,
        "model",
        {**meta["params"], "data": meta["data_sha256"], **_settings(measured)},
        {"model": run.model, "loss": run.loss, "seed": str(run.seed), "data": meta["data"]},
        training=meta["key"],
        measured=measured,
    )


def _measured_by(metrics: Mapping[str, Any]) -> list[Any]:
    return [metrics.get(name) for name in MEASURED_BY]


def _settings(metrics: Mapping[str, Any]) -> dict[str, str]:
    """The settings of a measurement, from their line `name=value name=value`."""
    return dict(pair.split("=", 1) for pair in metrics.get("settings", "").split())


def _records(run: Run) -> list[dict[Any, Any]]:
    """History, with the live metrics of its moments where this machine trained the run."""
    moments = {moment["round"]: moment for moment in run.timing.get("moments", ())}
    return [
        {name: value for name, value in row.items() if not math.isnan(value)}
        | moments.get(row["round"], {})
        for row in run.history.to_dict("records")
    ]
