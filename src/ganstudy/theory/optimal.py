"""D against its optimum while G is frozen: D(x) = p(x) / (p(x) + q(x)), Goodfellow et al. 2014,
proposition 1."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ganstudy.dataset import Array
from ganstudy.models.adversary import Adversary
from ganstudy.theory.frozen import Frozen, scores, trained, trainer_of
from ganstudy.theory.line import Line
from ganstudy.theory.recording import FRAMES, GRID, Recorder, Recording
from ganstudy.theory.settings import TheoryParams
from ganstudy.training.trainer import Callbacks

SUPPORT = 0.05  # of a density: where it is less there is nothing to learn from


def play(params: TheoryParams, seed: int) -> tuple[dict[str, Any], Recording]:
    """D's game in frames; `error` is its largest at the end, and `error_planted` that of a D that
    is asked too early."""
    optimal, p, q = params.optimal, params.line.line(), params.optimal.made.line()
    real = p.draw(optimal.samples, seed, "real points")
    made = q.draw(optimal.samples, seed, "made points")
    model = Frozen(1, optimal.alone, seed)
    trainer = trainer_of(model, optimal.alone, real, made, seed, FRAMES)
    recorder = Recorder(p, model.adversary, _by_quantiles(q), seed)
    trainer.fit(None, Callbacks(f"D alone, seed {seed}", snapshot=recorder.picture))
    early = trained(optimal.alone, real, made, seed, optimal.alone.planted)
    told = {"error": error(model.adversary, p, q), "error_planted": error(early, p, q)}
    return told, recorder.recording(trainer.history, trainer.moments)


def error(adversary: Adversary, p: Line, q: Line) -> float:
    """The largest |D - p / (p + q)| where there is something to learn from."""
    return float(np.abs(judged(adversary) - best(p, q))[support(p, q)].max())


def judged(adversary: Adversary) -> Array:
    """D, the sigmoid of its score, on GRID."""
    return scores(adversary, GRID[:, None]).sigmoid().double().numpy()


def best(p: Line, q: Line) -> Array:
    """p / (p + q) on GRID, and ½ where both vanish."""
    real, made = p.density(GRID), q.density(GRID)
    return np.where(real + made > 0, real / np.maximum(real + made, 1e-300), 0.5)


def support(p: Line, q: Line) -> Array:
    """Where on GRID the mean of the two densities is at least SUPPORT."""
    found: Array = (p.density(GRID) + q.density(GRID)) / 2 >= SUPPORT
    return found


def _by_quantiles(line: Line) -> Any:
    """A frozen G: the monotone map from normal codes to the distribution of `line`."""

    def makes(_networks: Mapping[str, nn.Module], z: Tensor) -> Tensor:
        levels = torch.special.ndtr(z.double()).flatten().numpy()
        return torch.from_numpy(line.quantiles(levels)[:, None]).to(z.dtype)

    return makes
