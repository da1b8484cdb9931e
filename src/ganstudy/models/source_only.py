"""The baseline of domain adaptation: a classifier that learns from its source alone."""

from collections.abc import Mapping, Sequence

import torch

from ganstudy.errors import InputError
from ganstudy.models.transfer import SOURCE, TARGET, AcrossDomains, ClassifierParams
from ganstudy.params import OptimizerParams, Params, Section, parse_recipe
from ganstudy.spaces import Space
from ganstudy.training.player import Batch, Player, Terms

LOSS = "cross_entropy"


class SourceOnlyParams(Section):
    """Its recipe."""

    classifier: ClassifierParams
    optimizer: OptimizerParams


class SourceOnly(AcrossDomains):
    """One player: features and label predictor minimise the cross-entropy on the source. Images of
    the target move no weight (Ganin et al. 2016, table 1, "source only"); batch norm follows their
    statistics, as it does beside a game: only the game makes the difference."""

    @classmethod
    def recipe(cls, params: Params, loss: str) -> SourceOnlyParams:
        """A row of the section models."""
        if loss != LOSS:
            raise InputError(f"source_only has one loss, {LOSS}; not {loss!r}")
        return parse_recipe(SourceOnlyParams, params, f"source_only-{loss}")

    @classmethod
    def make(
        cls, params: Params, loss: str, spaces: Mapping[str, Space], seed: int
    ) -> "SourceOnly":
        """The classifier of the section models."""
        return cls(cls.recipe(params, loss), spaces, seed)

    def __init__(self, recipe: SourceOnlyParams, spaces: Mapping[str, Space], seed: int) -> None:
        super().__init__(recipe.classifier, recipe.optimizer, spaces, seed)

    def players(self) -> Sequence[Player]:
        """Features and label predictor as one."""
        return [self.classifier(self._terms)]

    def _terms(self, batch: Batch) -> Terms:
        with torch.no_grad():
            self.features(TARGET, batch)
        return self.label_terms(self.features(SOURCE, batch), batch)
