"""Translation learned from pairs by their distance alone: what pix2pix is compared with."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from ganstudy.models.base import adam, initial_weights
from ganstudy.models.parts import TRAIN
from ganstudy.models.pix2pix import Pix2Pix
from ganstudy.models.translation import FromSource, TranslatorParams, translator_for
from ganstudy.params import OptimizerParams, Params, Section, parse_recipe
from ganstudy.spaces import Space
from ganstudy.training.player import Batch, Player, Terms


class RegressionParams(Section):
    """Its recipe."""

    translator: TranslatorParams
    optimizer: OptimizerParams


class Regression(FromSource):
    """source x -> target y: E |y - G(x)|₁ (Isola et al. 2017, section 4.1, "L1"). Where several
    colours are possible it makes their median, which is grey."""

    network: ClassVar[frozenset[str]] = frozenset()
    train: ClassVar[frozenset[str]] = TRAIN

    @classmethod
    def recipe(cls, params: Params, loss: str) -> RegressionParams:
        """The row regression-<loss> of the section models; any name is L1."""
        return parse_recipe(RegressionParams, params, f"regression-{loss}")

    @classmethod
    def unfit(cls, spaces: Mapping[str, Space]) -> str | None:
        """It learns what pix2pix does."""
        return Pix2Pix.unfit(spaces)

    @classmethod
    def make(
        cls, params: Params, loss: str, spaces: Mapping[str, Space], seed: int
    ) -> "Regression":
        """G of the recipe: for a seed the one that pix2pix starts with."""
        return cls(cls.recipe(params, loss), spaces, seed)

    def __init__(self, recipe: RegressionParams, spaces: Mapping[str, Space], seed: int) -> None:
        self._recipe = recipe
        spec = translator_for(recipe.translator, "source", spaces["source"], spaces["target"])
        with initial_weights(seed, "translator"):
            self.translator = spec.build()
        self.specs = {"translator": spec}
        self.networks = {"translator": self.translator}

    def players(self) -> Sequence[Player]:
        """G alone."""
        optimizer = adam(self._recipe.optimizer)
        return [Player("translator", self.translator, self._terms, optimizer)]

    def _terms(self, batch: Batch) -> Terms:
        return {"loss": (batch["target"] - self.translator(batch["source"])).abs().mean()}
