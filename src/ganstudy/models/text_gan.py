"""Images of what a caption says: a GAN whose G and D both read it (Reed et al. 2016)."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from ganstudy import distributed
from ganstudy.models.adversary import Adversary, Augment
from ganstudy.models.base import FromCodes, Given, Networks, Rng, adam, initial_weights
from ganstudy.models.noise import noise_for
from ganstudy.models.parts import DECODER, GAME, TRAIN
from ganstudy.networks import NetworkSpec
from ganstudy.params import LossParams, Params, Section, parse_recipe
from ganstudy.spaces import Image, Noise, Score, Space, Tokens
from ganstudy.training.player import Batch, Player, Terms

Shown = Literal["mismatched", "matched", "nothing"]


class TextGANParams(Section):
    """The recipe: the game, and what D is shown of captions."""

    game: LossParams
    captions: Shown = Field(
        "mismatched",
        description="mismatched: D sees real images with their own captions, with others', and "
        "generated ones; matched: without others'; nothing: D sees images alone",
    )


class TextGAN(FromCodes):
    """Samples `x` for captions `text`. D tells (real, its caption) from (generated, the caption
    asked for) and from (real, another's caption): Reed et al. 2016, algorithm 1."""

    network: ClassVar[frozenset[str]] = DECODER | {"discriminator_width", "discriminator_norm"}
    train: ClassVar[frozenset[str]] = TRAIN | GAME

    @classmethod
    def recipe(cls, params: Params, loss: str) -> TextGANParams:
        """A row of the section models."""
        return parse_recipe(TextGANParams, params, f"text_gan-{loss}")

    @classmethod
    def unfit(cls, spaces: Mapping[str, Space]) -> str | None:
        """It learns images with captions."""
        return unfit_for_captions(spaces)

    @classmethod
    def make(cls, params: Params, loss: str, spaces: Mapping[str, Space], seed: int) -> "TextGAN":
        """G and D of the section network, which are convolutional."""
        recipe, network = cls.recipe(params, loss), params.network
        generator = NetworkSpec(
            "text.generator",
            {"z": Noise(network.latent), "text": spaces["text"]},
            spaces["x"],
            network.generator_width,
            recipe.game.generator_norm or network.generator_norm,
        )
        discriminator = discriminator_of(
            spaces["x"],
            None if recipe.captions == "nothing" else spaces["text"],
            network.discriminator_width,
            recipe.game.discriminator_norm or network.discriminator_norm,
        )
        train = params.train
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
        recipe: TextGANParams,
        generator: NetworkSpec,
        discriminator: NetworkSpec,
        augment: Augment,
        seed: int,
        *,
        reuse_fakes: bool = False,
    ) -> None:
        self._recipe, self._reuse = recipe, reuse_fakes
        with initial_weights(seed, "generator"):
            self.generator = generator.build()
        self.adversary = Adversary(discriminator, loss, recipe.game, augment, seed)
        self.state = self.adversary.state
        self.specs = {"generator": generator, "discriminator": discriminator}
        self.networks = {"generator": self.generator, "discriminator": self.adversary.network}

    def players(self) -> Sequence[Player]:
        """D, then G."""
        optimizer = adam(self._recipe.game.generator)
        return [
            self.adversary.player(self._discriminator_terms),
            Player("generator", self.generator, self._generator_terms, optimizer),
        ]

    def _discriminator_terms(self, batch: Batch) -> Terms:
        fake = self._fakes_for_d(batch)
        shown, text = self._recipe.captions, batch["text"]
        others = other_captions(text) if shown == "mismatched" else None
        return self.adversary.discriminator_terms(batch["x"], fake, batch, self._told(text), others)

    def _generator_terms(self, batch: Batch) -> Terms:
        fake = batch.shared("fakes", lambda: self._fakes(batch, "z for G"))
        return self.adversary.generator_terms(batch["x"], fake, batch, self._told(batch["text"]))

    def _told(self, text: Tensor) -> Tensor | None:
        """What D reads."""
        return None if self._recipe.captions == "nothing" else text

    def _fakes_for_d(self, batch: Batch) -> Tensor:
        """Where G is to learn from the samples of D's last step, those that both share."""
        if self._reuse and (batch.index + 1) % self._recipe.game.critic_steps == 0:
            shared: Tensor = batch.shared("fakes", lambda: self._fakes(batch, "z for D"))
            return shared.detach()
        with torch.no_grad():
            return self._fakes(batch, "z for D")

    def _fakes(self, batch: Batch, purpose: str) -> Tensor:
        z = noise_for(batch, purpose, self.specs["generator"].latent)
        fakes: Tensor = self.generator(z, batch["text"])
        return fakes

    @staticmethod
    def sample(networks: Networks, given: Given, rng: Rng) -> Mapping[str, Tensor]:
        """G(z, text)."""
        return {"x": networks["generator"](given["z"], given["text"])}


def unfit_for_captions(spaces: Mapping[str, Space]) -> str | None:
    """Why data of these spaces are not images with captions; None where they are."""
    if isinstance(spaces.get("x"), Image) and isinstance(spaces.get("text"), Tokens):
        return None
    return f"it learns images x with captions, text, and this data has {', '.join(spaces)}"


def discriminator_of(images: Space, tokens: Space | None, width: int, norm: str) -> NetworkSpec:
    """D of images with texts, or of images alone."""
    if tokens is None:
        return NetworkSpec("dcgan.discriminator", {"x": images}, Score(), width, norm)
    inputs = {"x": images, "text": tokens}
    return NetworkSpec("text.discriminator", inputs, Score(), width, norm)


def other_captions(text: Tensor) -> Tensor:
    """For each caption (N, L) of a batch the next in it that differs: what does not fit its image.
    Where all are equal, there is none, and it stays as it is."""
    whole = distributed.gathered(text)
    rows = torch.arange(len(whole), device=text.device)
    same = (whole[:, None] == whole[None]).all(2)
    away = (rows[None] - rows[:, None]) % len(whole)
    nearest = away.masked_fill(same, len(whole)).argmin(1)
    nearest = torch.where(same.all(1), rows, nearest)
    return distributed.shard(whole[nearest])
