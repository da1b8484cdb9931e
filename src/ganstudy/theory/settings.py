"""The schema of studies/theory/params.yaml: frozen, typed; unknown keys are errors."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from ganstudy import params
from ganstudy.params import (
    Count,
    LossName,
    LossParams,
    OptimizerParams,
    PenaltyName,
    PenaltyParams,
    Section,
    Seed,
    Width,
)
from ganstudy.theory.line import Line

PARALLEL, OPTIMAL, PLANTED = "parallel", "optimal", "planted"  # parts beside those of each loss
Batch = Annotated[int, Field(ge=2, le=65536)]
Decay = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, le=100)]


class LineParams(Section):
    """A mixture of Gaussians on a line: `shares` sum to 1."""

    centers: list[float] = Field(min_length=1)
    sigmas: list[Positive] = Field(min_length=1)
    shares: list[Positive] = Field(min_length=1)

    @model_validator(mode="after")
    def _fits(self) -> "LineParams":
        if len({len(self.centers), len(self.sigmas), len(self.shares)}) > 1:
            raise ValueError("centers, sigmas and shares are equally many: one a Gaussian")
        if abs(sum(self.shares) - 1) > 1e-9:
            raise ValueError(f"shares sum to 1; these sum to {sum(self.shares):g}")
        return self

    def line(self) -> Line:
        """The distribution."""
        return Line(tuple(self.centers), tuple(self.sigmas), tuple(self.shares))


class LengthParams(Section):
    """How long players play: so many rounds, with learning rates that fall to 0 over the last share
    `lr_decay` of them."""

    rounds: Count
    batch: Batch
    lr_decay: Decay


class AloneParams(LengthParams):
    """D alone, against samples that nobody moves: its loss, optimiser and penalties. `planted` is
    how many rounds the planted mistake has, a D that is asked too early; None: as many."""

    loss: LossName
    width: Width
    optimizer: OptimizerParams
    penalties: dict[PenaltyName, PenaltyParams] = Field(default_factory=dict)
    planted: Count | None = None

    def recipe(self) -> LossParams:
        """D's side of a recipe; G has none to move by."""
        return LossParams(
            generator=self.optimizer,
            discriminator=self.optimizer,
            penalties=self.penalties,
            clip=None,
            generator_norm=None,
            discriminator_norm=None,
        )


class ParallelParams(Section):
    """Two parallel lines: how far apart, and who tells them apart. The planted mistakes: D is asked
    after `discriminator.planted` rounds; a critic without penalty, after `critic.planted`."""

    distances: list[Annotated[float, Field(ge=0, le=100)]] = Field(min_length=1)
    samples: Count
    discriminator: AloneParams
    critic: AloneParams


class OptimalParams(Section):
    """D between `line` and what a frozen G makes. Planted: D is asked after `alone.planted`."""

    made: LineParams
    samples: Count
    alone: AloneParams


class PlantedParams(Section):
    """A game that goes wrong while D reads ½: its loss and recipe."""

    loss: LossName
    recipe: LossParams


class GamesParams(LengthParams):
    """The whole game on a line, by every loss; `claimed` is the loss of the figure's claim, and
    `fresh` the D that is trained anew against the G at the end."""

    samples: Count
    width: Width
    claimed: LossName
    losses: dict[LossName, LossParams]
    planted: PlantedParams
    fresh: AloneParams

    @model_validator(mode="after")
    def _is_played(self) -> "GamesParams":
        if self.claimed not in self.losses:
            raise ValueError(f"claimed: {self.claimed!r} has no recipe under losses")
        return self


class TheoryParams(Section):
    """All of it: `line` is the real distribution of all games on a line."""

    seeds: list[Seed] = Field(min_length=1)
    line: LineParams
    parallel: ParallelParams
    optimal: OptimalParams
    games: GamesParams

    def parts(self) -> Iterator[str]:
        """What is played one by one: the two with a known optimum, each loss, the plant."""
        yield from (PARALLEL, OPTIMAL, *self.games.losses, PLANTED)


def load(path: Path) -> TheoryParams:
    """Reads and validates the file; anything wrong is one `InputError` with a line a mistake."""
    return params.load_as(TheoryParams, path)
