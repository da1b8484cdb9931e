"""What training computes: a few rounds of every recipe in float64 on tiny images.

Terms, weights and buffers, to six digits, beside all parameters that a result depends on. What
float64 on a CPU cannot show (bfloat16, a GPU's kernels) is in `VERSION`.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from ganstudy import judges
from ganstudy.data import fielded
from ganstudy.data.images import Split
from ganstudy.data.stacked import unstack
from ganstudy.dataset import random_rows
from ganstudy.evaluation.judging import rotated
from ganstudy.files import sha256_arrays
from ganstudy.fingerprints.values import in_float64, texts
from ganstudy.keys import RunKey
from ganstudy.models import build, families_for, identity, model_class, snapshots
from ganstudy.models.base import SETTLE_BATCHES, SETTLE_SIZE, latents
from ganstudy.models.judge import DECAY, EMA, Judge
from ganstudy.params import Params
from ganstudy.seeding import numpy_generator
from ganstudy.spaces import Image, Space, labelled, partly_labelled
from ganstudy.training.batches import Batches
from ganstudy.training.ema import settle_statistics
from ganstudy.training.player import Model
from ganstudy.training.trainer import Callbacks, Settings, Trainer

VERSION = 1  # raise it when a change matters that the values below cannot show
STORED = {  # of an image two doublings: every kind of block is there
    "images": (16, 16, 1),
    "stacked": (16, 16, 3),
    "points": (2,),
}
COUNT, BATCH, ROUNDS, CLASSES, WIDTH = 24, 6, 3, 2, 4
SIDE = 16  # of the largest image
_BOTH = {"unconditional": 0, "conditional": CLASSES}
# The numbers of classes with which networks are built, by name; stacked images know none.
CONDITIONS = {"images": _BOTH, "points": _BOTH, "stacked": {"unconditional": 0}}


def fingerprint(params: Params, family: str) -> dict[str, Any]:
    """All that a training of `family` depends on but its seed and the data: the parameters, and
    what a tiny training under them computes, as texts of six digits."""
    tiny = tiny_networks(params)
    key = RunKey.parse(f"{family}-0")
    settings = Settings(0, params.train.lr_decay, params.train.ema)
    found = identity(params, key)
    del found["run"]  # which has a seed
    found |= {
        "version": VERSION,
        "settle": [SETTLE_BATCHES, SETTLE_SIZE],
        "snapshots": snapshots.constants(params.data.kind),
        "codes": sha256_arrays(latents(4, 12, 0).numpy()),
    }
    for name, spaces in tiny_spaces(params).items():
        if model_class(key.model).unfit(spaces) is not None:
            continue
        found[name] = _play(partial(build, tiny, key, spaces), spaces, settings)
    return found


def tiny_spaces(params: Params) -> dict[str, Mapping[str, Space]]:
    """Small spaces like those of the study's data, by what networks are told of them: with and
    without classes, or the fields that the data have."""
    kind = params.data.kind
    if params.data.traits.fields:
        whole = fielded.spaces_of(params.data)
        sides = [max(s.height, s.width) for s in whole.values() if isinstance(s, Image)]
        share = SIDE / max(sides, default=SIDE)
        return {kind: {name: space.tiny(share) for name, space in whole.items()}}
    stored = STORED[kind]
    scale = 2.0 if len(stored) == 1 else 1.0
    conditions = CONDITIONS[kind].items()
    found: dict[str, Mapping[str, Space]] = {
        name: labelled(stored, scale, classes) for name, classes in conditions
    }
    if params.data.labels_per_class is not None:
        found["partly labelled"] = partly_labelled(stored, scale, CLASSES)
    return found


def families(params: Params) -> list[str]:
    """Of everything that has a recipe, what can learn from some such data."""
    fitting = {
        family for spaces in tiny_spaces(params).values() for family in families_for(params, spaces)
    }
    return [family for family in params.families() if family in fitting]


def judge_fingerprint(params: Params) -> dict[str, Any]:
    """The same of the judge, and which released judges there are for this data."""
    assert params.judge is not None  # noqa: S101 - the caller has looked
    recipe = params.judge.model_copy(update={"width": WIDTH, "features": 4})
    shape = Image(1, 16, 16)
    spaces = labelled(shape.stored, classes=CLASSES)
    values = _play(lambda: Judge(recipe, shape, CLASSES), spaces, Settings(0, DECAY, EMA))
    found = {"version": VERSION, "recipe": params.judge.model_dump(mode="json"), "values": values}
    tiny = numpy_generator(0, "turned and taken apart").integers(0, 256, (4, 2, 2, 3))
    images = tiny.astype(np.uint8)
    found["tasks"] = [
        sha256_arrays(*rotated(images)),
        sha256_arrays(*unstack(Split(images, np.arange(4)), CLASSES).arrays()),
    ]
    if params.judge.weights == "released":
        found["released"] = judges.hashes(params.data.name)
    return found | {"precision": params.train.precision}


def tiny_networks(params: Params) -> Params:
    """The same study with networks of a few units, and a budget of a few rounds: what a model does
    late in training is in its fingerprint too."""
    widths = {"latent": 4, "generator_width": WIDTH, "discriminator_width": WIDTH}
    few = {"images": ROUNDS * BATCH, "batch": BATCH}
    tiny: dict[str, Any] = {
        "network": params.network.model_copy(update=widths),
        "train": params.train.model_copy(update=few),
    }
    for name in ("vae", "ae"):
        section = getattr(params, name)
        if section is not None:
            tiny[name] = section.model_copy(update={"encoder_width": WIDTH})
    return params.model_copy(update=tiny)


def _play(make: Any, spaces: Mapping[str, Space], settings: Settings) -> dict[str, str]:
    rng = numpy_generator(0, "numerics")
    data = random_rows(spaces, rng, COUNT)
    device = torch.device("cpu")
    with in_float64():
        model: Model = make()
        players = model.players()
        steps = max(player.steps for player in players)
        settings = Settings(ROUNDS * BATCH * steps, settings.lr_decay, settings.ema)
        batches = Batches(data, BATCH, 0, device)
        trainer = Trainer(model, batches, settings, device)
        trainer.fit(None, Callbacks())
        values = {
            f"round {row['round']:.0f} {name}": value
            for row in trainer.history
            for name, value in row.items()
        }
        for player in players:
            values |= _norms(player.name, player.network)
        averages = trainer.game.averages
        for name in sorted(averages):
            place = "" if len(averages) == 1 else f" {name}"
            average = averages[name].module
            values |= _norms(f"average{place}", average)
            if isinstance(latent := getattr(average, "latent", None), int):
                z = torch.from_numpy(rng.normal(size=(BATCH, latent)))
                told = "y" in data.fields and "labelled" not in data.fields
                y = torch.from_numpy(data.fields["y"][:BATCH]) if told else None
                settle_statistics([average], partial(average, z, y))
                values |= _norms(f"settled{place}", average)
    return texts(values, digits=6)


def _norms(prefix: str, network: nn.Module) -> dict[str, float]:
    """The norm of each weight and buffer."""
    state = network.state_dict()
    return {f"{prefix} {name}": tensor.double().norm().item() for name, tensor in state.items()}
