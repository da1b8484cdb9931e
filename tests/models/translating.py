"""Models of images to images, trained by the one trainer on data in memory."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ganstudy import models
from ganstudy.dataset import Array, Dataset
from ganstudy.keys import RunKey
from ganstudy.models.base import generated, recompute_bn_statistics
from ganstudy.models.playing import make_trainer
from ganstudy.params import Params
from ganstudy.training.checkpoint import CheckpointStore
from ganstudy.training.trainer import Callbacks, Row, Trainer
from training.tiny import CPU, params, weights


class StoppedError(Exception):
    """What ends a run early."""


def recipe(translator: Mapping[str, Any], rate: float, penalties: Any, **weights: Any) -> Any:
    """A recipe of such a model: both players at one `rate`."""
    player = {"learning_rate": rate, "betas": [0.5, 0.99]}
    game = {"generator": player, "discriminator": player, "penalties": penalties}
    return {"translator": dict(translator), "game": game, **weights}


def study(family: str, recipe: Any, critic: tuple[str, int], **changes: Any) -> Params:
    """Params of one model with its D, a network and its width; `changes` as `tiny.params`."""
    name, width = critic
    chosen = {"network__name": name, "network__discriminator_width": width}
    return params(models={family: recipe}, **(chosen | changes))


def trainer(chosen: Params, run: str, data: Dataset, **settings: Any) -> Trainer:
    """As the stage makes it, with other `settings`."""
    key = RunKey.parse(run)
    made = make_trainer(chosen, key, models.build(chosen, key, data.spaces), data, CPU)
    made.settings = replace(made.settings, **settings)
    return made


def trained(chosen: Params, run: str, data: Dataset) -> Trainer:
    subject = trainer(chosen, run, data)
    subject.fit(None, Callbacks())
    return subject


def made(subject: Trainer, test: Dataset) -> Mapping[str, Array]:
    """The outputs for all rows of `test` that the model takes."""
    model, networks = subject.game.model, subject.networks()
    wanted = type(model).inputs(model.specs)
    given = {
        name: test.spaces[name].encode(torch.from_numpy(test.fields[name]))
        for name in wanted
        if name in test.fields
    }
    recompute_bn_statistics(type(model), networks, model.specs, 0, 2, given)
    return generated(type(model), networks, model.specs, given)


def planted(monkeypatch: pytest.MonkeyPatch, name: str, kind: type) -> None:
    """`kind` in the row `name` of the models."""
    monkeypatch.setitem(models.MODELS, name, kind)


def resumes(make: Callable[..., Trainer], folder: Path, stop_at: int) -> None:
    """Asserts that a run that is killed after `stop_at` rounds and resumed is the uninterrupted
    one, bit for bit, state and all."""
    straight, store = make(), CheckpointStore(folder)
    straight.fit(None, Callbacks())

    def stop(rows: list[Row]) -> None:
        if rows[-1]["round"] == stop_at:
            raise StoppedError

    with pytest.raises(StoppedError):
        make(checkpoint_seconds=-1.0).fit(store, Callbacks(log=stop))
    resumed = make()
    resumed.fit(store, Callbacks())
    assert resumed.history == straight.history
    assert everything(resumed) == everything(straight)


def everything(subject: Trainer) -> list[bytes]:
    """All weights, averages and state, byte by byte."""
    model = subject.game.model
    return weights(*model.networks.values(), *model.state.values(), *subject.game.averages.values())


def mean_error(one: Array, other: Array) -> float:
    """In [0, 1]."""
    return float(np.abs(one.astype(float) - other.astype(float)).mean() / 255)
