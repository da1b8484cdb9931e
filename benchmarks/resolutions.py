"""What an image costs at each resolution: the convolutional pair of the default study, in colour.

    make bench-data

Operations are counted, not estimated: all that both players compute for an image of training, with
the penalties of the recipe at their share of rounds.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from ganstudy.files import Images
from ganstudy.params import Params, load
from ganstudy.seeding import numpy_generator
from ganstudy.spaces import labelled
from ganstudy.training import device as devices
from training import GAN, ROUNDS, make_play, make_trainer, seconds

SIDES = (28, 32, 64, 128)
COUNT = 256  # different images
COUNTED = 8  # rounds: as many as lie between two penalties


@dataclass(frozen=True)
class Cost:
    """Of training at a side in pixels: weights of both networks, images/s, and billions of
    operations (a multiplication and an addition are two) an image."""

    side: int
    weights: int
    images_per_second: float
    gigaflops: float


def main() -> None:
    params = load()
    device = devices.choose(params.runtime)
    hardware = devices.describe(device)
    print(", ".join(f"{name} {value}" for name, value in hardware.items()))
    print(f"{params.network.name}, batch {params.train.batch}, {params.train.precision}")
    print(f"{'pixels':<10}{'weights':>12}{'images/s':>12}{'ms/image':>12}{'GFLOP/image':>14}")
    for cost in costs(params, device):
        rate = cost.images_per_second
        print(
            f"{f'{cost.side}×{cost.side}':<10}{cost.weights:>12,}{rate:>12,.1f}"
            f"{1000 / rate:>12.2f}{cost.gigaflops:>14.2f}",
            flush=True,
        )


def costs(params: Params, device: torch.device, sides: Sequence[int] = SIDES) -> Iterator[Cost]:
    """What training costs at each of `sides`, in turn."""
    return (_cost(params, device, side) for side in sides)


def _cost(params: Params, device: torch.device, side: int) -> Cost:
    trainer = make_trainer(params, GAN, device, labelled((side, side, 3)), shapes(COUNT, side))
    play = make_play(trainer)
    with Operations() as counter:  # type: ignore[no-untyped-call]  # warms up, too
        for _ in range(COUNTED):
            play()
    operations = counter.count / (trainer.images_per_round * COUNTED)
    rate = trainer.images_per_round * ROUNDS / seconds(play, device)
    weights = sum(w.numel() for player in trainer.players for w in player.network.parameters())
    return Cost(side, weights, rate, operations / 1e9)


class Operations(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts what matrices and convolutions compute inside, by torch's own formulas.

    Its `FlopCounterMode` also follows modules, which gradient penalties do not allow.
    """

    count = 0

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        if (formula := flop_registry.get(func.overloadpacket)) is not None:
            self.count += formula(*args, **(kwargs or {}), out_val=result)
        return result


def shapes(count: int, side: int) -> Images:
    """Images uint8 (count, side, side, 3): a disc of one colour on another."""
    rng = numpy_generator(0, "shapes")
    colours = rng.integers(0, 256, (2, count, 1, 1, 3), np.uint8)
    row, column = rng.uniform(0.3, 0.7, (2, count, 1, 1, 1))
    radius = rng.uniform(0.1, 0.3, (count, 1, 1, 1))
    place = np.linspace(0, 1, side)
    far = np.hypot(place[:, None, None] - row, place[:, None] - column)
    images: Images = np.where(far < radius, colours[0], colours[1])
    return images


if __name__ == "__main__":
    main()
