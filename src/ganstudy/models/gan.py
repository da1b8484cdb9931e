"""The generative adversarial network: D and G in turn, under a loss, penalties and a projection."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from ganstudy.errors import InputError, nearest
from ganstudy.models.base import initial_weights
from ganstudy.networks import NETWORKS, ImageShape
from ganstudy.objectives.adversarial import LOSSES
from ganstudy.objectives.penalties import PENALTIES, Penalty
from ganstudy.objectives.projections import clip_weights
from ganstudy.params import LossParams, NetworkParams, OptimizerParams
from ganstudy.training.player import Adam, Batch, Player, Terms


@dataclass(frozen=True)
class WeightedPenalty:
    """A penalty's row with its weight and cadence."""

    name: str
    penalty: Penalty
    weight: float
    every: int


class GAN:
    """Two players (Goodfellow et al. 2014, algorithm 1): D makes `critic_steps`, then G one.

    `classes` > 0 makes both conditional. Raises `InputError` for a loss or penalty that no table
    has.
    """

    def __init__(
        self,
        loss: str,
        recipe: LossParams,
        network: NetworkParams,
        shape: ImageShape,
        classes: int,
        seed: int,
    ) -> None:
        if loss not in LOSSES:
            raise InputError(f"losses.{loss}: no such loss; {nearest(loss, LOSSES)}")
        self._loss, self._recipe = LOSSES[loss], recipe
        self._penalties = [
            WeightedPenalty(name, _penalty(loss, name), settings.weight, settings.every)
            for name, settings in recipe.penalties.items()
        ]
        family = NETWORKS[network.name]
        with initial_weights(seed, "generator"):
            self.generator = family.generator(
                shape, network.latent, network.generator_width, classes
            )
        with initial_weights(seed, "discriminator"):
            self.discriminator = family.discriminator(shape, network.discriminator_width, classes)
        self._latent = network.latent

    @property
    def sampler(self) -> nn.Module:
        """G."""
        return self.generator

    def players(self) -> Sequence[Player]:
        """D, then G."""
        recipe = self._recipe
        clip = None if recipe.clip is None else partial(clip_weights, bound=recipe.clip)
        return [
            Player(
                "discriminator",
                self.discriminator,
                self._discriminator_terms,
                adam(recipe.discriminator),
                recipe.critic_steps,
                clip,
            ),
            Player("generator", self.generator, self._generator_terms, adam(recipe.generator)),
        ]

    def _discriminator_terms(self, batch: Batch) -> Terms:
        with torch.no_grad():
            fake = self._fakes(batch, "z for D")
        real_scores = self._score(batch.images, batch)
        fake_scores = self._score(fake, batch)
        loss = self._loss.discriminator(real_scores, fake_scores)
        # The game's value apart from penalties, which come and go with their cadence.
        terms = {"adversarial": loss, "real": real_scores.mean(), "fake": fake_scores.mean()}
        for row in self._penalties:
            if batch.round % row.every:
                continue
            rng = batch.rng(f"penalty {row.name}")
            critic = partial(self._score, batch=batch)
            value = row.penalty(critic, batch.images, fake.to(batch.images.dtype), rng)
            loss = loss + row.weight * row.every * value
            terms[row.name] = value
        return {"loss": loss, **terms}

    def _generator_terms(self, batch: Batch) -> Terms:
        fake_scores = self._score(self._fakes(batch, "z for G"), batch)
        real_scores = fake_scores
        if self._loss.relativistic:
            real_scores = self._score(batch.images, batch)
        return {"loss": self._loss.generator(real_scores, fake_scores)}

    def _fakes(self, batch: Batch, purpose: str) -> Tensor:
        images = batch.images
        z = torch.randn(
            len(images),
            self._latent,
            generator=batch.rng(purpose),
            device=images.device,
            dtype=images.dtype,
        )
        fakes: Tensor = self.generator(z, batch.labels)
        return fakes

    def _score(self, images: Tensor, batch: Batch) -> Tensor:
        scores: Tensor = self.discriminator(images, batch.labels)
        return scores.float() if scores.dtype == torch.bfloat16 else scores


def _penalty(loss: str, name: str) -> Penalty:
    if name not in PENALTIES:
        raise InputError(
            f"losses.{loss}.penalties.{name}: no such penalty; {nearest(name, PENALTIES)}"
        )
    return PENALTIES[name]


def adam(settings: OptimizerParams) -> Adam:
    """A player's optimiser from params."""
    return Adam(settings.learning_rate, settings.betas)
