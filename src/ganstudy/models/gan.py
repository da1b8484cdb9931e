"""The generative adversarial network: a generator and one adversary, which move in turn."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor

from ganstudy import distributed
from ganstudy.errors import InputError, nearest
from ganstudy.models.adversary import Adversary, Augment
from ganstudy.models.base import FromCodes, adam, initial_weights
from ganstudy.models.parts import DECODER, GAME, TRAIN, discriminator_for, generator_for
from ganstudy.networks import NetworkSpec
from ganstudy.params import LossParams, Params
from ganstudy.spaces import Image, Space
from ganstudy.training.player import Batch, Player, Terms


class GAN(FromCodes):
    """Two players (Goodfellow et al. 2014, algorithm 1): D makes `critic_steps`, then G one.

    `augment` names what is done to all that D sees. With `reuse_fakes` G moves on the samples of
    D's last step, judged anew by the D that has moved, and is run once fewer each round. Raises
    `InputError` where augmentation or recipe cannot work: see `Adversary`.
    """

    network: ClassVar[frozenset[str]] = DECODER | {"discriminator_width", "discriminator_norm"}
    train: ClassVar[frozenset[str]] = TRAIN | GAME

    @classmethod
    def recipe(cls, params: Params, loss: str) -> LossParams:
        """A row of the section losses."""
        if loss not in params.losses:
            raise InputError(f"loss {loss!r} has no recipe; {nearest(loss, params.losses)}")
        return params.losses[loss]

    @classmethod
    def make(cls, params: Params, loss: str, spaces: Mapping[str, Space], seed: int) -> "GAN":
        """G and D of the sections network and losses."""
        recipe, train = cls.recipe(params, loss), params.train
        generator = generator_for(params, spaces, recipe.generator_norm)
        discriminator = discriminator_for(params, spaces, recipe.discriminator_norm)
        return cls(
            loss,
            recipe,
            generator,
            discriminator,
            train.augment,
            seed,
            reuse_fakes=train.reuse_fakes,
        )

    def __init__(
        self,
        loss: str,
        recipe: LossParams,
        generator: NetworkSpec,
        discriminator: NetworkSpec,
        augment: Augment,
        seed: int,
        *,
        reuse_fakes: bool = False,
    ) -> None:
        self._recipe, self._reuse = recipe, reuse_fakes
        if augment and not isinstance(generator.output, Image):
            raise InputError("train.augment is for images, not points: set it to []")
        with initial_weights(seed, "generator"):
            self.generator = generator.build()
        self.adversary = Adversary(discriminator, loss, recipe, augment, seed)
        self.specs = {"generator": generator, "discriminator": discriminator}
        self.networks = {"generator": self.generator, "discriminator": self.adversary.network}
        self.state = self.adversary.state

    def players(self) -> Sequence[Player]:
        """D, then G."""
        optimizer = adam(self._recipe.generator)
        return [
            self.adversary.player(self._discriminator_terms),
            Player("generator", self.generator, self._generator_terms, optimizer),
        ]

    def _discriminator_terms(self, batch: Batch) -> Terms:
        fake = self._fakes_for_d(batch)
        return self.adversary.discriminator_terms(batch["x"], fake, batch, batch.get("y"))

    def _generator_terms(self, batch: Batch) -> Terms:
        fake = batch.shared("fakes", lambda: self._fakes(batch, "z for G"))
        return self.adversary.generator_terms(batch["x"], fake, batch, batch.get("y"))

    def _fakes_for_d(self, batch: Batch) -> Tensor:
        last = (batch.index + 1) % self._recipe.critic_steps == 0  # the one that G shares
        if self._reuse and last:
            shared: Tensor = batch.shared("fakes", lambda: self._fakes(batch, "z for D"))
            return shared.detach()
        with torch.no_grad():
            return self._fakes(batch, "z for D")

    def _fakes(self, batch: Batch, purpose: str) -> Tensor:
        real, rng, latent = batch["x"], batch.rng(purpose), self.specs["generator"].latent
        z = distributed.draw_sharded(
            lambda n: torch.randn(n, latent, generator=rng, device=real.device, dtype=real.dtype),
            len(real),
        )
        fakes: Tensor = self.generator(z, batch.get("y"))
        return fakes
