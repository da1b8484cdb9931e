"""Solids: a GAN on voxels whose D waits for G (Wu et al. 2016)."""

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from ganstudy import distributed
from ganstudy.errors import InputError
from ganstudy.models.adversary import Adversary
from ganstudy.models.base import FromCodes, Given, Networks, Rng, adam, initial_weights
from ganstudy.models.noise import noise_for
from ganstudy.models.parts import DECODER, TRAIN
from ganstudy.networks import NetworkSpec
from ganstudy.params import LossParams, Params, Section, parse_recipe
from ganstudy.spaces import Noise, Score, Space, Voxels
from ganstudy.training.player import Batch, Player, Terms


class GAN3DParams(Section):
    """The recipe: the game, and when D waits."""

    game: LossParams
    patience: Annotated[float, Field(gt=0, le=1)] = Field(
        0.8, description="D moves only while its accuracy on the batch before was at most this"
    )


class Patience(nn.Module):
    """Whether D moves: it does while its accuracy on the batch before was at most `limit`.

    What decides, and the weights to go back to, are buffers: a resumed run decides as the
    uninterrupted one, and nothing waits for the device. D's step is made and, where it was not due,
    taken back; Adam's averages follow every gradient, those of steps that were taken back too.
    """

    def __init__(self, network: nn.Module, limit: float) -> None:
        super().__init__()
        self.limit = limit
        self.register_buffer("accuracy", torch.zeros(()))
        self.register_buffer("due", torch.ones(()))
        for number, weight in enumerate(network.parameters()):
            self.register_buffer(f"before_{number}", weight.detach().clone())

    @torch.no_grad()
    def decide(self, network: nn.Module) -> Tensor:
        """Before a step: whether it will count, 1 or 0, by the accuracy that was told last."""
        accuracy, due = self.get_buffer("accuracy"), self.get_buffer("due")
        due.copy_(accuracy <= self.limit)
        for number, weight in enumerate(network.parameters()):
            self.get_buffer(f"before_{number}").copy_(weight)
        return due.clone()

    @torch.no_grad()
    def tell(self, accuracy: Tensor) -> None:
        """The accuracy on this batch."""
        self.get_buffer("accuracy").copy_(accuracy)

    @torch.no_grad()
    def keep(self, network: nn.Module) -> None:
        """After the step: takes it back where it was not due."""
        moved = self.get_buffer("due") > 0
        for number, weight in enumerate(network.parameters()):
            weight.copy_(torch.where(moved, weight, self.get_buffer(f"before_{number}")))


class GAN3D(FromCodes):
    """Solids `x` from codes: G and D are convolutional in three dimensions."""

    network: ClassVar[frozenset[str]] = (DECODER - {"name"}) | {
        "discriminator_width",
        "discriminator_norm",
    }
    train: ClassVar[frozenset[str]] = TRAIN | {"stop_on_alarm"}

    @classmethod
    def recipe(cls, params: Params, loss: str) -> GAN3DParams:
        """A row of the section models."""
        return parse_recipe(GAN3DParams, params, f"gan3d-{loss}")

    @classmethod
    def unfit(cls, spaces: Mapping[str, Space]) -> str | None:
        """It learns voxels."""
        if isinstance(spaces.get("x"), Voxels):
            return None
        return f"it learns voxels, x, and this data has {', '.join(spaces)}"

    @classmethod
    def make(cls, params: Params, loss: str, spaces: Mapping[str, Space], seed: int) -> "GAN3D":
        """G and D of the sizes of the section network."""
        recipe, network = cls.recipe(params, loss), params.network
        generator = NetworkSpec(
            "conv3d.generator",
            {"z": Noise(network.latent)},
            spaces["x"],
            network.generator_width,
            recipe.game.generator_norm or network.generator_norm,
        )
        discriminator = NetworkSpec(
            "conv3d.discriminator",
            {"x": spaces["x"]},
            Score(),
            network.discriminator_width,
            recipe.game.discriminator_norm or network.discriminator_norm,
        )
        if recipe.game.clip is not None:
            raise InputError(f"models.gan3d-{loss}.game.clip: D's steps may be taken back: null")
        return cls(loss, recipe, generator, discriminator, seed)

    def __init__(
        self,
        loss: str,
        recipe: GAN3DParams,
        generator: NetworkSpec,
        discriminator: NetworkSpec,
        seed: int,
    ) -> None:
        self._recipe = recipe
        with initial_weights(seed, "generator"):
            self.generator = generator.build()
        self.adversary = Adversary(discriminator, loss, recipe.game, [], seed)
        self.patience = Patience(self.adversary.network, recipe.patience)
        self.specs = {"generator": generator, "discriminator": discriminator}
        self.networks = {"generator": self.generator, "discriminator": self.adversary.network}
        self.state = {"patience": self.patience}

    def players(self) -> Sequence[Player]:
        """D, then G."""
        optimizer = adam(self._recipe.game.generator)
        return [
            self.adversary.player(self._discriminator_terms, self.patience.keep),
            Player("generator", self.generator, self._generator_terms, optimizer),
        ]

    def _discriminator_terms(self, batch: Batch) -> Terms:
        with torch.no_grad():
            fake = self._fakes(batch, "z for D")
        moves = self.patience.decide(self.adversary.network)
        terms = self.adversary.discriminator_terms(batch["x"], fake, batch, also=accuracy)
        self.patience.tell(terms["accuracy"])
        return {**terms, "moves": moves}

    def _generator_terms(self, batch: Batch) -> Terms:
        fake = self._fakes(batch, "z for G")
        return self.adversary.generator_terms(batch["x"], fake, batch)

    def _fakes(self, batch: Batch, purpose: str) -> Tensor:
        fakes: Tensor = self.generator(noise_for(batch, purpose, self.specs["generator"].latent))
        return fakes

    @staticmethod
    def sample(networks: Networks, given: Given, rng: Rng) -> Mapping[str, Tensor]:
        """G(z)."""
        return {"x": networks["generator"](given["z"])}


def accuracy(real: Tensor, fake: Tensor) -> Terms:
    """Of logits (N,) of either side the share that has the right sign, in [0, 1]."""
    right = ((real > 0).to(real.dtype).mean() + (fake < 0).to(fake.dtype).mean()) / 2
    return {"accuracy": distributed.mean(right)}
