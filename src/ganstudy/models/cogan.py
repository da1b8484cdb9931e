"""Coupled GANs: two domains from one code, without a single pair (Liu & Tuzel 2016)."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from ganstudy import distributed
from ganstudy.models.adversary import Adversary
from ganstudy.models.base import Given, Networks, Rng, Specs, adam, initial_weights
from ganstudy.models.parts import TRAIN
from ganstudy.networks import NetworkSpec
from ganstudy.params import LossParams, Params, Section, Width, parse_recipe
from ganstudy.spaces import DOMAINS, Image, Noise, Score, Space
from ganstudy.training.player import Batch, Player, Terms


class CoGANParams(Section):
    """Sizes of the coupled networks, and the recipe of either game."""

    latent: Width
    generator_width: Width
    discriminator_width: Width
    game: LossParams


class CoGAN:
    """Two players, each the sum of two games (eq. 2): G makes an image of `a` and one of `b` of
    every code, whose first layers are tied; D tells each domain's real images from those, its last
    layers tied. No image of `a` belongs to one of `b`: that a code means the same in both is what
    the tied layers bring about.
    """

    averaged: ClassVar[frozenset[str]] = frozenset({"generator"})
    network: ClassVar[frozenset[str]] = frozenset()
    train: ClassVar[frozenset[str]] = TRAIN
    state: Mapping[str, nn.Module] = {}

    @classmethod
    def recipe(cls, params: Params, loss: str) -> CoGANParams:
        """A row of the section models."""
        return parse_recipe(CoGANParams, params, f"cogan-{loss}")

    @classmethod
    def unfit(cls, spaces: Mapping[str, Space]) -> str | None:
        """It learns two domains of images that can share layers."""
        a, b = (spaces.get(name) for name in DOMAINS)
        if not isinstance(a, Image) or not isinstance(b, Image):
            return f"it learns two domains of images, a and b; this data has {', '.join(spaces)}"
        if a != b:
            return f"its two networks share layers: a, {a.stored}, and b, {b.stored}, must be equal"
        return None

    @classmethod
    def make(cls, params: Params, loss: str, spaces: Mapping[str, Space], seed: int) -> "CoGAN":
        """Coupled networks of the section models."""
        return cls(cls.recipe(params, loss), loss, spaces, seed)

    def __init__(
        self, recipe: CoGANParams, loss: str, spaces: Mapping[str, Space], seed: int
    ) -> None:
        self._recipe, game, images = recipe, recipe.game, spaces["a"]
        generator = NetworkSpec(
            "coupled.generator",
            {"z": Noise(recipe.latent)},
            images,
            recipe.generator_width,
            game.generator_norm or "batch",
        )
        discriminator = NetworkSpec(
            "coupled.discriminator",
            {"x": images},
            Score(),
            recipe.discriminator_width,
            game.discriminator_norm or "none",
        )
        with initial_weights(seed, "generator"):
            self.generator = generator.build()
        self.adversary = Adversary(discriminator, loss, game, [], seed)
        self.specs = {"generator": generator, "discriminator": discriminator}
        self.networks = {"generator": self.generator, "discriminator": self.adversary.network}

    def players(self) -> Sequence[Player]:
        """Both discriminators as one, then both generators as one: a tied layer moves once."""
        optimizer = adam(self._recipe.game.generator)
        return [
            self.adversary.player(self._discriminator_terms),
            Player("generator", self.generator, self._generator_terms, optimizer),
        ]

    def _discriminator_terms(self, batch: Batch) -> Terms:
        with torch.no_grad():
            fakes = self._fakes(batch, "z for D")
        return _summed(
            [
                self.adversary.discriminator_terms(batch[name], fake, batch, name)
                for name, fake in fakes.items()
            ]
        )

    def _generator_terms(self, batch: Batch) -> Terms:
        fakes = self._fakes(batch, "z for G")
        return _summed(
            [
                self.adversary.generator_terms(batch[name], fake, batch, name)
                for name, fake in fakes.items()
            ]
        )

    def _fakes(self, batch: Batch, purpose: str) -> Mapping[str, Tensor]:
        real, rng, latent = batch["a"], batch.rng(purpose), self._recipe.latent
        z = distributed.draw_sharded(
            lambda n: torch.randn(n, latent, generator=rng, device=real.device, dtype=real.dtype),
            len(real),
        )
        return dict(zip(DOMAINS, self.generator(z), strict=True))

    @staticmethod
    def inputs(specs: Specs) -> Mapping[str, Space]:
        """Codes."""
        return specs["generator"].inputs

    @staticmethod
    def outputs(specs: Specs) -> Mapping[str, Space]:
        """An image of each domain."""
        return dict.fromkeys(DOMAINS, specs["generator"].output)

    @staticmethod
    def sample(networks: Networks, given: Given, rng: Rng) -> Mapping[str, Tensor]:
        """Both images of each code."""
        return dict(zip(DOMAINS, networks["generator"](given["z"]), strict=True))


def _summed(games: Sequence[Terms]) -> Terms:
    """The sum of the games' losses; of every other term the mean."""
    means = {name: torch.stack([game[name] for game in games]).mean() for name in games[0]}
    return means | {"loss": means["loss"] * len(games)}
