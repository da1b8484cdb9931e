"""What evidence depends on beside a run's files and the protocol that measures them."""

from typing import Any

from ganstudy.evidence import limits
from ganstudy.models import latent_traversal
from ganstudy.params import Params
from ganstudy.training.alarms import DIVERSITY, SEPARATION, SPREAD, WINDOW, alarms

RAMP = 10_000  # rows of a training that goes through every sign


def identity(params: Params) -> dict[str, Any]:
    """How much is kept and of which seed, how walks go, and where each alarm is raised in a
    training whose signs go from one end to the other."""
    kept = {name: value for name, value in vars(limits).items() if isinstance(value, int | float)}
    return {
        **kept,
        "pictured": params.study.seeds[0],
        "walks": [
            latent_traversal.PAIRS,
            latent_traversal.STEPS,
            latent_traversal.SEED,
            latent_traversal.DIMENSIONS,
            latent_traversal.REACH,
        ],
        "alarms": {alarm.name: [alarm.round, alarm.fatal] for alarm in alarms(_ramp(), RAMP)},
        "window": WINDOW,
    }


def _ramp() -> list[dict[str, float]]:
    return [
        {
            "round": float(row),
            "images": float(row),
            SEPARATION: row / RAMP,
            DIVERSITY: 1 - row / RAMP,
            SPREAD: 10 ** (-row / 1000),
        }
        for row in range(RAMP)
    ]
