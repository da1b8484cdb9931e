"""The generative adversarial network: D and G in turn, under a loss, penalties and a projection."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from ganstudy import ranks
from ganstudy.errors import InputError, nearest
from ganstudy.models.base import Companion, initial_weights
from ganstudy.networks import DiscriminatorSpec, GeneratorSpec
from ganstudy.objectives.adversarial import LOSSES
from ganstudy.objectives.augmentation import augmentation
from ganstudy.objectives.penalties import GRADIENT_PENALTIES, PENALTIES, Penalty
from ganstudy.objectives.projections import clip_weights
from ganstudy.params import LossParams, OptimizerParams
from ganstudy.training.alarms import game_terms
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

    `augment` names what is done to all that D sees. With `reuse` G moves on the samples of D's last
    step, judged anew by the D that has moved, and is run once fewer each round. Raises `InputError`
    for a loss, penalty or augmentation that no table has, and for a recipe that cannot work.
    """

    def __init__(
        self,
        loss: str,
        recipe: LossParams,
        generator: GeneratorSpec,
        discriminator: DiscriminatorSpec,
        augment: Sequence[str],
        seed: int,
        *,
        reuse: bool = False,
    ) -> None:
        if loss not in LOSSES:
            raise InputError(f"losses.{loss}: no such loss; {nearest(loss, LOSSES)}")
        self._loss, self._recipe, self._reuse = LOSSES[loss], recipe, reuse
        self._made: tuple[int, Tensor] | None = None  # index of a batch, G's samples for it
        self._penalties = [
            WeightedPenalty(name, _penalty(loss, name), settings.weight, settings.every)
            for name, settings in recipe.penalties.items()
        ]
        _recipe_can_work(loss, recipe, discriminator)
        self._augmentations = [(name, augmentation(name)) for name in augment]
        if augment and len(generator.stored) != 3:
            raise InputError("train.augment is for images, not points: set it to []")
        with initial_weights(seed, "generator"):
            self.generator = generator.build()
        with initial_weights(seed, "discriminator"):
            self.discriminator = discriminator.build()
        self.spec, self._discriminator_spec = generator, discriminator

    @property
    def companion(self) -> Companion:
        """D."""
        return Companion("discriminator", self._discriminator_spec, self.discriminator)

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
                self._due_names,
            ),
            Player("generator", self.generator, self._generator_terms, adam(recipe.generator)),
        ]

    def _discriminator_terms(self, batch: Batch) -> Terms:
        fake = self._fakes_for_d(batch)
        plain_fake = fake.to(batch.real.dtype)
        real = self._augmented(batch.real, batch, "real")
        fake = self._augmented(plain_fake, batch, "fake")
        due = self._due(batch.round)
        if due:  # penalties then share the pass that scores: gradients reach the samples
            real, fake = real.detach().requires_grad_(), fake.detach().requires_grad_()
        critic = _Remembering(partial(self._score, batch=batch))
        real_scores, fake_scores = critic(real), critic(fake)
        loss = self._loss.discriminator(real_scores, fake_scores)
        # The game's value apart from penalties, which come and go with their cadence.
        terms = {"adversarial": loss, "real": real_scores.mean(), "fake": fake_scores.mean()}
        terms |= game_terms(real_scores, fake_scores, batch.real, plain_fake)
        for row in due:
            rng = batch.rng(f"penalty {row.name}")
            value = row.penalty(critic, real, fake, rng)
            loss = loss + row.weight * row.every * value
            terms[row.name] = value
        return {"loss": loss, **terms}

    def _due(self, round_index: int) -> list[WeightedPenalty]:
        return [row for row in self._penalties if round_index % row.every == 0]

    def _due_names(self, round_index: int) -> tuple[str, ...]:
        return tuple(row.name for row in self._due(round_index))

    def _generator_terms(self, batch: Batch) -> Terms:
        fake = self._augmented(self._fakes_for_g(batch), batch, "fake for G")
        fake_scores = self._score(fake, batch)
        real_scores = fake_scores
        if self._loss.relativistic:
            real_scores = self._score(self._augmented(batch.real, batch, "real for G"), batch)
        return {"loss": self._loss.generator(real_scores, fake_scores)}

    def _fakes_for_d(self, batch: Batch) -> Tensor:
        last = (batch.index + 1) % self._recipe.critic_steps == 0  # the one that G shares
        with torch.set_grad_enabled(self._reuse and last):
            fakes = self._fakes(batch, "z for D")
        self._made = (batch.index, fakes) if self._reuse and last else None
        return fakes.detach()

    def _fakes_for_g(self, batch: Batch) -> Tensor:
        made, self._made = self._made, None
        if made is not None and made[0] == batch.index:
            return made[1]
        return self._fakes(batch, "z for G")

    def _fakes(self, batch: Batch, purpose: str) -> Tensor:
        real = batch.real
        rng = batch.rng(purpose)
        z = ranks.drawn(
            lambda n: torch.randn(
                n, self.spec.latent, generator=rng, device=real.device, dtype=real.dtype
            ),
            len(real),
        )
        fakes: Tensor = self.generator(z, batch.labels)
        return fakes

    def _augmented(self, samples: Tensor, batch: Batch, purpose: str) -> Tensor:
        for name, augment in self._augmentations:
            samples = augment(samples, batch.rng(f"{name} of {purpose}"))
        return samples

    def _score(self, samples: Tensor, batch: Batch) -> Tensor:
        scores: Tensor = self.discriminator(samples, batch.labels)
        return scores.float() if scores.dtype == torch.bfloat16 else scores


class _Remembering:
    """A critic that scores a tensor once, however often it is asked."""

    def __init__(self, score: Callable[[Tensor], Tensor]) -> None:
        self._score = score
        self._known: list[tuple[Tensor, Tensor]] = []

    def __call__(self, samples: Tensor) -> Tensor:
        for known, scores in self._known:
            if known is samples:
                return scores
        self._known.append((samples, self._score(samples)))
        return self._known[-1][1]


def _recipe_can_work(loss: str, recipe: LossParams, discriminator: DiscriminatorSpec) -> None:
    per_sample = [name for name in recipe.penalties if name in GRADIENT_PENALTIES]
    if discriminator.norm == "batch" and per_sample:
        raise InputError(
            f"losses.{loss}.penalties.{per_sample[0]} is a gradient per sample, and batch norm in "
            "D mixes the samples of a batch: set discriminator_norm to none or spectral"
        )
    needed = LOSSES[loss].needs
    if needed is not None:
        penalty = recipe.penalties.get(needed)
        if penalty is None or penalty.weight == 0 or penalty.every > 1:
            raise InputError(
                f"losses.{loss}: without the penalty {needed} on every round its D only pushes "
                f"scores up: set losses.{loss}.penalties.{needed}: {{weight: 1.0}}"
            )


def _penalty(loss: str, name: str) -> Penalty:
    if name not in PENALTIES:
        raise InputError(
            f"losses.{loss}.penalties.{name}: no such penalty; {nearest(name, PENALTIES)}"
        )
    return PENALTIES[name]


def adam(settings: OptimizerParams) -> Adam:
    """A player's optimiser from params."""
    return Adam(settings.learning_rate, settings.betas)
