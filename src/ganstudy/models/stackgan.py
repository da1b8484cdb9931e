"""Images of captions in stages: small ones, then larger ones of them (Zhang et al. 2017). Two
stages up to 32 pixels, as in the paper; a third for 64 and a fourth for 128, as StackGAN++ has."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from itertools import pairwise
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

FIRST = "first"
LATER = ("second", "third", "fourth")  # stages, each of which doubles the sides; their generators
SMALL = 16  # pixels a side from which stage I is small enough


class StackGANParams(Section):
    """The recipe: the game of every stage, how long the first lasts, and the weight of its KL."""

    game: LossParams
    first: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.5,
        description="share of training after which stage I is frozen and stage II begins; "
        "later stages share the rest equally",
    )
    kl: Weight = Field(1.0, description="weight of KL(N(μ, Σ) || N(0, I)), a mean over dimensions")


class StackGAN:
    """Samples `x` for captions `text`, and what its earlier stages made of them, `first` and so on,
    enlarged.

    Stage I plays for a share of training, at half the sides or less, and then is frozen; each later
    stage refines what the one before makes, and reads the text again. Every D is matching-aware, as
    `TextGAN`'s.
    """

    averaged: ClassVar[frozenset[str]] = frozenset({FIRST, *LATER})
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
        images = spaces["x"]
        assert isinstance(images, Image)  # noqa: S101 - else it is unfit for captions
        if images.height % 2 or images.width % 2:
            return (
                f"it makes half of each side first, and images have {images.height}×{images.width}"
            )
        return None

    @classmethod
    def make(cls, params: Params, loss: str, spaces: Mapping[str, Space], seed: int) -> "StackGAN":
        """Every stage of the widths of the section network; all are convolutional."""
        recipe, network = cls.recipe(params, loss), params.network
        whole, text = spaces["x"], spaces["text"]
        assert isinstance(whole, Image)  # noqa: S101 - else it is unfit
        images = _images_of_stages(whole)
        norm = recipe.game.generator_norm or network.generator_norm
        noise, width = Noise(network.latent), network.generator_width
        inputs = {"z": noise, "text": text, "noise": noise}
        specs = {FIRST: NetworkSpec("stack.first", inputs, images[FIRST], width, norm)}
        for before, stage in pairwise(images):
            read = {"first": images[before], "text": text, "noise": noise}
            specs[stage] = NetworkSpec("stack.second", read, images[stage], width, norm)
        d_norm = recipe.game.discriminator_norm or network.discriminator_norm
        for stage, name in _discriminators(list(images)).items():
            specs[name] = discriminator_of(images[stage], text, network.discriminator_width, d_norm)
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
        self._stages = _stages(specs)
        last = len(self._stages) - 1
        switch = max(1, round(recipe.first * rounds))
        ends = [switch + (rounds - switch) * number // last for number in range(last)]
        self.begins = dict(zip(self._stages, [0, *ends], strict=True))  # rounds
        self._generators: dict[str, Any] = {}
        for stage in self._stages:
            with initial_weights(seed, stage):
                self._generators[stage] = specs[stage].build()
        self.adversaries = {
            stage: Adversary(specs[name], loss, recipe.game, augment, seed, name)
            for stage, name in _discriminators(self._stages).items()
        }
        self.state = {n: m for each in self.adversaries.values() for n, m in each.state.items()}
        self.networks = {
            **self._generators,
            **{each.name: each.network for each in self.adversaries.values()},
        }

    def players(self) -> Sequence[Player]:
        """D and G of every stage, each in its part of training."""
        optimizer = adam(self._recipe.game.generator)
        found = []
        for stage in self._stages:
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
        return stage == [name for name, begin in self.begins.items() if begin <= round_index][-1]

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

        made: Tensor
        for each in self._stages[: self._stages.index(stage) + 1]:
            learns = each == stage and torch.is_grad_enabled()
            with torch.set_grad_enabled(learns):  # the stages before are frozen
                if each == FIRST:
                    made = self._generators[FIRST](draw("z"), text, draw("conditioning"))
                else:
                    made = self._generators[each](made, text, draw(f"{each} conditioning"))
        return made

    def _real(self, stage: str, batch: Batch) -> Tensor:
        real, whole = batch["x"], self.specs[self._stages[-1]].output.size
        shrunk = whole[1] // self.specs[stage].output.size[1]
        return avg_pool2d(real, shrunk) if shrunk > 1 else real

    @staticmethod
    def inputs(specs: Specs) -> Mapping[str, Space]:
        """Codes, captions, and the noise of every stage's conditioning."""
        later = {f"{stage}_noise": specs[stage].inputs["noise"] for stage in _stages(specs)[1:]}
        return {**specs[FIRST].inputs, **later}

    @staticmethod
    def outputs(specs: Specs) -> Mapping[str, Space]:
        """What the last stage makes, and what the earlier ones do."""
        *earlier, last = _stages(specs)
        return {"x": specs[last].output, **dict.fromkeys(earlier, specs[last].output)}

    @staticmethod
    def sample(networks: Networks, given: Given, rng: Rng) -> Mapping[str, Tensor]:
        """Every stage; those before the last are enlarged, between pixels linearly."""
        made = {FIRST: networks[FIRST](given["z"], given["text"], given["noise"])}
        for before, stage in pairwise(_stages(networks)):
            made[stage] = networks[stage](made[before], given["text"], given[f"{stage}_noise"])
        size = made[stage].shape[2:]
        large = made.pop(stage)
        earlier = {name: interpolate(small, size, mode="bilinear") for name, small in made.items()}
        return {"x": large, **earlier}


def _images_of_stages(whole: Image) -> Mapping[str, Image]:
    """By stage its images: the last makes them whole, each one before half their sides, and the
    first the largest that are small. Raises `InputError` as `Image.pyramid` does."""
    *smaller, last = whole.pyramid()
    first = max(i for i, size in enumerate(smaller) if max(size) <= SMALL)  # the base is small
    sizes = [*smaller[first:], last][-len((FIRST, *LATER)) :]
    images = (Image(whole.channels, *size) for size in sizes)
    return dict(zip((FIRST, *LATER), images, strict=False))


def _stages(parts: Collection[str]) -> list[str]:
    """The stages among the names of networks, the first one first."""
    return [stage for stage in (FIRST, *LATER) if stage in parts]


def _discriminators(stages: Sequence[str]) -> Mapping[str, str]:
    """The names of the stages' adversaries; that of the last is D of whole images."""
    *earlier, last = stages
    return {**{stage: f"discriminator_{stage}" for stage in earlier}, last: "discriminator"}
