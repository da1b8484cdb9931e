"""Stage `train`: one run of the grid, resumable, with the same budget for every model."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from ganstudy import distributed
from ganstudy.data import styles
from ganstudy.data.fields import load_dataset
from ganstudy.data.images import DataInfo, Split, load_info
from ganstudy.dataset import Array
from ganstudy.errors import DivergedError
from ganstudy.evaluation import PROTOCOLS
from ganstudy.files import read_json, replacing, sha256_json, write_json, write_npz
from ganstudy.keys import RunKey
from ganstudy.models import build, identity
from ganstudy.models.base import SETTLE_BATCHES, GenerativeModel, Networks, encoded, must_be_given
from ganstudy.models.playing import make_trainer, seen
from ganstudy.models.saved import MODEL, WEIGHTS, save_model
from ganstudy.models.snapshots import SETTLED_ON, snapshot, snapshot_size
from ganstudy.params import Params
from ganstudy.progress import log
from ganstudy.reports import pictures
from ganstudy.spaces import Points, Space, classes_of, samples_of, to_json
from ganstudy.study import layout, runs
from ganstudy.tracking import tracked_training
from ganstudy.training import device as devices
from ganstudy.training.alarms import alarms
from ganstudy.training.checkpoint import CheckpointStore
from ganstudy.training.precision import has_bfloat16, precision
from ganstudy.training.trainer import Callbacks, Row, Trainer

FOLLOWED = ("fid", "coverage", "modes_captured", "high_quality", "mode_kl")


def run(params: Params, key: RunKey, out: Path) -> None:
    """Trains the run `key` on the prepared data and writes its folder `out`: model.json,
    <network>.safetensors for each network (averages where they are kept), history.csv, grid.png,
    snapshots.npz.

    Started by torchrun, several processes share the training; the first writes and tracks. A run
    that diverges raises `DivergedError`, or with `train.failure: keep` is written as it was
    when all was still finite, with the reason in model.json.
    """
    device = devices.choose(params.runtime)
    with distributed.process_group(device):
        _train(params, key, out, device)


def _train(params: Params, key: RunKey, out: Path, device: torch.device) -> None:
    recipe = identity(params, key)
    info = load_info(layout.PREPARED)
    numerics = layout.output(layout.NUMERICS / f"{key.family}.json", "numerics")
    data = seen(params, key, load_dataset(layout.PREPARED, "train"))
    spaces = data.spaces
    arithmetic = precision(params, device)
    digest = sha256_json(
        [recipe, arithmetic, info.sha256_train, _seen(spaces), read_json(numerics)]
    )
    model = build(params, key, spaces)
    trainer = make_trainer(params, key, model, data, device)
    meta: dict[str, Any] = {
        "key": digest,
        "params": recipe,
        "data": info.name,
        "data_sha256": info.sha256_train,
        "precision": arithmetic,
    }
    if arithmetic == "bfloat16" and not has_bfloat16(device):
        log("bfloat16 is emulated here and slow; float32 is faster: -S train.precision=auto")
    (main, *_) = model.outputs(model.specs).values()
    given = _held_out(model)
    count = min([snapshot_size(info.kind, main), *map(len, given.values())])

    def picture(networks: Networks, batches: int = SETTLED_ON) -> Tensor:
        return snapshot(networks, model, count, key.seed, batches, given)

    store = CheckpointStore(layout.state("train", digest))
    callbacks = Callbacks(snapshot=picture, measure=_live(params, info, device))
    if not distributed.is_main():
        _follow(params, trainer, store, callbacks)
        picture(trainer.networks(), SETTLE_BATCHES)
        return
    with store.locked(), tracked_training(str(key), meta) as tracker:
        distributed.wait()  # for nobody reads a checkpoint before the store is this training's
        try:
            trainer.fit(store, replace(callbacks, title=_title(params, key), log=tracker.log_rows))
        except DivergedError as error:
            if params.train.failure == "stop":
                raise
            log(f"{key} failed and is kept as it was before: {error}")
            meta["failure"] = str(error)
        last = picture(trainer.networks(), SETTLE_BATCHES)
        save_model(out, trainer.networks(), model.specs, meta)
        with replacing(out / runs.HISTORY) as temporary:
            pd.DataFrame(_history(trainer)).to_csv(temporary, index=False)
        write_npz(out / runs.SNAPSHOTS, torch.stack(trainer.snapshots or [last]).numpy())
        _save_picture(out / runs.GRID, main, last.numpy())
        raised = {a.name: a.progress for a in alarms(trainer.history, params.train.images)}
        timing = {
            "seconds": round(trainer.seconds, 1),
            "watched": round(trainer.watched, 1),
            "processes": distributed.size(),
            **devices.describe(device),
        }
        write_json(
            runs.timing_path(digest), timing | {"moments": trainer.moments, "alarms": raised}
        )
        tracker.log_metrics(timing | {f"alarm {name}": at for name, at in raised.items()})
        names = (runs.GRID, runs.HISTORY, MODEL, WEIGHTS)
        tracker.log_files(*(out / name for name in names))
        store.clear()


def _held_out(model: GenerativeModel) -> Mapping[str, Tensor]:
    """Of inputs that nobody can draw, like images, those of the validation split."""
    wanted = must_be_given(model.inputs(model.specs))
    if not wanted:
        return {}
    return encoded(load_dataset(layout.PREPARED, "validation"), wanted)


def _save_picture(path: Path, space: Space, samples: Array) -> None:
    """What samples look like, where they look like something."""
    if isinstance(space, Points):
        pictures.save_picture(path, samples)
    elif (images := styles.seen(space, samples)) is not None:
        pictures.save_picture(path, images)


def _seen(spaces: Mapping[str, Space]) -> dict[str, Any]:
    """What a model is made for, as JSON values."""
    seen: dict[str, Any] = {n: to_json(s) for n, s in spaces.items() if n not in ("x", "y")}
    if "x" in spaces:
        samples, classes = samples_of(spaces), classes_of(spaces)
        seen |= {"stored": samples.stored, "scale": samples.scale, "classes": classes}
    return seen


def _title(params: Params, key: RunKey) -> str:
    """What the bar is headed with: the run, and which of the study's it is."""
    keys = params.run_keys()
    if str(key) not in keys or len(keys) == 1:
        return f"train {key}"
    return f"train {key} (run {keys.index(str(key)) + 1} of {len(keys)})"


def _follow(params: Params, trainer: Trainer, store: CheckpointStore, callbacks: Callbacks) -> None:
    """The training of the other processes: all that the first does but write and tell."""
    distributed.wait()
    try:
        trainer.fit(store, callbacks)
    except DivergedError:
        if params.train.failure == "stop":
            raise


def _live(params: Params, info: DataInfo, device: torch.device) -> Callable[[Tensor], Row]:
    """Measures a snapshot for the tracker, where the judge is there already.

    No result depends on it: reports measure the snapshots that training keeps. So nothing that
    goes wrong with it ends the training; it is told once. Of several processes the first measures,
    alone: what fails there must not leave the others waiting.
    """
    if info.traits.fields:  # metrics of fields need what was given, not samples alone
        return lambda samples: {}
    protocol = cache(partial(PROTOCOLS[info.kind], params, device))
    broken = False

    def measure(samples: Tensor) -> Row:
        nonlocal broken
        if broken or not distributed.is_main():
            return {}
        try:
            with distributed.no_sync():
                values = protocol().snapshot_metrics(Split(samples.numpy(), None))
        except Exception as error:  # no judge yet, no memory beside the training, odd samples
            broken = True
            log(f"train: no live metrics: {error}")
            return {}
        return {name: values[name] for name in FOLLOWED if name in values}

    return measure


def _history(trainer: Trainer) -> list[dict[str, float]]:
    """At least one row, for a run that failed before its first."""
    return trainer.history or [{"round": 0.0, "images": 0.0}]
