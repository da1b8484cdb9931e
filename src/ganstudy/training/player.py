"""What the trainer knows of a model: its players, and the batch a player moves on."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ganstudy.seeding import torch_generator

Terms = dict[str, Tensor]  # scalars by name; "loss" is what the player minimises


@dataclass(frozen=True)
class Batch:
    """`real` images (N, C, H, W) in [-1, 1] or points (N, d), labels (N,) int64 or None, and
    randomness.

    `round` counts rounds of the game, `index` batches drawn since the start of training.
    """

    real: Tensor
    labels: Tensor | None
    round: int
    index: int
    seed: int

    def rng(self, purpose: str) -> torch.Generator:
        """The generator of this batch for one purpose, on the samples' device."""
        return torch_generator(self.seed, purpose, self.index, self.real.device)


@dataclass(frozen=True)
class Adam:
    """Adam's settings (Kingma & Ba 2015): learning rate at the start of training, (β1, β2)."""

    learning_rate: float
    betas: tuple[float, float]
    weight_decay: float = 0.0


@dataclass(frozen=True)
class Player:
    """A network, what moving it should minimise, and how often it moves in a round.

    `objective(batch)` returns `Terms`; only the weights of `network` move on it.
    `projection(network)` is applied after each step. Rounds of equal `form(round)` compute the same
    operations, so that one of them can be recorded for all.
    """

    name: str
    network: nn.Module
    objective: Callable[[Batch], Terms]
    optimizer: Adam
    steps: int = 1
    projection: Callable[[nn.Module], None] | None = None
    form: Callable[[int], Hashable] = lambda round_index: None
