"""Speed and memory of every model of the studies: what its recipe shows a second, and how long a
round takes beside the passes of its networks alone, on noise in the shape of the study's data.

    python benchmarks/systems.py FAMILY      in the folder of a world: one model, as JSON
"""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ganstudy.dataset import random_rows
from ganstudy.keys import RunKey
from ganstudy.models import build, playing
from ganstudy.params import Params, load
from ganstudy.seeding import numpy_generator
from ganstudy.stages.plan import spaces
from ganstudy.training.game import Game
from ganstudy.training.trainer import Trainer
from training import in_turn, make_play

ROOT = Path(__file__).resolve().parents[1]
STUDIED: Mapping[str, str] = {
    "pix2pix-lsgan": "translation/pix2pix",
    "superres-non_saturating": "translation/superres",
    "cyclegan-lsgan": "translation/cyclegan",
    "cogan-non_saturating": "domains/coupled",
    "dann-minimax": "domains/adapted",
    "vae_gan-non_saturating": "generators/fashion",
    "latent_gan-non_saturating": "generators/fashion",
    "energy-contrastive": "generators/fashion",
    "semi_gan-features": "labels/hundred",
    "text_gan-non_saturating": "words/fashion",
    "stackgan-non_saturating": "words/fashion",
    "gan3d-non_saturating": "volumes/furniture",
}
ROWS = 512


@dataclass(frozen=True)
class Cost:
    """Of one model: rows shown a second by its recipe; seconds of a round without penalties, and of
    the passes of its networks in it; GiB that its process took at most, of which most is torch."""

    family: str
    rate: float
    round: float
    passes: float
    gibibytes: float


def costs() -> list[Cost]:
    """Of every model, each in a process of its own, one after another."""
    return [_in_a_process(family, world) for family, world in STUDIED.items()]


def _in_a_process(family: str, world: str) -> Cost:
    done = subprocess.run(
        [sys.executable, __file__, family],
        cwd=ROOT / "studies" / world,
        env=os.environ | {"PYTHONPATH": f"{ROOT / 'src'}"},
        capture_output=True,
        text=True,
        check=True,
    )
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


def measure(params: Params, family: str) -> Cost:
    """The cost of a model by the params of its world."""
    played, bare = (_trainer(chosen, family) for chosen in (params, _without_penalties(params)))
    passes = _replay(bare.game)
    taken = in_turn(
        {"played": make_play(played), "bare": make_play(bare), "passes": passes},
        torch.device("cpu"),
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return Cost(
        family, played.images_per_round / taken["played"], taken["bare"], taken["passes"], peak
    )


def _trainer(params: Params, family: str) -> Trainer:
    endless = params.train.model_copy(update={"images": 10**9})
    params, key = params.model_copy(update={"train": endless}), RunKey.parse(f"{family}-0")
    noise = random_rows(spaces(params), numpy_generator(0, "benchmark"), ROWS)
    data = playing.seen(params, key, noise)
    model = build(params, key, data.spaces)
    return playing.make_trainer(params, key, model, data, torch.device("cpu"))


def _without_penalties(params: Params) -> Params:
    losses = {
        name: recipe.model_copy(update={"penalties": {}}) for name, recipe in params.losses.items()
    }
    return params.model_copy(update={"losses": losses})


@dataclass(frozen=True)
class _Call:
    """A forward of a network, and the `weights` whose gradients came of it in whoever's move."""

    network: nn.Module
    inputs: list[Any]
    options: dict[str, Any]
    weights: set[Tensor]


def _replay(game: Game) -> Callable[[], None]:
    """One round's passes of networks and nothing else: the same calls on the same inputs, and the
    backwards that the round made of them, into the same weights."""
    calls: list[_Call] = []
    moving: list[set[Tensor]] = [set()]

    def note(network: nn.Module, inputs: tuple[Any, ...], options: Any, made: Any) -> None:
        held = [
            one.detach().requires_grad_(one.requires_grad) if _dense(one) else one for one in inputs
        ]
        call = _Call(network, held, options, set())
        calls.append(call)
        own = set(network.parameters())
        for output in _tensors(made):
            if output.requires_grad:
                output.register_hook(  # type: ignore[no-untyped-call]
                    lambda _: call.weights.update(own & moving[0])
                )

    hooks = [
        network.register_forward_hook(note, with_kwargs=True)
        for network in game.model.networks.values()
    ]
    batches = [game.batches.draw(step, 1) for step in range(game.draws)]
    for player in game.players:
        if player.plays(1):
            moving[0] = set(player.network.parameters())
            for batch in batches[game.draws - player.steps :]:
                game.move(player, batch)
    for hook in hooks:
        hook.remove()

    def play() -> None:
        for call in calls:
            _pass(game, call)

    return play


def _pass(game: Game, call: _Call) -> None:
    wanted = [*call.weights, *(one for one in call.inputs if _dense(one) and one.requires_grad)]
    with torch.set_grad_enabled(bool(wanted)), game._precision():
        outputs = [
            one for one in _tensors(call.network(*call.inputs, **call.options)) if one.requires_grad
        ]
    if outputs:
        ones = [torch.ones_like(one) for one in outputs]
        torch.autograd.grad(outputs, wanted, ones, allow_unused=True)


def _dense(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point()


def _tensors(made: Any) -> list[Tensor]:
    if isinstance(made, Tensor):
        return [made]
    return [one for part in made for one in _tensors(part)] if isinstance(made, tuple) else []


if __name__ == "__main__":
    print(json.dumps(asdict(measure(load(), sys.argv[1]))))
