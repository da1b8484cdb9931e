"""What the trainer knows of a model: networks, players, state, and the batch a player moves on."""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from ganstudy.seeding import torch_generator

Terms = dict[str, Tensor]  # scalars by name; "loss" is what the player minimises


@dataclass(frozen=True)
class Batch:
    """Fields by name as networks see them, like samples `x` (N, C, H, W) in [-1, 1] and labels `y`
    (N,) int64; and randomness.

    `round` counts rounds of the game, `index` batches drawn since the start of training;
    `progress` is the share of training that had passed when the round began, a scalar in [0, 1) for
    schedules, on the device: recorded rounds read it anew.
    """

    fields: Mapping[str, Tensor]
    round: int
    index: int
    seed: int
    progress: Tensor = field(default_factory=lambda: torch.zeros(()), repr=False)
    _known: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    def __getitem__(self, name: str) -> Tensor:
        if name not in self.fields:
            raise KeyError(f"no {name} in these batches, which have {', '.join(self.fields)}")
        return self.fields[name]

    def get(self, name: str) -> Tensor | None:
        """The field `name`; None where the data has none."""
        return self.fields.get(name)

    @property
    def any(self) -> Tensor:
        """One of the fields: all are of one size and on one device."""
        return next(iter(self.fields.values()))

    def __len__(self) -> int:
        return len(self.any)

    def rng(self, purpose: str) -> torch.Generator:
        """The generator of this batch for one purpose, on the samples' device."""
        return torch_generator(self.seed, purpose, self.index, self.any.device)

    def shared(self, name: str, compute: Callable[[], Any]) -> Any:
        """What the first player who asked for `name` computed: players who move on one batch share
        it. Gradients pass to whoever computed it under autograd."""
        if name not in self._known:
            self._known[name] = compute()
        return self._known[name]


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
    operations, so that one of them can be recorded for all. In rounds that it does not play, it
    holds still and has no terms.
    """

    name: str
    network: nn.Module
    objective: Callable[[Batch], Terms]
    optimizer: Adam
    steps: int = 1
    projection: Callable[[nn.Module], None] | None = None
    graph_key: Callable[[int], Hashable] = lambda round_index: None
    plays: Callable[[int], bool] = lambda round_index: True


class Model(Protocol):
    """What is trained: any number of networks, moved by any number of players.

    `averaged` names the networks whose moving averages are kept and are the result. `state` are
    modules whose buffers change in training beside weights: pools of past samples, replay buffers,
    strengths that adapt. They are kept in checkpoints; recorded rounds need them written in place.
    """

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """All networks by name."""

    @property
    def averaged(self) -> frozenset[str]:
        """The names of those whose averages are kept, as far as it has them."""

    @property
    def state(self) -> Mapping[str, nn.Module]:
        """What else changes in training."""

    def players(self) -> Sequence[Player]:
        """The players in the order in which they move."""


def averaged_among(names: Collection[str], averaged: frozenset[str]) -> list[str]:
    """Of these names of networks, in order, those that are `averaged`: a class may name more than
    each of its models has."""
    return sorted(averaged.intersection(names))
