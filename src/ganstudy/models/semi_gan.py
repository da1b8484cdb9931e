"""A GAN whose discriminator is a classifier of few labels (Salimans et al. 2016, section 5)."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor
from torch.nn.functional import cross_entropy

from ganstudy import distributed
from ganstudy.errors import InputError
from ganstudy.models.base import Given, Networks, Rng, Specs, adam, initial_weights
from ganstudy.models.judge import augment
from ganstudy.models.parts import DECODER, TRAIN, generator_for
from ganstudy.networks import NetworkSpec
from ganstudy.networks.norms import upcast
from ganstudy.objectives.adversarial import cross_entropy_discriminator
from ganstudy.params import OptimizerParams, Params, Section, Weight, parse_recipe
from ganstudy.spaces import Image, Label, SampleSpace, Space, classes_of, samples_of
from ganstudy.training.alarms import game_terms
from ganstudy.training.player import Batch, Player, Terms

CLASSIFIER = "classifier"


class SemiParams(Section):
    """The recipe."""

    generator: OptimizerParams
    classifier: OptimizerParams
    unlabelled: Weight = Field(1.0, description="weight of the game beside the labels")
    noise: Annotated[float, Field(ge=0, le=10)] = Field(
        0.0, description="deviation of what is added to all that the classifier learns from"
    )
    shift: Annotated[int, Field(ge=0, le=32)] = Field(
        0, description="of labelled images, by up to so many pixels"
    )
    flip: bool = Field(False, description="half of the labelled images are mirrored")


class SemiGAN:
    """Two players: D with a logit l_k for each of K classes and none for generated samples, which
    is what K + 1 logits are whose last is 0. D(x) = Z / (Z + 1), Z = Σ exp l_k.

    D minimises the cross-entropy of labelled samples, and -log D of all and -log(1 - D) of
    generated ones; G brings the mean of D's last hidden layer to that of real samples (feature
    matching, section 3.1). Beside samples it tells the class of those it is given.
    """

    averaged: ClassVar[frozenset[str]] = frozenset({"generator", CLASSIFIER})
    network: ClassVar[frozenset[str]] = DECODER | {"discriminator_width", "discriminator_norm"}
    train: ClassVar[frozenset[str]] = TRAIN | {"stop_on_alarm"}
    state: Mapping[str, torch.nn.Module] = {}

    @classmethod
    def recipe(cls, params: Params, loss: str) -> SemiParams:
        """The row of the section models."""
        return parse_recipe(SemiParams, params, f"semi_gan-{loss}")

    @classmethod
    def unfit(cls, spaces: Mapping[str, Space]) -> str | None:
        """It learns samples `x` of which some are `labelled` with `y`."""
        if isinstance(spaces.get("x"), SampleSpace) and {"labelled", "y"} <= spaces.keys():
            return None
        return (
            "it learns from few labels: set data.labels_per_class, and train.conditional to false"
        )

    @classmethod
    def make(cls, params: Params, loss: str, spaces: Mapping[str, Space], seed: int) -> "SemiGAN":
        """G and D of the section network; neither is told of classes."""
        samples, network = samples_of(spaces), params.network
        recipe = cls.recipe(params, loss)
        if (recipe.shift or recipe.flip) and not isinstance(samples, Image):
            raise InputError("semi_gan: shift and flip are for images, not points: leave them out")
        classifier = NetworkSpec(
            f"{network.name}.logits",
            {"x": samples},
            Label(classes_of(spaces)),
            network.discriminator_width,
            network.discriminator_norm,
        )
        generator = generator_for(params, {"x": samples})
        return cls(recipe, generator, classifier, seed)

    def __init__(
        self, recipe: SemiParams, generator: NetworkSpec, classifier: NetworkSpec, seed: int
    ) -> None:
        self._recipe = recipe
        with initial_weights(seed, "generator"):
            self.generator = generator.build()
        with initial_weights(seed, CLASSIFIER):
            self.classifier: Any = classifier.build()
        self.specs = {"generator": generator, CLASSIFIER: classifier}
        self.networks = {"generator": self.generator, CLASSIFIER: self.classifier}

    def players(self) -> Sequence[Player]:
        """D, then G."""
        recipe = self._recipe
        return [
            Player(CLASSIFIER, self.classifier, self._classifier_terms, adam(recipe.classifier)),
            Player("generator", self.generator, self._generator_terms, adam(recipe.generator)),
        ]

    def _classifier_terms(self, batch: Batch) -> Terms:
        real, fake = batch["x"], self._fakes(batch).detach()
        logits = self._logits(self._augmented(batch), batch, "labelled")
        labelled = cross_entropy(logits, batch["y"])
        real_scores, fake_scores = (
            scores(self._logits(samples, batch, name))
            for samples, name in ((real, "real"), (fake, "fake"))
        )
        game = cross_entropy_discriminator(real_scores, fake_scores)
        right = (logits.argmax(1) == batch["y"]).to(logits.dtype).mean()
        return {
            "loss": labelled + self._recipe.unlabelled * game,
            "labelled": labelled,
            "adversarial": game,
            "accuracy": right,
            **game_terms(real_scores, fake_scores, real, fake),
        }

    def _generator_terms(self, batch: Batch) -> Terms:
        with torch.no_grad():
            real = distributed.mean(self._features(batch["x"], batch, "real for G").mean(0))
        fake = distributed.mean(self._features(self._fakes(batch), batch, "fake for G").mean(0))
        return {"loss": (real - fake).square().sum()}

    def _fakes(self, batch: Batch) -> Tensor:
        """What D judges and then G moves on."""
        real, latent = batch["x"], self.specs["generator"].latent

        def made() -> Tensor:
            rng = batch.rng("z")
            device, dtype = real.device, real.dtype
            z = distributed.draw_sharded(
                lambda n: torch.randn(n, latent, generator=rng, device=device, dtype=dtype),
                len(real),
            )
            fakes: Tensor = self.generator(z)
            return fakes

        shared: Tensor = batch.shared("fakes", made)
        return shared

    def _augmented(self, batch: Batch) -> Tensor:
        """The labelled samples, as augmentation shows them."""
        labelled, recipe = batch["labelled"], self._recipe
        if not (recipe.shift or recipe.flip):
            return labelled
        return augment(labelled, recipe.shift, recipe.flip, batch.rng("augment"))

    def _logits(self, samples: Tensor, batch: Batch, purpose: str) -> Tensor:
        return upcast(self.classifier(self._noisy(samples, batch, purpose)))

    def _features(self, samples: Tensor, batch: Batch, purpose: str) -> Tensor:
        return upcast(self.classifier.features(self._noisy(samples, batch, purpose)))

    def _noisy(self, samples: Tensor, batch: Batch, purpose: str) -> Tensor:
        if not self._recipe.noise:
            return samples
        rng, each = batch.rng(f"noise of {purpose}"), samples.shape[1:]
        device, dtype = samples.device, samples.dtype
        noise = distributed.draw_sharded(
            lambda n: torch.randn(n, *each, generator=rng, device=device, dtype=dtype),
            len(samples),
        )
        return samples + self._recipe.noise * noise

    @staticmethod
    def inputs(specs: Specs) -> Mapping[str, Space]:
        """Codes, and samples whose class is asked for."""
        return {**specs["generator"].inputs, **specs[CLASSIFIER].inputs}

    @staticmethod
    def outputs(specs: Specs) -> Mapping[str, Space]:
        """Samples, and classes."""
        return {"x": specs["generator"].shape, "label": specs[CLASSIFIER].output}

    @staticmethod
    def sample(networks: Networks, given: Given, rng: Rng) -> Mapping[str, Tensor]:
        """G(z), and the likeliest class of each `x` that is given."""
        made: dict[str, Tensor] = {}
        if "z" in given:
            made["x"] = networks["generator"](given["z"])
        if "x" in given:
            made["label"] = networks[CLASSIFIER](given["x"]).argmax(1)
        return made


def scores(logits: Tensor) -> Tensor:
    """log Z of logits (N, K), (N,): the logit of D = Z / (Z + 1)."""
    return logits.logsumexp(1)
