"""What is compared in MLflow: models, and anybody's samples; real images stand apart.

Each has one run for one set of numbers: its key holds all that makes them.
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from ganstudy.files import Images, read_json, read_npz, sha256_file, sha256_json
from ganstudy.keys import RunKey
from ganstudy.reports.pictures import CELLS, tile
from ganstudy.study import layout
from ganstudy.study.runs import SNAPSHOTS, Run
from ganstudy.tracking.names import ALARM, grouped
from ganstudy.tracking.run import TrackedRun, ended

# Values of a metrics JSON that say what measured, and with which settings.
MEASURED_BY = ("settings", "judge_sha256", "reference_sha256")
WIDE = 480  # pixels of a snapshot's picture, at least


@contextmanager
def tracked_training(key: str, meta: Mapping[str, Any]) -> Iterator[TrackedRun]:
    """The run of the grid that is trained, which model.json's `meta` tells of."""
    with ended(_model(key, meta, meta["key"], {})) as run:
        _describe(run, key, meta, {})
        yield run


def log_run(run: Run) -> TrackedRun:
    """Makes the tracker's copy of a trained and measured run whole, from its files; nothing is
    logged twice."""
    key = sha256_json([run.meta["key"], *_measured_by(run.metrics)])
    model = _model(run.key, run.meta, key, run.metrics)
    model.seconds = run.timing.get("seconds")
    with ended(model) as copy:
        copy.log_rows([{str(k): float(v) for k, v in row.items()} for row in _records(run)])
        alarms = {f"{ALARM}{name}": at for name, at in run.timing.get("alarms", {}).items()}
        copy.log_metrics(run.metrics | run.timing | alarms)
        names = ("grid.png", "history.csv", "model.json", "generator.safetensors")
        copy.log_files(*(run.folder / name for name in names))
        _picture(copy, run)
        _describe(copy, run.key, run.meta, run.metrics)
    return copy


def log_real(metrics: Mapping[str, Any]) -> TrackedRun:
    """The run that shows what real images reach."""
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
    run = TrackedRun(name, key, kind, shown, measured=metrics, renamed=_names())
    with ended(run):
        run.log_metrics(metrics)
        _log_reference(run, metrics)
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
        renamed=_names(),
    )


def _names() -> partial[dict[str, Any]]:
    """How values are called, with the classes of the data that is prepared here."""
    path = layout.PREPARED / "data.json"
    classes = read_json(path).get("classes") if path.is_file() else None
    return partial(grouped, classes=tuple(classes or ()))


def _describe(
    run: TrackedRun, key: str, meta: Mapping[str, Any], metrics: Mapping[str, Any]
) -> None:
    """Says what the run is, in a sentence, by which command it is made, with its picture; and which
    data it learned from and was measured against."""
    train = meta["params"].get("train", {})
    name = RunKey.parse(key)
    shown = f", {train['images']:,} images shown" if "images" in train else ""
    text = [f"**{name.family}**, seed {name.seed}, on {meta['data']}{shown}{_said(metrics)}."]
    text.append(f"```\nganstudy train --run {key}\n```")
    if metrics:
        text.append("![samples](get-artifact?path=figures%2Fgrid.png&run_uuid={run})")
    run.describe("\n\n".join(text))
    run.log_data(meta["data"], "training", meta["data_sha256"], {"split": "train"})
    _log_reference(run, metrics, meta["data"])


def _said(metrics: Mapping[str, Any]) -> str:
    """The headline of what was measured."""
    if "fid_debiased" in metrics:
        bounds = [metrics[n] for n in ("fid_low", "fid_high") if n in metrics]
        interval = f" [{bounds[0]:.1f}, {bounds[1]:.1f}]" if len(bounds) == 2 else ""
        beside = [f"{n} {metrics[n]:.3f}" for n in ("recall", "coverage") if n in metrics]
        said = ", ".join([f"debiased FID {metrics['fid_debiased']:.1f}{interval}", *beside])
        return f": {said}, by the judge {metrics.get('judge', '')}"
    if "high_quality" in metrics:
        modes = f"{metrics['modes_captured']} of {metrics['modes']} modes"
        return f": {modes}, {metrics['high_quality']:.1%} high quality"
    return ""


def _log_reference(run: TrackedRun, metrics: Mapping[str, Any], name: str = "reference") -> None:
    if digest := metrics.get("reference_sha256"):
        run.log_data(name, "reference", digest, {"rows": metrics.get("reference")})


def _picture(copy: TrackedRun, run: Run) -> None:
    """The same codes at each moment of training, where these are images."""
    path = run.folder / SNAPSHOTS
    if not path.is_file():
        return

    def pictures() -> dict[int, Images]:
        moments = read_npz(path)[0]
        if moments.ndim != 5 or moments.dtype != np.uint8:  # points, or voxels
            return {}
        train = run.meta["params"]["train"]
        return {
            train["images"] * (n + 1) // train["snapshots"]: _grid(moment)
            for n, moment in enumerate(moments)
        }

    copy.log_pictures(sha256_file(path), pictures)


def _grid(images: Images) -> Images:
    """The first of `images` in a square, enlarged by a whole number."""
    picture = tile(images[:CELLS].astype(np.uint8, copy=False), 8)
    factor = -(-WIDE // picture.shape[1])
    return picture.repeat(factor, axis=0).repeat(factor, axis=1)


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
