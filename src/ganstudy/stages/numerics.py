"""Stage `numerics`: a fingerprint of what the code computes, so that refactoring never retrains.

Every run's recipe plays a few rounds in float64 on tiny sizes; terms and weight norms go, to six
digits, into one file a run family. Training depends on that file instead of on source text.
"""

from pathlib import Path

import numpy as np
import torch

from ganstudy.files import write_json
from ganstudy.models import RunKey, build, identity
from ganstudy.networks import ImageShape
from ganstudy.params import NetworkParams, Params
from ganstudy.seeding import numpy_generator
from ganstudy.training.batches import Batches
from ganstudy.training.trainer import Settings, Trainer, Watch

SHAPE, COUNT, BATCH, ROUNDS, CLASSES = ImageShape(1, 8, 8), 24, 6, 3, 2


def run(params: Params, out: Path) -> None:
    """Writes `out/<model>-<loss>.json` for every loss that has a recipe, and for the VAE."""
    families = [*(f"gan-{loss}" for loss in params.losses), "vae-elbo"]
    for family in families:
        write_json(out / f"{family}.json", fingerprint(params, family))


def fingerprint(params: Params, family: str) -> dict[str, str]:
    """Terms and weight norms of a tiny training, as texts of six digits."""
    tiny = _tiny(params)
    key = RunKey.parse(f"{family}-0")
    result = {"recipe": identity(tiny, key)["recipe"]}
    for conditional in (False, True):
        values = _play(tiny, key, CLASSES if conditional else 0)
        prefix = "conditional " if conditional else ""
        result |= {prefix + name: f"{value:.5e}" for name, value in values.items()}
    return result


def _tiny(params: Params) -> Params:
    network = NetworkParams(
        name=params.network.name, latent=4, generator_width=4, discriminator_width=4
    )
    vae = params.vae.model_copy(update={"encoder_width": 4})
    return params.model_copy(update={"network": network, "vae": vae})


def _play(params: Params, key: RunKey, classes: int) -> dict[str, float]:
    rng = numpy_generator(0, "numerics")
    images = rng.integers(0, 256, (COUNT, SHAPE.height, SHAPE.width, 1)).astype(np.uint8)
    labels = rng.integers(0, CLASSES, COUNT) if classes else None
    device = torch.device("cpu")
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        model = build(params, key, SHAPE, classes)
        players = model.players()
        steps = max(player.steps for player in players)
        trainer = Trainer(
            players,
            model.sampler,
            Batches(images, labels, BATCH, 0, device),
            Settings(ROUNDS * BATCH * steps, params.train.decay, params.train.ema),
            device,
        )
        trainer.fit(None, Watch())
        values = dict(trainer.history[-1])
        for name, tensor in trainer.average.module.named_parameters():
            values[f"average/{name}"] = tensor.norm().item()
    finally:
        torch.set_default_dtype(default)
    return values
