"""VAE-GAN: a variational auto-encoder that measures its error in what a discriminator sees."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from ganstudy import distributed
from ganstudy.errors import InputError
from ganstudy.models.adversary import Adversary
from ganstudy.models.base import adam
from ganstudy.models.coder import EncoderDecoder
from ganstudy.models.parts import (
    DECODER,
    GAME,
    TRAIN,
    discriminator_for,
    encoder_for,
    generator_for,
)
from ganstudy.networks import NetworkSpec
from ganstudy.networks.norms import upcast
from ganstudy.objectives.reconstruction import gaussian_kl, reparameterize, squared_error
from ganstudy.params import (
    LossParams,
    OptimizerParams,
    Params,
    Section,
    Weight,
    Width,
    parse_recipe,
)
from ganstudy.spaces import Space
from ganstudy.training.player import Batch, Player, Terms


class VAEGANParams(Section):
    """The recipe: the decoder moves as the game's generator, on γ L_D and its side of the game."""

    encoder: OptimizerParams
    encoder_width: Width
    latent: Width | None = Field(None, description="dimensions of the code; null: the network's")
    layer: Annotated[int, Field(ge=0, le=1000)] = Field(
        description="where L_D looks: D's hidden layers from 1 on; 0: the samples themselves"
    )
    gamma: Weight = Field(description="weight of L_D beside the game, for the decoder")
    beta: Weight = Field(1.0, description="weight of the KL term beside L_D, for the encoder")
    game: LossParams


class VAEGAN(EncoderDecoder):
    """Three players (Larsen et al. 2016, algorithm 1): D, the decoder, the encoder.

    L_D = ½ |D_l(x) - D_l(x̃)|² of a reconstruction x̃ in D's hidden layer l moves encoder and
    decoder, never D: that plays two games of equal weight, against reconstructions and against
    samples of the prior. The encoder minimises β KL + L_D (β = 1 in the paper), the decoder γ L_D
    and the mean of its side of both games.
    """

    network: ClassVar[frozenset[str]] = DECODER | {"discriminator_width", "discriminator_norm"}
    # Its decoder always learns from the samples that D has just judged.
    train: ClassVar[frozenset[str]] = TRAIN | GAME - {"reuse_fakes"}

    @classmethod
    def recipe(cls, params: Params, loss: str) -> VAEGANParams:
        """The row vae_gan of the section models."""
        return parse_recipe(VAEGANParams, params, f"vae_gan-{loss}")

    @classmethod
    def make(cls, params: Params, loss: str, spaces: Mapping[str, Space], seed: int) -> "VAEGAN":
        """Encoder, decoder and D of the section network and the recipe."""
        recipe = cls.recipe(params, loss)
        decoder = generator_for(params, spaces, recipe.game.generator_norm, recipe.latent)
        encoder = encoder_for(params, decoder, recipe.encoder_width, standardized=False)
        critic = discriminator_for(params, spaces, recipe.game.discriminator_norm)
        adversary = Adversary(critic, loss, recipe.game, params.train.augment, seed)
        return cls(recipe, decoder, encoder, adversary, seed)

    def __init__(
        self,
        recipe: VAEGANParams,
        decoder: NetworkSpec,
        encoder: NetworkSpec,
        adversary: Adversary,
        seed: int,
    ) -> None:
        super().__init__(decoder, encoder, seed)
        if recipe.layer > (most := depth(adversary.spec)):
            raise InputError(f"models.vae_gan.layer: {recipe.layer}: this D has layers 0 to {most}")
        self._recipe, self.adversary = recipe, adversary
        self.specs |= {adversary.name: adversary.spec}
        self.networks |= {adversary.name: adversary.network}
        self.state = adversary.state

    def players(self) -> Sequence[Player]:
        """D, the decoder, the encoder."""
        recipe = self._recipe
        return [
            self.adversary.player(self._discriminator_terms),
            Player("generator", self.decoder, self._decoder_terms, adam(recipe.game.generator)),
            Player("encoder", self.encoder, self._encoder_terms, adam(recipe.encoder)),
        ]

    def _discriminator_terms(self, batch: Batch) -> Terms:
        real, condition = batch["x"], batch.get("y")
        copied, drawn = (fake.detach() for fake in self._fakes(batch))
        terms = self.adversary.discriminator_terms(real, drawn, batch, condition)
        other = self.adversary.discriminator_terms(real, copied, batch, condition)
        loss = (terms["loss"] + other["loss"]) / 2
        return {**terms, "loss": loss, "reconstructed": other["fake"]}

    def _decoder_terms(self, batch: Batch) -> Terms:
        real, condition = batch["x"], batch.get("y")
        copied, drawn = self._fakes(batch)
        games = [
            self.adversary.generator_terms(real, fake, batch, condition)["loss"]
            for fake in (drawn, copied)
        ]
        error = self._error(real, copied)
        adversarial = (games[0] + games[1]) / 2
        loss = self._recipe.gamma * error + adversarial
        return {"loss": loss, "adversarial": adversarial, "reconstruction": error}

    def _encoder_terms(self, batch: Batch) -> Terms:
        mean, log_variance = self._encoded(batch["x"])
        error = self._error(batch["x"], self._copies(batch, mean, log_variance))
        kl = gaussian_kl(mean, log_variance)
        return {"loss": self._recipe.beta * kl + error, "reconstruction": error, "kl": kl}

    def _fakes(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Reconstructions and samples of the prior: D judges those that the decoder moves on."""

        def made() -> tuple[Tensor, Tensor]:
            with torch.no_grad():
                mean, log_variance = self._encoded(batch["x"])
            return self._copies(batch, mean, log_variance), self._samples(batch)

        both: tuple[Tensor, Tensor] = batch.shared("fakes", made)
        return both

    def _samples(self, batch: Batch) -> Tensor:
        real, rng, latent = batch["x"], batch.rng("z of the prior"), self.specs["generator"].latent
        z = distributed.draw_sharded(
            lambda n: torch.randn(n, latent, generator=rng, device=real.device, dtype=real.dtype),
            len(real),
        )
        samples: Tensor = self.decoder(z, batch.get("y"))
        return samples

    def _copies(self, batch: Batch, mean: Tensor, log_variance: Tensor) -> Tensor:
        z = reparameterize(mean, log_variance, batch.rng("z of the VAE"))
        copies: Tensor = self.decoder(z, batch.get("y"))
        return copies

    def _encoded(self, real: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.encoder(real)
        return upcast(mean), upcast(log_variance)

    def _error(self, real: Tensor, copies: Tensor) -> Tensor:
        """L_D."""
        layer = self._recipe.layer
        if layer == 0:
            return squared_error(real, copies)
        critic: Any = self.adversary.network
        with torch.no_grad():
            wanted = critic.hidden(real)[layer - 1]
        found = critic.hidden(copies)[layer - 1]
        return squared_error(upcast(wanted), upcast(found))


def depth(discriminator: NetworkSpec) -> int:
    """How many hidden layers a discriminator shows, told without building it in memory."""
    with torch.device("meta"), torch.no_grad():
        network: Any = discriminator.build()
        return len(network.hidden(torch.zeros(2, *discriminator.shape.size)))
