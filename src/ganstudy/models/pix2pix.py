"""pix2pix: translation learned from pairs, by a game whose D sees both sides of a pair."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field
from torch import Tensor

from ganstudy.errors import InputError
from ganstudy.models.adversary import Adversary
from ganstudy.models.base import adam, initial_weights
from ganstudy.models.parts import TRAIN
from ganstudy.models.translation import (
    CRITIC,
    FromSource,
    TranslationParams,
    critic_for,
    sides,
    translator_for,
    unfit_images,
)
from ganstudy.params import Params, Weight, parse_recipe
from ganstudy.spaces import Space
from ganstudy.training.player import Batch, Player, Terms


class Pix2PixParams(TranslationParams):
    """Its recipe."""

    l1: Weight = Field(description="λ of E |y - G(x)|₁; 0: the game alone")


class Pix2Pix(FromSource):
    """source x -> target y: L_cGAN(G, D) + λ E |y - G(x)|₁ (Isola et al. 2017, eq. 4), where D sees
    (x, y). G draws nothing: the dropout that stands for z there changes its outputs little (section
    3.3), and none is left here.

    Raises `InputError` where train.augment is set: it would move y and not x.
    """

    network: ClassVar[frozenset[str]] = CRITIC
    train: ClassVar[frozenset[str]] = TRAIN | {"augment", "stop_on_alarm"}

    @classmethod
    def recipe(cls, params: Params, loss: str) -> Pix2PixParams:
        """The row pix2pix-<loss> of the section models."""
        return parse_recipe(Pix2PixParams, params, f"pix2pix-{loss}")

    @classmethod
    def unfit(cls, spaces: Mapping[str, Space]) -> str | None:
        """It learns pairs of images of one size."""
        if (reason := unfit_images(spaces, ("source", "target"), "pairs")) is not None:
            return reason
        one, other = sides(spaces["source"]), sides(spaces["target"])
        if one == other:
            return None
        return f"it learns pairs of one size, and these are {_by(one)} and {_by(other)}"

    @classmethod
    def make(cls, params: Params, loss: str, spaces: Mapping[str, Space], seed: int) -> "Pix2Pix":
        """G of the recipe and D of the section network."""
        if params.train.augment:
            raise InputError("train.augment would move target and not source: set it to []")
        return cls(params, loss, spaces, seed)

    def __init__(self, params: Params, loss: str, spaces: Mapping[str, Space], seed: int) -> None:
        self._recipe = recipe = self.recipe(params, loss)
        source, target = spaces["source"], spaces["target"]
        spec = translator_for(recipe.made, "source", source, target)
        with initial_weights(seed, "translator"):
            self.translator = spec.build()
        critic = critic_for(params, recipe.game, {"x": target, "condition": source})
        self.adversary = Adversary(critic, loss, recipe.game, [], seed)
        self.specs = {"translator": spec, "discriminator": critic}
        self.networks = {"translator": self.translator, "discriminator": self.adversary.network}

    def players(self) -> Sequence[Player]:
        """D, then G."""
        optimizer = adam(self._recipe.game.generator)
        return [
            self.adversary.player(self._discriminator_terms),
            Player("translator", self.translator, self._translator_terms, optimizer),
        ]

    def _made(self, batch: Batch) -> Tensor:
        made: Tensor = batch.shared("made", lambda: self.translator(batch["source"]))
        return made

    def _discriminator_terms(self, batch: Batch) -> Terms:
        real, made = batch["target"], self._made(batch).detach()
        return self.adversary.discriminator_terms(real, made, batch, self._shown(batch))

    def _translator_terms(self, batch: Batch) -> Terms:
        real, made = batch["target"], self._made(batch)
        game = self.adversary.generator_terms(real, made, batch, self._shown(batch))["loss"]
        l1 = (real - made).abs().mean()
        return {"loss": game + self._recipe.l1 * l1, "game": game, "l1": l1}

    def _shown(self, batch: Batch) -> Tensor:
        """What D sees beside y."""
        return batch["source"]


def _by(size: tuple[int, ...]) -> str:
    return "×".join(map(str, size))
