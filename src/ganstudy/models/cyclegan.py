"""CycleGAN: translation between two domains without pairs, held together by the way back."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from ganstudy.errors import InputError
from ganstudy.models.adversary import Adversary
from ganstudy.models.base import Given, Networks, Rng, Specs, adam, initial_weights
from ganstudy.models.parts import TRAIN
from ganstudy.models.pool import Pool
from ganstudy.models.translation import (
    CRITIC,
    TranslationParams,
    critic_for,
    translator_for,
    unfit_images,
)
from ganstudy.params import Params, Weight, parse_recipe
from ganstudy.spaces import DOMAINS, Space
from ganstudy.training.player import Batch, Player, Terms

OTHER = {"a": "b", "b": "a"}
NOISE = 3 / 256  # deviation, of a range of 1: what the way back is tried with


class CycleGANParams(TranslationParams):
    """Its recipe."""

    cycle: Weight = Field(10.0, description="of E |F(G(a)) - a|₁ + E |G(F(b)) - b|₁")
    identity: Weight = Field(5.0, description="of E |G(b) - b|₁ + E |F(a) - a|₁; 0: none")
    pool: Annotated[int, Field(ge=0, le=10_000)] = Field(
        50, description="past samples of each domain that D is shown among new ones; 0: none"
    )


class CycleGAN:
    """G: a -> b and F: b -> a, a discriminator for each domain, both ways back and identity (Zhu et
    al. 2017, eq. 3 and section 5.2). The translators move as one.

    Raises `InputError` for an identity term between domains of different shapes.
    """

    averaged: ClassVar[frozenset[str]] = frozenset({"a_to_b", "b_to_a"})
    network: ClassVar[frozenset[str]] = CRITIC
    train: ClassVar[frozenset[str]] = TRAIN | {"augment", "stop_on_alarm"}

    @classmethod
    def recipe(cls, params: Params, loss: str) -> CycleGANParams:
        """The row cyclegan-<loss> of the section models."""
        return parse_recipe(CycleGANParams, params, f"cyclegan-{loss}")

    @classmethod
    def unfit(cls, spaces: Mapping[str, Space]) -> str | None:
        """It learns two domains of images of one size."""
        return unfit_images(spaces, DOMAINS, "two domains")

    @classmethod
    def make(cls, params: Params, loss: str, spaces: Mapping[str, Space], seed: int) -> "CycleGAN":
        """Translators of the recipe and discriminators of the section network."""
        return cls(params, loss, spaces, seed)

    def __init__(self, params: Params, loss: str, spaces: Mapping[str, Space], seed: int) -> None:
        self._recipe = recipe = self.recipe(params, loss)
        if recipe.identity and spaces["a"] != spaces["b"]:
            raise InputError(
                f"models.cyclegan-{loss}.identity: a is {_by(spaces['a'])} and b "
                f"{_by(spaces['b'])}, and only images of one shape can be left as they are: set it "
                "to 0"
            )
        self.specs, self.translators, self.adversaries = {}, nn.ModuleDict(), {}
        self.networks: dict[str, nn.Module] = {}
        for side, other in OTHER.items():
            name = f"{side}_to_{other}"
            self.specs[name] = translator_for(recipe.made, side, spaces[side], spaces[other])
            with initial_weights(seed, name):
                self.translators[name] = self.networks[name] = self.specs[name].build()
        for side in OTHER:
            name = f"discriminator_{side}"
            self.specs[name] = critic_for(params, recipe.game, {"x": spaces[side]})
            adversary = Adversary(
                self.specs[name], loss, recipe.game, params.train.augment, seed, name
            )
            self.adversaries[side], self.networks[name] = adversary, adversary.network
        self.pools = {side: Pool(spaces[side], recipe.pool, side) for side in OTHER}
        self.state: dict[str, nn.Module] = {f"pool_{s}": pool for s, pool in self.pools.items()}
        for adversary in self.adversaries.values():
            self.state |= adversary.state

    def players(self) -> Sequence[Player]:
        """Both discriminators, then both translators."""
        optimizer = adam(self._recipe.game.generator)
        return [
            *(each.player(partial(self._judged, side)) for side, each in self.adversaries.items()),
            Player("translators", self.translators, self._translated, optimizer),
        ]

    def _fake(self, side: str, batch: Batch) -> Tensor:
        """The other domain's images in the domain `side`: made once for all who move on them."""
        name = f"{OTHER[side]}_to_{side}"
        fake: Tensor = batch.shared(name, lambda: self.translators[name](batch[OTHER[side]]))
        return fake

    def _judged(self, side: str, batch: Batch) -> Terms:
        if (batch.index + 1) % self._recipe.game.critic_steps:  # the translators move on the last
            with torch.no_grad():
                fake = self._fake(side, batch)
        else:
            fake = self._fake(side, batch)
        shown = self.pools[side].swapped(fake.detach(), batch)
        return self.adversaries[side].discriminator_terms(batch[side], shown, batch)

    def _translated(self, batch: Batch) -> Terms:
        recipe, terms, loss = self._recipe, Terms(), torch.zeros((), device=batch.any.device)
        for side, other in OTHER.items():
            back, fake = self.translators[f"{other}_to_{side}"], self._fake(other, batch)
            game = self.adversaries[other].generator_terms(batch[other], fake, batch)["loss"]
            cycle = self._cycle(side, batch[side], back(fake))
            terms |= {f"game_{other}": game, f"cycle_{side}": cycle}
            loss = loss + game + recipe.cycle * cycle
            if recipe.identity:
                kept = terms[f"identity_{side}"] = _l1(back(batch[side]), batch[side])
                loss = loss + recipe.identity * kept
        return {"loss": loss, **terms}

    def _cycle(self, side: str, real: Tensor, again: Tensor) -> Tensor:
        """How far the way back from the other domain ends from where it began."""
        return _l1(again, real)

    @staticmethod
    def inputs(specs: Specs) -> Mapping[str, Space]:
        """Images of either domain."""
        return {side: specs[f"{side}_to_{other}"].inputs[side] for side, other in OTHER.items()}

    @staticmethod
    def outputs(specs: Specs) -> Mapping[str, Space]:
        """Both translations; and of each domain what comes back: of translations as they are, of
        those as files hold them, rounded to 8 bits, and of those with noise. A translator can hide
        its input in what no eye sees (Chu et al. 2017), and then the latter lose it."""
        made = {f"{side}_to_{o}": specs[f"{side}_to_{o}"].output for side, o in OTHER.items()}
        for side in OTHER:
            space = specs[f"{OTHER[side]}_to_{side}"].output
            made |= {f"{side}_{way}": space for way in ("cycle", "rounded", "noisy")}
        return made

    @staticmethod
    def sample(networks: Networks, given: Given, rng: Rng) -> Mapping[str, Tensor]:
        """G(a), F(b) and the ways back, of the domains that are given."""
        made = {}
        for side in given.keys() & OTHER.keys():
            name, back = f"{side}_to_{OTHER[side]}", networks[f"{OTHER[side]}_to_{side}"]
            fake = networks[name](given[side])
            noise = torch.randn(
                fake.shape, generator=rng(f"noise {side}"), device=fake.device, dtype=fake.dtype
            )
            made[name] = fake
            made[f"{side}_cycle"] = back(fake)
            made[f"{side}_rounded"] = back(_rounded(fake))
            made[f"{side}_noisy"] = back(_rounded(fake) + 2 * NOISE * noise)
        return made


def _l1(one: Tensor, other: Tensor) -> Tensor:
    return (one - other).abs().mean()


def _rounded(images: Tensor) -> Tensor:
    """Images in [-1, 1] as 8 bits hold them."""
    return ((images + 1) * 127.5).round().clamp(0, 255) / 127.5 - 1


def _by(space: Space) -> str:
    return "×".join(map(str, space.size))
