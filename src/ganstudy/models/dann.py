"""Domain-adversarial training: features from which nobody tells the domain (Ganin et al. 2016)."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from ganstudy.models.adversary import Adversary
from ganstudy.models.transfer import SOURCE, TARGET, AcrossDomains, ClassifierParams
from ganstudy.networks import NetworkSpec
from ganstudy.objectives.reversal import reversed_gradient, strength_at
from ganstudy.params import LossParams, Params, Section, Width, parse_recipe
from ganstudy.spaces import Score, Space
from ganstudy.training.player import Batch, Player, Terms


class DANNParams(Section):
    """The game on features: `generator` is the optimiser of features and label predictor."""

    classifier: ClassifierParams
    game: LossParams
    discriminator_width: Width
    weight: Annotated[float, Field(gt=0, le=1e3)] = Field(
        1.0, description="λ at the end of training, from 0; no game at all is source_only"
    )


class DANN(AcrossDomains):
    """Two players: a discriminator tells the domains by their features, and the classifier is right
    about the labels of the source while its features, by gradient reversal, make D worse:
    L_y - λ L_d (Ganin et al. 2016, eqs. 9 to 11).

    L_d is what the D of any loss minimises, the source being real; of `minimax` it is the paper's.
    λ grows as in the paper, up to `weight`. It never reads a label of the target.
    """

    @classmethod
    def recipe(cls, params: Params, loss: str) -> DANNParams:
        """A row of the section models."""
        return parse_recipe(DANNParams, params, f"dann-{loss}")

    @classmethod
    def make(cls, params: Params, loss: str, spaces: Mapping[str, Space], seed: int) -> "DANN":
        """Classifier and D of the section models."""
        return cls(cls.recipe(params, loss), loss, spaces, seed)

    def __init__(
        self, recipe: DANNParams, loss: str, spaces: Mapping[str, Space], seed: int
    ) -> None:
        super().__init__(recipe.classifier, recipe.game.generator, spaces, seed)
        self._recipe = recipe
        features = self.specs["features"].output
        spec = NetworkSpec(
            "features.discriminator",
            {"x": features},
            Score(),
            recipe.discriminator_width,
            recipe.game.discriminator_norm or "none",
        )
        self.adversary = Adversary(spec, loss, recipe.game, [], seed)
        self.specs[self.adversary.name] = spec
        self.networks[self.adversary.name] = self.adversary.network

    def players(self) -> Sequence[Player]:
        """D, then the classifier."""
        return [
            self.adversary.player(self._discriminator_terms),
            self.classifier(self._classifier_terms),
        ]

    def _discriminator_terms(self, batch: Batch) -> Terms:
        source, target = (features.detach() for features in self._features_for_d(batch))
        return self.adversary.discriminator_terms(source, target, batch)

    def _classifier_terms(self, batch: Batch) -> Terms:
        source, target = self._features(batch)
        strength = self._recipe.weight * strength_at(batch.progress)
        shown = (reversed_gradient(features, strength) for features in (source, target))
        domains = self.adversary.value(*shown)
        labels = self.label_terms(source, batch)
        return {
            "loss": labels["loss"] + domains,
            "labels": labels["loss"],
            "domains": domains,
            "strength": strength,
            "accuracy": labels["accuracy"],
        }

    def _features_for_d(self, batch: Batch) -> tuple[Tensor, Tensor]:
        if (batch.index + 1) % self._recipe.game.critic_steps == 0:  # the one it shares
            return self._features(batch)
        with torch.no_grad():
            return self._of_both(batch)

    def _features(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Of source and target, (N, d) each: computed once a batch, for D and the classifier."""
        found: tuple[Tensor, Tensor] = batch.shared("features", lambda: self._of_both(batch))
        return found

    def _of_both(self, batch: Batch) -> tuple[Tensor, Tensor]:
        return self.features(SOURCE, batch), self.features(TARGET, batch)
