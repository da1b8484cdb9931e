"""The whole game on a line, by every loss: Goodfellow et al. 2014, figure 1, from a real run.

That D says ½ everywhere is no proof that G has learned: a D that has learned nothing says so too.
So beside it stand the Wasserstein distance of G's samples, and what a fresh D, trained anew against
the G of the end, makes of them.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ganstudy.dataset import Array, labelled_data
from ganstudy.errors import DivergedError
from ganstudy.models.base import latents
from ganstudy.models.gan import GAN
from ganstudy.networks import discriminator_spec, generator_spec
from ganstudy.params import LossParams
from ganstudy.spaces import labelled
from ganstudy.theory import optimal
from ganstudy.theory.frozen import CPU, settings, trained
from ganstudy.theory.line import Line
from ganstudy.theory.recording import FRAMES, GRID, Recorder, Recording
from ganstudy.theory.settings import TheoryParams
from ganstudy.training.batches import Batches
from ganstudy.training.trainer import Callbacks, Trainer

MEASURED = 20_000  # codes whose samples are measured at the end


def play(
    params: TheoryParams, loss: str, recipe: LossParams, seed: int
) -> tuple[dict[str, Any], Recording]:
    """A game in frames, and what came out: `w1` of G's samples; `reading`, the largest distance of
    D from ½ where the data are; `fresh`, that of a fresh D. `failure` says why a game ended early,
    and is None of one that did not."""
    games, line = params.games, params.line.line()
    real = line.draw(games.samples, seed, "real points")
    model = _model(loss, recipe, games.width, seed)
    data = labelled_data(real, None, labelled((1,)))
    trainer = Trainer(
        model,
        Batches(data, games.batch, seed, CPU),
        settings(games, recipe.critic_steps, FRAMES),
        CPU,
    )
    recorder = Recorder(line, model.adversary, _makes, seed)
    failure = None
    try:
        trainer.fit(None, Callbacks(f"{loss}, seed {seed}", snapshot=recorder.picture))
    except DivergedError as error:
        failure = str(error)
    with torch.no_grad():
        made = model.generator(latents(1, MEASURED, seed)).numpy().astype(np.float32)
    fresh = trained(games.fresh, line.draw(games.samples, seed, "fresh points"), made, seed)
    told = {
        "w1": line.w1(made[:, 0]),
        "reading": from_half(optimal.judged(model.adversary), line),
        "fresh": from_half(optimal.judged(fresh), line),
        "failure": failure,
    }
    return told, recorder.recording(trainer.history, trainer.moments)


def from_half(judged: Array, line: Line) -> float:
    """The largest |D - ½| where the real density is at least `optimal.SUPPORT`."""
    return float(np.abs(judged - 0.5)[line.density(GRID) >= optimal.SUPPORT].max())


def _model(loss: str, recipe: LossParams, width: int, seed: int) -> GAN:
    norms = recipe.generator_norm or "none", recipe.discriminator_norm or "none"
    generator = generator_spec("mlp", (1,), 1.0, 1, width, norms[0], classes=0)
    discriminator = discriminator_spec("mlp", (1,), 1.0, width, norms[1], classes=0)
    return GAN(loss, recipe, generator, discriminator, [], seed)


def _makes(networks: Mapping[str, nn.Module], z: Tensor) -> Tensor:
    made: Tensor = networks["generator"](z)
    return made
