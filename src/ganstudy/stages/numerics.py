"""Stage `numerics`: a fingerprint of what the code computes, so that refactoring never retrains.

Every recipe plays a few rounds in float64 on tiny images; terms, weights and buffers go, to six
digits, into one file a run family, and one for the judge. Training depends on that file instead of
on source text. What float64 on a CPU cannot show (bfloat16, a GPU's kernels) is in `VERSION`.
"""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from ganstudy.files import Samples, write_json
from ganstudy.models import RunKey, World, build, identity
from ganstudy.models.base import SETTLE_BATCHES, SETTLE_SIZE, Model
from ganstudy.models.judge import DECAY, EMA, Judge
from ganstudy.networks import ImageShape, Shape, shape_of
from ganstudy.params import Params
from ganstudy.seeding import numpy_generator
from ganstudy.training.batches import Batches
from ganstudy.training.ema import settle_statistics
from ganstudy.training.trainer import Settings, Trainer, Watch

VERSION = 1  # raise it when a change matters that the values below cannot show
STORED = {  # of an image two doublings: every kind of block is there
    "images": (16, 16, 1),
    "stacked": (16, 16, 3),
    "points": (2,),
}
COUNT, BATCH, ROUNDS, CLASSES, WIDTH = 24, 6, 3, 2, 4
_BOTH = {"unconditional": 0, "conditional": CLASSES}
# The numbers of classes with which networks are built, by name; stacked images know none.
CONDITIONS = {"images": _BOTH, "points": _BOTH, "stacked": {"unconditional": 0}}


def run(params: Params, out: Path) -> None:
    """Writes `out/<model>-<loss>.json` for every loss that has a recipe, for every baseline, and
    `out/judge.json`."""
    for family in params.families():
        write_json(out / f"{family}.json", fingerprint(params, family))
    if params.judge is not None:
        write_json(out / "judge.json", judge_fingerprint(params))


def fingerprint(params: Params, family: str) -> dict[str, Any]:
    """The recipe, and what a tiny training under it computes, as texts of six digits."""
    tiny = _tiny(params)
    key = RunKey.parse(f"{family}-0")
    settings = Settings(0, params.train.decay, params.train.ema)
    stored = STORED[params.data.kind]
    scale = 2.0 if len(stored) == 1 else 1.0
    shape = shape_of(stored, scale)
    found: dict[str, Any] = {
        "version": VERSION,
        "recipe": identity(tiny, key)["recipe"],
        "settle": [SETTLE_BATCHES, SETTLE_SIZE],
    }
    for name, classes in CONDITIONS[params.data.kind].items():
        world = World(stored, scale, classes)
        found[name] = _play(partial(build, tiny, key, world), shape, classes, settings)
    return found


def judge_fingerprint(params: Params) -> dict[str, Any]:
    """The same of the judge."""
    assert params.judge is not None  # noqa: S101 - the caller has looked
    recipe = params.judge.model_copy(update={"width": WIDTH, "features": 4})
    shape = ImageShape(1, 16, 16)
    values = _play(lambda: Judge(recipe, shape, CLASSES), shape, CLASSES, Settings(0, DECAY, EMA))
    return {"version": VERSION, "recipe": recipe.model_dump(mode="json"), "values": values}


def _tiny(params: Params) -> Params:
    widths = {"latent": 4, "generator_width": WIDTH, "discriminator_width": WIDTH}
    tiny: dict[str, Any] = {"network": params.network.model_copy(update=widths)}
    for name in ("vae", "ae"):
        section = getattr(params, name)
        if section is not None:
            tiny[name] = section.model_copy(update={"encoder_width": WIDTH})
    return params.model_copy(update=tiny)


def _samples(shape: Shape, rng: np.random.Generator) -> Samples:
    if isinstance(shape, ImageShape):
        size = (COUNT, shape.height, shape.width, shape.channels)
        return rng.integers(0, 256, size).astype(np.uint8)
    return rng.normal(size=(COUNT, *shape.size)).astype(np.float32)


def _play(make: Any, shape: Shape, classes: int, settings: Settings) -> dict[str, str]:
    rng = numpy_generator(0, "numerics")
    samples = _samples(shape, rng)
    labels = rng.integers(0, CLASSES, COUNT) if classes else None
    device = torch.device("cpu")
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        model: Model = make()
        players = model.players()
        steps = max(player.steps for player in players)
        settings = Settings(ROUNDS * BATCH * steps, settings.decay, settings.ema)
        batches = Batches(samples, labels, shape, BATCH, 0, device)
        trainer = Trainer(players, model.sampler, batches, settings, device)
        trainer.fit(None, Watch())
        values = {
            f"round {row['round']:.0f} {name}": value
            for row in trainer.history
            for name, value in row.items()
        }
        for player in players:
            values |= _norms(player.name, player.network)
        values |= _norms("average", trainer.average.module)
        if isinstance(latent := getattr(model.sampler, "latent", None), int):
            z = torch.from_numpy(rng.normal(size=(BATCH, latent)))
            y = None if labels is None else torch.from_numpy(labels[:BATCH])
            settle_statistics(trainer.average.module, [(z, y)])
            values |= _norms("settled", trainer.average.module)
    finally:
        torch.set_default_dtype(default)
    return {name: f"{value:.5e}" for name, value in values.items()}


def _norms(prefix: str, network: nn.Module) -> dict[str, float]:
    """The norm of each weight and buffer."""
    state = network.state_dict()
    return {f"{prefix} {name}": tensor.double().norm().item() for name, tensor in state.items()}
