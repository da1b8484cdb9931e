"""A GAN of codes: a small game on what an auto-encoder makes of samples."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ganstudy import distributed
from ganstudy.errors import InputError
from ganstudy.models.adversary import Adversary
from ganstudy.models.base import FromCodes, adam, initial_weights
from ganstudy.models.parts import DECODER, TRAIN, encoder_for, generator_for
from ganstudy.networks import NetworkSpec
from ganstudy.params import LossParams, OptimizerParams, Params, Section, Width, parse_recipe
from ganstudy.spaces import Points, Score, Space
from ganstudy.training.player import Batch, Player, Terms

CODER = "coder"  # not "encoder": its codes are no inputs of the generator


class LatentParams(Section):
    """The recipe: the auto-encoder's, and that of the game on its codes."""

    optimizer: OptimizerParams
    encoder_width: Width
    latent: Width
    critic_width: Width
    game: LossParams


class LatentGAN(FromCodes):
    """Three players: the auto-encoder on its squared error; a D on whitened codes of samples; and
    the mapping from z to such codes, which the generator decodes.

    All three move from the start: the game follows the codes, whose running mean and covariance are
    part of the generator. The auto-encoder gets no gradient of the game.
    """

    network: ClassVar[frozenset[str]] = DECODER - {"latent"}
    train: ClassVar[frozenset[str]] = TRAIN | {"stop_on_alarm"}

    @classmethod
    def recipe(cls, params: Params, loss: str) -> LatentParams:
        """The row of the section models."""
        return parse_recipe(LatentParams, params, f"latent_gan-{loss}")

    @classmethod
    def unfit(cls, spaces: Mapping[str, Space]) -> str | None:
        """It learns samples `x`, and is told of no class."""
        if "y" in spaces:
            return "it knows no classes: set train.conditional to false"
        return super().unfit(spaces)

    @classmethod
    def make(cls, params: Params, loss: str, spaces: Mapping[str, Space], seed: int) -> "LatentGAN":
        """The auto-encoder of the section network, and two fully connected networks on codes."""
        recipe = cls.recipe(params, loss)
        plain = generator_for(params, spaces, latent=recipe.latent)
        encoder = encoder_for(params, plain, recipe.encoder_width, standardized=False)
        family = f"{params.network.name}.latent_generator"
        generator = NetworkSpec(family, plain.inputs, plain.output, plain.width, plain.norm)
        codes = {"x": Points(recipe.latent, 1.0)}
        norm = recipe.game.discriminator_norm or "none"
        if norm == "batch":
            raise InputError(
                "latent_gan: its D has no batch norm: set discriminator_norm to none or spectral"
            )
        critic = NetworkSpec("mlp.discriminator", codes, Score(), recipe.critic_width, norm)
        return cls(recipe, generator, encoder, Adversary(critic, loss, recipe.game, [], seed), seed)

    def __init__(
        self,
        recipe: LatentParams,
        generator: NetworkSpec,
        encoder: NetworkSpec,
        adversary: Adversary,
        seed: int,
    ) -> None:
        self._recipe, self.adversary = recipe, adversary
        with initial_weights(seed, "generator"):
            self.generator: Any = generator.build()
        with initial_weights(seed, "encoder"):
            self.encoder = encoder.build()
        self.specs = {"generator": generator, CODER: encoder, adversary.name: adversary.spec}
        self.networks = {
            "generator": self.generator,
            CODER: self.encoder,
            adversary.name: adversary.network,
        }

    def players(self) -> Sequence[Player]:
        """The auto-encoder, D, the mapping."""
        recipe, generator = self._recipe, self.generator
        both = nn.ModuleDict({"encoder": self.encoder, "decoder": generator.decoder})
        mapping = adam(recipe.game.generator)
        return [
            Player("ae", both, self._ae_terms, adam(recipe.optimizer)),
            self.adversary.player(self._discriminator_terms),
            Player("generator", generator.mapping, self._generator_terms, mapping),
        ]

    def _ae_terms(self, batch: Batch) -> Terms:
        real = batch["x"]
        codes = self._codes(real)
        self.generator.whitening.follow(codes.detach())
        return {"loss": (real - self.generator.decoder(codes)).square().mean()}

    def _discriminator_terms(self, batch: Batch) -> Terms:
        real, fake = self._whitened(batch), self._fakes(batch).detach()
        return self.adversary.discriminator_terms(real, fake, batch)

    def _generator_terms(self, batch: Batch) -> Terms:
        return self.adversary.generator_terms(self._whitened(batch), self._fakes(batch), batch)

    def _whitened(self, batch: Batch) -> Tensor:
        """The codes of the batch, by the encoder that has moved."""

        def made() -> Tensor:
            with torch.no_grad():
                whitened: Tensor = self.generator.whitening.whitened(self._codes(batch["x"]))
                return whitened

        shared: Tensor = batch.shared("codes", made)
        return shared

    def _fakes(self, batch: Batch) -> Tensor:
        """What D judges, and the mapping then moves on."""

        def made() -> Tensor:
            real, rng, latent = batch["x"], batch.rng("z"), self._recipe.latent
            device, dtype = real.device, real.dtype
            z = distributed.draw_sharded(
                lambda n: torch.randn(n, latent, generator=rng, device=device, dtype=dtype),
                len(real),
            )
            codes: Tensor = self.generator.codes(z)
            return codes

        shared: Tensor = batch.shared("fakes", made)
        return shared

    def _codes(self, samples: Tensor) -> Tensor:
        mean, _ = self.encoder(samples)
        codes: Tensor = mean
        return codes
