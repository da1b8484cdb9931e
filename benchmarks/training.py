"""Training speed: images/s of every model, what of a round lies outside the networks, and what a
plain PyTorch loop makes of the same networks. What is compared takes turns, so that a machine that
slows down slows all.
"""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from plain import AS_WRITTEN, make_loop, networks_alone
from torch import Tensor

from ganstudy.data.images import Split
from ganstudy.dataset import labelled_data
from ganstudy.evaluation.judging import classifier_training
from ganstudy.files import Samples
from ganstudy.keys import RunKey
from ganstudy.models import build, playing
from ganstudy.params import Params
from ganstudy.seeding import numpy_generator
from ganstudy.spaces import Space, labelled, samples_of
from ganstudy.training.precision import precision
from ganstudy.training.trainer import Trainer

IMAGES, POINTS = labelled((28, 28, 1)), labelled((2,))
CLASSES = 10
ROUNDS, TURNS, WARM_UP = 24, 7, 16
GAN = RunKey.parse("gan-non_saturating-0")


@dataclass(frozen=True)
class Pair:
    """Networks of the comparison with a plain loop: what they are made for, what they set in
    params, and `train.precision` for them."""

    world: Mapping[str, Space]
    network: Mapping[str, Any]
    precision: str = "auto"


def _mlp(**settings: Any) -> Mapping[str, Any]:
    return {"name": "mlp", "generator_norm": "none", **settings}


PAIRS: Mapping[str, Pair] = {
    "default, images": Pair(IMAGES, {}),
    "mlp of 256 units, images": Pair(
        IMAGES, _mlp(generator_width=256, discriminator_width=256), "float32"
    ),
    "mlp of 64 and 128 units, points": Pair(
        POINTS, _mlp(latent=2, generator_width=64, discriminator_width=128), "float32"
    ),
}


@dataclass(frozen=True)
class Compared:
    """Images/s of the trainer, of its passes and optimisers alone, and of a plain loop."""

    pair: str
    trainer: float
    networks: float
    plain: float

    @property
    def outside(self) -> float:
        """The share of the trainer's round that is no pass and no optimiser."""
        return 1 - self.trainer / self.networks


def rates(params: Params, device: torch.device) -> dict[str, float]:
    """Images/s of training each family that has a recipe, by its name, and the judge."""
    plays = {
        family: make_play(make_trainer(params, RunKey.parse(f"{family}-0"), device))
        for family in params.families()
    }
    each = {
        family: max(player.steps for player in build(params, key, IMAGES).players())
        for family in plays
        if (key := RunKey.parse(f"{family}-0"))
    }
    taken = in_turn(plays, device)
    found = {family: params.train.batch * each[family] / taken[family] for family in plays}
    return found | {"judge": judge_rate(params, device)}


def judge_rate(params: Params, device: torch.device) -> float:
    """Images/s of training the judge."""
    assert params.judge is not None  # noqa: S101 - the default study has one
    samples = noise(IMAGES)
    labels = np.arange(len(samples)) % CLASSES
    endless = params.judge.model_copy(update={"images": 10**9})
    arithmetic = precision(params, device)
    trainer = classifier_training(endless, Split(samples, labels), CLASSES, arithmetic, device)
    return endless.batch / in_turn({"judge": make_play(trainer)}, device)["judge"]


def compare(params: Params, pair: str) -> Compared:
    """The trainer beside the plain loops on one pair of networks, on the CPU."""
    networks, used = PAIRS[pair], chosen(params, pair)
    device, recipe = torch.device("cpu"), params.losses["non_saturating"]
    plays: dict[str, Callable[[], object]] = {
        "trainer": make_play(make_trainer(used, GAN, device, networks.world))
    }
    samples = encoded(networks.world)
    for name, setting in (("networks", networks_alone(used.train)), ("plain", AS_WRITTEN)):
        model = build(used, GAN, networks.world)
        G, D = (model.networks[name] for name in ("generator", "discriminator"))
        batch = params.train.batch
        plays[name] = make_loop(G, D, recipe, samples, batch, setting)
    taken = in_turn(plays, device)
    return Compared(pair, **{name: params.train.batch / taken[name] for name in plays})


def chosen(params: Params, pair: str) -> Params:
    """`params` with the networks of a pair, in the precision that they have on a CPU here."""
    networks = PAIRS[pair]
    wanted = _in(params, networks.precision)
    network = params.network.model_copy(update=dict(networks.network))
    return _in(wanted, precision(wanted, torch.device("cpu"))).model_copy(
        update={"network": network}
    )


def _in(params: Params, wanted: str) -> Params:
    train = params.train.model_copy(update={"precision": wanted})
    return params.model_copy(update={"train": train})


def in_turn(plays: Mapping[str, Callable[[], object]], device: torch.device) -> dict[str, float]:
    """Seconds of one round of each: the median over turns of some rounds."""
    for play in plays.values():
        for _ in range(WARM_UP):
            play()
    taken: dict[str, list[float]] = {name: [] for name in plays}
    for _ in range(TURNS):
        for name, play in plays.items():
            taken[name].append(seconds(play, device) / ROUNDS)
    return {name: statistics.median(found) for name, found in taken.items()}


def noise(world: Mapping[str, Space]) -> Samples:
    """Samples to train on, as they are stored: their content does not matter here."""
    stored = samples_of(world).stored
    values = numpy_generator(0, "benchmark").integers(0, 256, (4096, *stored))
    return values.astype("uint8" if len(stored) == 3 else "float32")


def encoded(world: Mapping[str, Space]) -> Tensor:
    """The same as networks see them."""
    return world["x"].encode(torch.from_numpy(noise(world)))


def make_trainer(
    params: Params,
    key: RunKey,
    device: torch.device,
    world: Mapping[str, Space] = IMAGES,
    samples: Samples | None = None,
) -> Trainer:
    """The trainer of a run on `samples` of a world, or on noise."""
    endless = params.train.model_copy(update={"images": 10**9})
    params = params.model_copy(update={"train": endless})
    model = build(params, key, world)
    shown = noise(world) if samples is None else samples
    return playing.make_trainer(params, key, model, labelled_data(shown, None, world), device)


def make_play(trainer: Trainer) -> Callable[[], object]:
    """Plays the trainer's next round."""
    rounds = iter(range(10**9))
    return lambda: trainer._play(next(rounds), 1.0)


def seconds(play: Callable[[], object], device: torch.device) -> float:
    """Of `ROUNDS` rounds, until the device has done them."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    began = time.perf_counter()
    for _ in range(ROUNDS):
        play()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - began
