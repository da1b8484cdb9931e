"""Stage `sample`: what a trained model makes, of codes or of what it is given, as other evaluators
read it."""

import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from ganstudy import distributed
from ganstudy.data.fields import MEMBERS, load_dataset
from ganstudy.dataset import Array
from ganstudy.errors import InputError
from ganstudy.files import write_json, write_npz
from ganstudy.models.base import Given, encoded, inputs_for, must_be_given
from ganstudy.models.saved import SavedModel, load_model
from ganstudy.params import RuntimeParams
from ganstudy.progress import log
from ganstudy.spaces import Label
from ganstudy.study import layout, runs
from ganstudy.training import device as devices


def run(
    key: str, count: int, seed: int, out: Path, runtime: RuntimeParams, label: int | None = None
) -> None:
    """Writes `count` samples of run `key` to `out`: npz with arr_0, the main output, uint8
    (N, H, W, C) or float32 (N, d), labels int64 in arr_1 where the model is told of classes (every
    class in turn, or `label` alone), and other outputs by their names.

    A model that must be given something, like images, is given the rows of the test split in their
    order, `count` at most. Several processes share the work; the first writes."""
    device = devices.choose(runtime)
    model = load_model(layout.run_folder(key), device, sampling=True)
    given = {**_from_test(model), **_labels(model, count, label, key)}
    count = min([count, *map(len, given.values())])
    inputs = inputs_for(model.inputs, count, seed, {n: v[:count] for n, v in given.items()})
    began = time.monotonic()
    with distributed.process_group(device):
        outputs = model.sample(count, seed, inputs)
    taken = 1000 * (time.monotonic() - began) / count
    if not distributed.is_main():
        return
    if out in (layout.own_samples(key), layout.samples_apart(key)):  # the study's, not a try
        write_json(runs.sampling_path(model.meta["key"]), {runs.SAMPLED: round(taken, 3)})
    write_npz(out, named=_members(outputs, inputs))
    log(f"sample {key}: {count:,} samples in {out}")


def _members(outputs: Mapping[str, Array], inputs: Given) -> dict[str, Array]:
    """The main output first, then the labels that it was made for, then others."""
    (_, main), *others = outputs.items()
    labels = {MEMBERS["y"]: inputs["y"].numpy()} if "y" in inputs else {}
    return {MEMBERS["x"]: main} | labels | dict(others)


def _from_test(model: SavedModel) -> Given:
    wanted = must_be_given(model.inputs)
    return encoded(load_dataset(layout.PREPARED, "test"), wanted) if wanted else {}


def _labels(
    model: SavedModel, count: int, label: int | None, key: str
) -> Mapping[str, torch.Tensor]:
    """Labels of one class, where one is asked for."""
    if label is None:
        return {}
    told = model.inputs.get("y")
    if not isinstance(told, Label):
        raise InputError(f"--label: {key} knows no classes; it was not trained as conditional")
    if not 0 <= label < told.classes:
        raise InputError(f"--label {label}: {key} knows the classes 0 to {told.classes - 1}")
    return {"y": torch.from_numpy(np.full(count, label, np.int64))}
