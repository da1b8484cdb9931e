"""An adversary: a discriminator, and all that a game against it is played by.

A model holds as many as it likes, and asks each for the terms of either side of its game, on
anything that can be scored.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from ganstudy.errors import InputError, naming, nearest
from ganstudy.models.base import adam, initial_weights
from ganstudy.networks import NetworkSpec
from ganstudy.networks.norms import upcast
from ganstudy.objectives.adaptive import EVERY, Strength, augmented
from ganstudy.objectives.adversarial import LOSSES
from ganstudy.objectives.augmentation import augmentation
from ganstudy.objectives.penalties import DRAWN_AS, GRADIENT_PENALTIES, PENALTIES, Penalty
from ganstudy.objectives.projections import clip_weights
from ganstudy.params import AdaptiveParams, LossParams
from ganstudy.training.alarms import game_terms
from ganstudy.training.player import Batch, Player, Terms

NAME = "discriminator"
# What a network of D is told beside samples: labels (N,), images (N, ...), the name of a domain.
Condition = Tensor | str | None
Augment = Sequence[str] | AdaptiveParams  # as `train.augment` says


@dataclass(frozen=True)
class WeightedPenalty:
    """A penalty's row with its weight and cadence."""

    name: str
    penalty: Penalty
    weight: float
    interval: int


class Adversary:
    """D under the row `loss` and its recipe: penalties with their cadence, a projection; `augment`
    names what is done to all that D sees, or says how it adapts; `state` is then the model's too.

    `name` is D's, as network and as player, and tells its random draws from another adversary's:
    "discriminator", or "discriminator_…". Raises `InputError` for a loss, penalty or augmentation
    that no table has, and for a recipe that cannot work.
    """

    def __init__(
        self,
        spec: NetworkSpec,
        loss: str,
        recipe: LossParams,
        augment: Augment,
        seed: int,
        name: str = NAME,
    ) -> None:
        if loss not in LOSSES:
            raise InputError(f"losses.{loss}: no such loss; {nearest(loss, LOSSES)}")
        self._loss, self._recipe = LOSSES[loss], recipe
        self._penalties = [
            WeightedPenalty(row, _penalty(loss, row), settings.weight, settings.interval)
            for row, settings in recipe.penalties.items()
        ]
        _recipe_can_work(loss, recipe, spec)
        self.strength: Strength | None = None
        if isinstance(augment, AdaptiveParams):
            self.strength = Strength(augment.target, 1000 * augment.kimg)
            augment = []
        with naming("train.augment"):
            self._augmentations = [(row, augmentation(row)) for row in augment]
        self.name, self.spec = name, spec
        with initial_weights(seed, name):
            self.network = spec.build()

    def player(
        self,
        objective: Callable[[Batch], Terms],
        projection: Callable[[nn.Module], None] | None = None,
        plays: Callable[[int], bool] = lambda round_index: True,
    ) -> Player:
        """D as a player that moves on `objective`, some sum of `discriminator_terms`, in the rounds
        that it `plays`. After each step comes the `projection` or, where there is none, the
        recipe's."""
        recipe = self._recipe
        clip = projection
        if clip is None and recipe.clip is not None:
            clip = partial(clip_weights, bound=recipe.clip)
        optimizer = adam(recipe.discriminator)
        steps = recipe.critic_steps
        return Player(
            self.name, self.network, objective, optimizer, steps, clip, self._due_names, plays
        )

    def discriminator_terms(
        self,
        real: Tensor,
        fake: Tensor,
        batch: Batch,
        condition: Condition = None,
        mismatched: Tensor | None = None,
        also: Callable[[Tensor, Tensor], Terms] | None = None,
    ) -> Terms:
        """What D minimises, `loss`, beside its parts and what tells its health: scalars.

        `real` and `fake` (N, ...) are what D scores, under one `condition` for both, like labels
        (N,); `fake` needs no gradient. `batch` gives the round and the randomness. Where a
        `mismatched` condition is there, one that does not fit `real`, half of the game is to tell
        real samples under it from those under their own (Reed et al. 2016, algorithm 1). `also`
        makes further terms of the scores of both.
        """
        plain_real, plain_fake = real, fake.to(real.dtype)
        real = self._augmented(plain_real, batch, "real")
        fake = self._augmented(plain_fake, batch, "fake")
        due = self._due(batch.round)
        if due:  # penalties then share the pass that scores: gradients reach the samples
            real, fake = real.detach().requires_grad_(), fake.detach().requires_grad_()
        critic = _Remembering(partial(self.score, condition=condition))
        real_scores, fake_scores = critic(real), critic(fake)
        loss = self._loss.discriminator(real_scores, fake_scores)
        told: Terms = {} if also is None else also(real_scores.detach(), fake_scores.detach())
        if mismatched is not None:
            wrong_scores = self.score(real, mismatched)
            loss = (loss + self._loss.discriminator(real_scores, wrong_scores)) / 2
            told["mismatched"] = wrong_scores.mean()
        # The game's value apart from penalties, which come and go with their cadence.
        terms = {"adversarial": loss, "real": real_scores.mean(), "fake": fake_scores.mean()}
        terms |= told
        terms |= game_terms(real_scores, fake_scores, plain_real, plain_fake)
        terms |= self._adapted(real_scores, batch.round)
        for row in due:
            purpose = f"penalty {DRAWN_AS.get(row.name, row.name)}"
            value = row.penalty(critic, real, fake, self._rng(batch, purpose))
            loss = loss + row.weight * row.interval * value
            terms[row.name] = value
        return {"loss": loss, **terms}

    def generator_terms(
        self, real: Tensor, fake: Tensor, batch: Batch, condition: Condition = None
    ) -> Terms:
        """What who made `fake` minimises, as `loss`. D looks at `real` where the loss compares."""
        fake_scores = self.score(self._augmented(fake, batch, "fake for G"), condition)
        real_scores = fake_scores
        if self._loss.relativistic:
            real_scores = self.score(self._augmented(real, batch, "real for G"), condition)
        return {"loss": self._loss.generator(real_scores, fake_scores)}

    def value(self, real: Tensor, fake: Tensor, condition: Condition = None) -> Tensor:
        """What D minimises, penalties apart, of samples as they are; gradients pass to them."""
        return self._loss.discriminator(self.score(real, condition), self.score(fake, condition))

    def score(self, samples: Tensor, condition: Condition = None) -> Tensor:
        """D's raw scores (N,)."""
        told = () if condition is None else (condition,)
        return upcast(self.network(samples, *told))

    def _due(self, round_index: int) -> list[WeightedPenalty]:
        return [row for row in self._penalties if round_index % row.interval == 0]

    def _due_names(self, round_index: int) -> tuple[str, ...]:
        adapts = ("ada",) if self.strength is not None and _adapts(round_index) else ()
        return (*(row.name for row in self._due(round_index)), *adapts)

    @property
    def state(self) -> Mapping[str, nn.Module]:
        """What changes in training beside D: how strongly augmentation is made, where it adapts."""
        return {} if self.strength is None else {f"strength of {self.name}": self.strength}

    def _adapted(self, real_scores: Tensor, round_index: int) -> Terms:
        """What augmentation learns from the scores of real samples, and how strong it then is."""
        if self.strength is None:
            return {}
        self.strength.heard(real_scores)
        if _adapts(round_index):
            self.strength.moved()
        return {"augment_p": self.strength.p.clone()}

    def _augmented(self, samples: Tensor, batch: Batch, purpose: str) -> Tensor:
        for name, augment in self._augmentations:
            samples = augment(samples, self._rng(batch, f"{name} of {purpose}"))
        if self.strength is not None:
            rng = self._rng(batch, f"adaptive of {purpose}")
            samples = augmented(samples, self.strength.p.to(samples.dtype), rng)
        return samples

    def _rng(self, batch: Batch, purpose: str) -> torch.Generator:
        return batch.rng(purpose + self.name.removeprefix(NAME))


def _adapts(round_index: int) -> bool:
    """Whether augmentation follows D at the end of this round."""
    return round_index % EVERY == EVERY - 1


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


def _recipe_can_work(loss: str, recipe: LossParams, discriminator: NetworkSpec) -> None:
    per_sample = [name for name in recipe.penalties if name in GRADIENT_PENALTIES]
    if discriminator.norm == "batch" and per_sample:
        raise InputError(
            f"losses.{loss}.penalties.{per_sample[0]} is a gradient per sample, and batch norm in "
            "D mixes the samples of a batch: set discriminator_norm to none or spectral"
        )
    needed = LOSSES[loss].needs
    if needed is not None:
        penalty = recipe.penalties.get(needed)
        if penalty is None or penalty.weight == 0 or penalty.interval > 1:
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
