"""Training speed of the default study: images/s, and the share of a round outside the networks.

The share compares the trainer with a bare loop over the same networks, loss, precision and
optimisers, on one fixed batch with fixed codes: no data selection, seeds, averaging or history. The
two take turns, so that a machine that slows down slows both.

    make bench
"""

import statistics
import time
from collections.abc import Callable

import torch

from ganstudy.models import RunKey, World, build
from ganstudy.params import Params, load
from ganstudy.seeding import numpy_generator
from ganstudy.training import device as devices
from ganstudy.training.batches import Batches
from ganstudy.training.player import Batch
from ganstudy.training.trainer import Settings, Trainer

WORLD = World((28, 28, 1))
ROUNDS, TURNS, WARM_UP = 24, 5, 16


def main() -> None:
    params = load()
    device = devices.choose(params.runtime)
    hardware = devices.describe(device)
    print(", ".join(f"{name} {value}" for name, value in hardware.items()))
    print(f"{params.network.name}, batch {params.train.batch}, {params.train.precision}")
    print(f"{'run':<24}{'images/s':>10}{'outside the networks':>24}")
    for run in ("gan-non_saturating-0", "gan-wgan-0", "gan-wgan_gp-0", "vae-elbo-0"):
        key = RunKey.parse(run)
        trainer = make_trainer(params, key, device)
        bare = make_bare(params, key, device)
        play = make_play(trainer)
        for _ in range(WARM_UP):
            play()
            bare()
        full, core = [], []
        for _ in range(TURNS):
            full.append(seconds(play, device))
            core.append(seconds(bare, device))
        rate = trainer.images_per_round * ROUNDS / statistics.median(full)
        outside = 1 - statistics.median(c / f for c, f in zip(core, full, strict=True))
        print(f"{run:<24}{rate:>10,.0f}{outside:>24.1%}")


def make_trainer(params: Params, key: RunKey, device: torch.device) -> Trainer:
    model = build(params, key, WORLD)
    players = model.players()
    for player in players:
        player.network.to(device)
    images = numpy_generator(0, "benchmark").integers(0, 256, (4096, 28, 28, 1)).astype("uint8")
    settings = Settings(
        images=10**9,
        decay=0.0,
        ema=params.train.ema,
        bfloat16=params.train.precision == "bfloat16",
    )
    batches = Batches(images, None, model.spec.shape, params.train.batch, 0, device)
    return Trainer(players, model.sampler, batches, settings, device)


def make_play(trainer: Trainer) -> Callable[[], object]:
    """The trainer's next round."""
    rounds = iter(range(10**9))
    return lambda: trainer.game.play(next(rounds), 1.0)


class FixedBatch(Batch):
    """A batch whose generator is made once: drawing codes costs no seeding."""

    def rng(self, purpose: str) -> torch.Generator:
        return GENERATORS.setdefault(self.real.device, torch.Generator(self.real.device))


GENERATORS: dict[torch.device, torch.Generator] = {}


def make_bare(params: Params, key: RunKey, device: torch.device) -> Callable[[], None]:
    """One round of forward, backward and optimiser steps, nothing else."""
    model = build(params, key, WORLD)
    players = model.players()
    images = torch.rand(params.train.batch, 1, 28, 28, device=device) * 2 - 1
    moves = []
    for player in players:
        player.network.to(device)
        optimizer = torch.optim.AdamW(player.network.parameters(), lr=1e-5, fused=True)
        moves += [(player, optimizer)] * player.steps
    counter = iter(range(10**9))
    bfloat16 = params.train.precision == "bfloat16"

    def play() -> None:
        batch = FixedBatch(images, None, next(counter), 0, 0)
        for player, optimizer in moves:
            for other, _ in moves:
                other.network.requires_grad_(other is player)
            with torch.autocast(device.type, torch.bfloat16, enabled=bfloat16):
                loss = player.objective(batch)["loss"]
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()

    return play


def seconds(play: Callable[[], object], device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    began = time.perf_counter()
    for _ in range(ROUNDS):
        play()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
