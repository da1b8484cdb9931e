"""Super-resolution: small images to large ones, by content first and then by a game too."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, ClassVar

from pydantic import Field
from torch import Tensor, nn

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


class SuperResolutionParams(TranslationParams):
    """Its recipe."""

    content: Annotated[float, Field(ge=0, le=1)] = Field(
        0.5, description="share of the budget before the game begins; 1: content alone"
    )
    adversarial: Weight = Field(1e-3, description="of the game, beside the content's 1")


class SuperResolution(FromSource):
    """source, small -> target, large: content (mean squared error) + 10⁻³ × the game's loss, after
    training by content alone (Ledig et al. 2017, eq. 3, 4 and section 3.2). D sees large images;
    until the game begins it does not move."""

    network: ClassVar[frozenset[str]] = CRITIC
    train: ClassVar[frozenset[str]] = TRAIN | {"augment", "stop_on_alarm"}

    @classmethod
    def recipe(cls, params: Params, loss: str) -> SuperResolutionParams:
        """The row superres-<loss> of the section models."""
        return parse_recipe(SuperResolutionParams, params, f"superres-{loss}")

    @classmethod
    def unfit(cls, spaces: Mapping[str, Space]) -> str | None:
        """It learns pairs of a small and a large image."""
        wanted = "pairs of a small and a large image"
        if (reason := unfit_images(spaces, ("source", "target"), wanted)) is not None:
            return reason
        small, large = sides(spaces["source"]), sides(spaces["target"])
        if all(a < b for a, b in zip(small, large, strict=True)):
            return None
        return f"it learns {wanted}, and these are of {small[0]} and {large[0]} rows"

    @classmethod
    def make(
        cls, params: Params, loss: str, spaces: Mapping[str, Space], seed: int
    ) -> "SuperResolution":
        """G of the recipe and D of the section network."""
        return cls(params, loss, spaces, seed)

    def __init__(self, params: Params, loss: str, spaces: Mapping[str, Space], seed: int) -> None:
        self._recipe = recipe = self.recipe(params, loss)
        rounds = params.train.images // (params.train.batch * recipe.game.critic_steps)
        self._begins = round(recipe.content * rounds)
        spec = translator_for(recipe.made, "source", spaces["source"], spaces["target"])
        with initial_weights(seed, "translator"):
            self.translator = spec.build()
        critic = critic_for(params, recipe.game, {"x": spaces["target"]})
        self.adversary = Adversary(critic, loss, recipe.game, params.train.augment, seed)
        self.state: Mapping[str, nn.Module] = self.adversary.state
        self.specs = {"translator": spec, "discriminator": critic}
        self.networks = {"translator": self.translator, "discriminator": self.adversary.network}

    def players(self) -> Sequence[Player]:
        """D, from the round on in which the game begins, and G."""
        optimizer = adam(self._recipe.game.generator)
        judge = self.adversary.player(self._discriminator_terms)
        return [
            replace(judge, plays=self._has_begun),
            Player(
                "translator",
                self.translator,
                self._translator_terms,
                optimizer,
                graph_key=self._has_begun,
            ),
        ]

    def _has_begun(self, round_index: int) -> bool:
        return round_index >= self._begins

    def _made(self, batch: Batch) -> Tensor:
        made: Tensor = batch.shared("made", lambda: self.translator(batch["source"]))
        return made

    def _discriminator_terms(self, batch: Batch) -> Terms:
        made = self._made(batch).detach()
        return self.adversary.discriminator_terms(batch["target"], made, batch)

    def _translator_terms(self, batch: Batch) -> Terms:
        real, made = batch["target"], self._made(batch)
        content = (real - made).square().mean()
        if not self._has_begun(batch.round):
            return {"loss": content, "content": content}
        game = self.adversary.generator_terms(real, made, batch)["loss"]
        loss = content + self._recipe.adversarial * game
        return {"loss": loss, "content": content, "game": game}
