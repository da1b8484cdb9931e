"""Images of captions in two stages: small ones, then larger ones of them (Zhang et al. 2017)."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from ganstudy.models.adversary import Adversary, Augment
from ganstudy.models.base import Given, Networks, Rng, Specs, adam, initial_weights
from ganstudy.models.noise import noise_for
from ganstudy.models.parts import DECODER, TRAIN
from ganstudy.models.text_gan import discriminator_of, other_captions, unfit_for_captions
from ganstudy.networks import NetworkSpec
from ganstudy.objectives.reconstruction import gaussian_kl
from ganstudy.params import LossParams, Params, Section, Weight, parse_recipe
from ganstudy.spaces import Image, Noise, Space
from ganstudy.training.player import Batch, Player, Terms

FIRST, SECOND = "first", "second"  # the generators; their adversaries
DISCRIMINATORS = {FIRST: "discriminator_first", SECOND: "discriminator"}


class StackGANParams(Section):
    """The recipe: the game of both stages, how long the first lasts, and the weight of its KL."""

    game: LossParams
    first: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.5, description="share of training after which stage I is frozen and stage II begins"
    )
    kl: Weight = Field(1.0, description="weight of KL(N(μ, Σ) || N(0, I)), a mean over dimensions")


class StackGAN:
    """Samples `x` for captions `text`, and what its first stage made of them, `first`, enlarged.

    Stage I plays for a share of training, at half the sides, and then is frozen; stage II refines
    what it makes, and reads the text again. Both D are matching-aware, as `TextGAN`'s.
    """

    averaged: ClassVar[frozenset[str]] = frozenset({FIRST, SECOND})
    network: ClassVar[frozenset[str]] = (DECODER - {"name"}) | {
        "discriminator_width",
        "discriminator_norm",
    }
    train: ClassVar[frozenset[str]] = TRAIN | {"augment", "stop_on_alarm"}

    @classmethod
    def recipe(cls, params: Params, loss: str) -> StackGANParams:
        """A row of the section models."""
        return parse_recipe(StackGANParams, params, f"stackgan-{loss}")

    @classmethod
    def unfit(cls, spaces: Mapping[str, Space]) -> str | None:
        """It learns images with captions, whose sides can be halved."""
        if (reason := unfit_for_captions(spaces)) is not None:
            return reason
        size = spaces["x"].size
        if size[1] % 2 or size[2] % 2:
            return f"it makes half of each side first, and images have {size[1]}×{size[2]}"
        return None

    @classmethod
    def make(cls, params: Params, loss: str, spaces: Mapping[str, Space], seed: int) -> "StackGAN":
        """Both stages of the widths of the section network; all are convolutional."""
        recipe, network = cls.recipe(params, loss), params.network
        whole, text = spaces["x"], spaces["text"]
        assert isinstance(whole, Image)  # noqa: S101 - else it is unfit
        half = Image(whole.channels, whole.height // 2, whole.width // 2)
        norm = recipe.game.generator_norm or network.generator_norm
        noise, width = Noise(network.latent), network.generator_width
        inputs = {"z": noise, "text": text, "noise": noise}
        specs = {
            FIRST: NetworkSpec("stack.first", inputs, half, width, norm),
            SECOND: NetworkSpec(
                "stack.second", {"first": half, "text": text, "noise": noise}, whole, width, norm
            ),
        }
        d_norm = recipe.game.discriminator_norm or network.discriminator_norm
        for stage, images in ((FIRST, half), (SECOND, whole)):
            specs[DISCRIMINATORS[stage]] = discriminator_of(
                images, text, network.discriminator_width, d_norm
            )
        rounds = params.train.images // (params.train.batch * recipe.game.critic_steps)
        return cls(loss, recipe, specs, rounds, params.train.augment, seed)

    def __init__(
        self,
        loss: str,
        recipe: StackGANParams,
        specs: Specs,
        rounds: int,
        augment: Augment,
        seed: int,
    ) -> None:
        self._recipe, self.specs = recipe, specs
        self.switch = max(1, round(recipe.first * rounds))  # the first round of stage II
        self._generators: dict[str, Any] = {}
        for stage in (FIRST, SECOND):
            with initial_weights(seed, stage):
                self._generators[stage] = specs[stage].build()
        self.adversaries = {
            stage: Adversary(specs[name], loss, recipe.game, augment, seed, name)
            for stage, name in DISCRIMINATORS.items()
        }
        self.state = {n: m for each in self.adversaries.values() for n, m in each.state.items()}
        self.networks = {
            **self._generators,
            **{each.name: each.network for each in self.adversaries.values()},
        }

    def players(self) -> Sequence[Player]:
        """D and G of stage I, then D and G of stage II, each in its part of training."""
        optimizer = adam(self._recipe.game.generator)
        found = []
        for stage in (FIRST, SECOND):
            plays = partial(self._plays, stage)
            found += [
                self.adversaries[stage].player(partial(self._d, stage), plays=plays),
                Player(
                    stage,
                    self._generators[stage],
                    partial(self._g, stage),
                    optimizer,
                    plays=plays,
                ),
            ]
        return found

    def _plays(self, stage: str, round_index: int) -> bool:
        return (round_index < self.switch) == (stage == FIRST)

    def _d(self, stage: str, batch: Batch) -> Terms:
        with torch.no_grad():
            fake = self._fakes(stage, batch, "D")
        text = batch["text"]
        return self.adversaries[stage].discriminator_terms(
            self._real(stage, batch), fake, batch, text, other_captions(text)
        )

    def _g(self, stage: str, batch: Batch) -> Terms:
        text, real = batch["text"], self._real(stage, batch)
        fake = self._fakes(stage, batch, "G")
        game = self.adversaries[stage].generator_terms(real, fake, batch, text)["loss"]
        mean, log_variance = self._generators[stage].conditioning.moments(text)
        kl = gaussian_kl(mean, log_variance) / mean.shape[1]
        return {"loss": game + self._recipe.kl * kl, "game": game, "kl": kl}

    def _fakes(self, stage: str, batch: Batch, side: str) -> Tensor:
        latent, text = self.specs[FIRST].latent, batch["text"]

        def draw(what: str) -> Tensor:
            return noise_for(batch, f"{what} for {side}", latent)

        if stage == FIRST:
            made: Tensor = self._generators[FIRST](draw("z"), text, draw("conditioning"))
            return made
        with torch.no_grad():  # stage I is frozen
            small = self._generators[FIRST](draw("z"), text, draw("conditioning"))
        large: Tensor = self._generators[SECOND](small, text, draw("second conditioning"))
        return large

    @staticmethod
    def _real(stage: str, batch: Batch) -> Tensor:
        return avg_pool2d(batch["x"], 2) if stage == FIRST else batch["x"]

    @staticmethod
    def inputs(specs: Specs) -> Mapping[str, Space]:
        """Codes, captions, and the noise of either stage's conditioning."""
        first, second = specs[FIRST].inputs, specs[SECOND].inputs
        return {**first, "second_noise": second["noise"]}

    @staticmethod
    def outputs(specs: Specs) -> Mapping[str, Space]:
        """What stage II makes, and stage I."""
        return {"x": specs[SECOND].output, FIRST: specs[SECOND].output}

    @staticmethod
    def sample(networks: Networks, given: Given, rng: Rng) -> Mapping[str, Tensor]:
        """Both stages; the first is enlarged, between pixels linearly."""
        small = networks[FIRST](given["z"], given["text"], given["noise"])
        large = networks[SECOND](small, given["text"], given["second_noise"])
        return {"x": large, FIRST: interpolate(small, scale_factor=2, mode="bilinear")}
