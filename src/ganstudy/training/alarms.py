"""Alarms: what the course of a game says about its health, from rows of history.

Three terms tell: `separation`, the share of pairs in which D ranks the real sample above the
generated one (the area under D's ROC curve: Bradley 1997); `diversity`, the variance of a generated
batch over that of a real one; and D's `spread`, the deviation of its scores.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ganstudy import distributed

Row = Mapping[str, float]
SEPARATION, DIVERSITY, SPREAD = (
    f"discriminator/{term}" for term in ("separation", "diversity", "spread")
)
WINDOW = 20  # rows over which a sign must hold, of some 400 in a training


@dataclass(frozen=True)
class Alarm:
    """A sign of a sick game: its name, the round and share of training at which it began, and what
    it means. `fatal` ones stop training where `train.stop_on_alarm` says so."""

    name: str
    round: int
    progress: float
    meaning: str
    fatal: bool


@dataclass(frozen=True)
class Sign:
    """A row of the table: when it holds, and what that means."""

    name: str
    holds: Callable[[Row], bool]
    meaning: str
    fatal: bool = False


SIGNS = [
    Sign(
        "D too strong",
        lambda row: row.get(SEPARATION, 0) > 0.995,
        "D tells nearly every generated sample: G learns little from it; raise a penalty's weight "
        "or lower D's learning rate",
    ),
    Sign(
        "D too weak",
        lambda row: row.get(SEPARATION, 1) < 0.505 and row.get(DIVERSITY, 1) < 0.8,
        "D tells nothing though G's samples are less diverse than the real ones; widen D, raise "
        "its learning rate or give it more steps",
    ),
    Sign(
        "D is constant",
        lambda row: row.get(SPREAD, 1) < 1e-6,
        "D gives every sample one score: G learns nothing; lower D's learning rate or widen clip",
        fatal=True,
    ),
    Sign(
        "collapse",
        lambda row: row.get(DIVERSITY, 1) < 0.1,
        "generated batches have under a tenth of the real variance: G makes (nearly) one sample",
        fatal=True,
    ),
]


def game_terms(
    real_scores: Tensor, fake_scores: Tensor, real: Tensor, fake: Tensor
) -> dict[str, Tensor]:
    """The terms that alarms read, for scores (N,) and samples (N, ...): scalars, no gradient."""
    real_scores, fake_scores = map(
        distributed.gathered, (real_scores.detach(), fake_scores.detach())
    )
    below = fake_scores.sort().values
    lower = torch.searchsorted(below, real_scores)
    upper = torch.searchsorted(below, real_scores, right=True)
    return {
        "separation": (lower + upper).to(real_scores.dtype).mean() / (2 * len(below)),
        "diversity": _variance(fake) / _variance(real).clamp_min(1e-6),  # a batch may be all alike
        "spread": real_scores.std() + fake_scores.std(),
    }


def _variance(samples: Tensor) -> Tensor:
    # By plain means: oneDNN serves them, torch.var over the batch it does not.
    flat = samples.detach().flatten(1)
    mean = distributed.mean(flat.mean(0))
    return (distributed.mean(flat.square().mean(0)) - mean.square()).mean()


def alarms(history: Sequence[Row], images: int) -> list[Alarm]:
    """The signs that held over `WINDOW` rows on end, each once, where it began first; `images` is
    the budget of the training."""
    found = []
    for sign in SIGNS:
        held = 0
        for index, row in enumerate(history):
            held = held + 1 if sign.holds(row) else 0
            if held == WINDOW:
                began = history[index - WINDOW + 1]
                progress = began["images"] / images
                found.append(
                    Alarm(sign.name, int(began["round"]), progress, sign.meaning, sign.fatal)
                )
                break
    return found
