"""D alone, against samples that nobody moves: a game whose optimum is known."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from ganstudy.dataset import Array, Dataset
from ganstudy.models.adversary import Adversary
from ganstudy.networks import discriminator_spec
from ganstudy.spaces import Points
from ganstudy.theory.settings import AloneParams, LengthParams
from ganstudy.training.batches import Batches
from ganstudy.training.player import Batch, Player, Terms
from ganstudy.training.trainer import Callbacks, Settings, Trainer

CPU = torch.device("cpu")


class Frozen:
    """A model of one player: D between the fields `real` and `fake`, points of so many
    dimensions."""

    averaged: ClassVar[frozenset[str]] = frozenset()
    state: ClassVar[Mapping[str, nn.Module]] = {}

    def __init__(self, dimensions: int, alone: AloneParams, seed: int) -> None:
        spec = discriminator_spec("mlp", (dimensions,), 1.0, alone.width, "none", classes=0)
        self.adversary = Adversary(spec, alone.loss, alone.recipe(), [], seed)
        self.networks: Mapping[str, nn.Module] = {"discriminator": self.adversary.network}

    def players(self) -> Sequence[Player]:
        """D."""
        return [self.adversary.player(self._terms)]

    def _terms(self, batch: Batch) -> Terms:
        return self.adversary.discriminator_terms(batch["real"], batch["fake"], batch)


def settings(length: LengthParams, draws: int = 1, frames: int = 0) -> Settings:
    """A trainer's settings for a game of that length, of so many batches a round, with so many
    pictures; without averages: what is shown of G is what D plays against."""
    images = length.rounds * length.batch * draws
    return Settings(images=images, lr_decay=length.lr_decay, ema=0.0, snapshots=frames)


def trained(
    alone: AloneParams, real: Array, fake: Array, seed: int, rounds: int | None = None
) -> Adversary:
    """The D of `alone` after its game between samples float32 (N, d), or after so many `rounds` of
    one that is no longer."""
    length = alone if rounds is None else alone.model_copy(update={"rounds": rounds})
    model = Frozen(real.shape[1], alone, seed)
    trainer_of(model, length, real, fake, seed).fit(None, Callbacks())
    return model.adversary


def trainer_of(
    model: Frozen, length: LengthParams, real: Array, fake: Array, seed: int, frames: int = 0
) -> Trainer:
    """The trainer of a game of `model`."""
    space = Points(real.shape[1], 1.0)
    data = Dataset(
        {"real": real, "fake": fake}, {"real": space, "fake": space}, (("real",), ("fake",))
    )
    batches = Batches(data, length.batch, seed, CPU)
    return Trainer(model, batches, settings(length, frames=frames), CPU)


def seen(samples: Array) -> Tensor:
    """Samples (N, d) as networks see them."""
    return torch.from_numpy(samples).to(torch.get_default_dtype())


def scores(adversary: Adversary, samples: Array) -> Tensor:
    """D's raw scores (N,) of samples (N, d)."""
    with torch.no_grad():
        return adversary.score(seen(samples))
