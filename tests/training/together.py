"""Trains tiny studies in float64 and writes the weights that come out: alone, or by torchrun.

torchrun --standalone --nproc-per-node 2 -m training.together OUT.npz
"""

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import torch

from ganstudy import distributed
from ganstudy.keys import RunKey
from ganstudy.metrics.extractors import extract_in_batches
from ganstudy.models import build
from ganstudy.models.base import latents
from ganstudy.models.saved import SavedGenerator
from ganstudy.spaces import labelled
from ganstudy.training.ema import settle_statistics
from ganstudy.training.trainer import Callbacks
from training import tiny

# (run, classes, changed params): each mixes the samples of a batch in another way.
CASES = {
    "batch norm, R1, classes": ("gan-non_saturating-0", 2, {"network__name": "dcgan"}),
    "more steps, gradient penalty": ("gan-wgan_gp-0", 0, {"network__name": "dcgan"}),
    "both penalties": ("gan-relativistic-0", 0, {"network__name": "dcgan"}),
    "conditional batch norm": ("gan-non_saturating-0", 2, {"network__name": "resnet"}),
    "spectral norm, clip": ("gan-wgan-0", 0, {"network__discriminator_norm": "spectral"}),
    "augmentation": (
        "gan-non_saturating-0",
        0,
        {"network__name": "dcgan", "train__augment": ["color", "translation", "cutout"]},
    ),
    "noise of the batch's deviation": ("gan-dragan-0", 0, {}),
    "reuse": ("gan-non_saturating-0", 2, {"network__name": "dcgan", "train__reuse_fakes": True}),
    "margins": ("gan-loss_sensitive-0", 0, {}),
    "optimal variance": ("vae-elbo-0", 0, {"network__name": "dcgan"}),
    "standardized codes": ("ae-mse-0", 0, {"network__name": "dcgan"}),
}
RECIPE = {"generator": dict(tiny.ADAM), "discriminator": dict(tiny.ADAM)}
LOSSES = {
    **tiny.content()["losses"],
    "dragan": {**RECIPE, "penalties": {"dragan": {"weight": 1.0}}},
    "loss_sensitive": {**RECIPE, "penalties": {"margin": {"weight": 1.0}}},
}


def results() -> Iterator[tuple[str, np.ndarray]]:
    """By name what each case ends with: history, weights, average, samples; and features."""
    for case, (run, classes, changes) in CASES.items():
        chosen = tiny.params(losses=LOSSES, train__conditional=bool(classes), **changes)
        subject = tiny.trainer(chosen, run, classes=classes)
        subject.fit(None, Callbacks())
        for row in subject.history:
            for name, value in row.items():
                yield f"{case}: history {row['round']:.0f} {name}", np.array(value)
        for player in subject.players:
            for name, value in player.network.state_dict().items():
                yield f"{case}: {player.name} {name}", value.numpy()
        average = subject.average.module
        y = torch.arange(6) % 2 if classes else None
        z = torch.randn(6, 4, generator=torch.manual_seed(0))
        settle_statistics([average], partial(average, z, y))
        model = build(chosen, RunKey.parse(run), labelled(tiny.STORED, classes=classes))
        labels = np.arange(11) % 2 if classes else None
        saved = SavedGenerator(average, model.specs["generator"], {})
        yield f"{case}: samples", saved.decode(latents(4, 11, 0).double(), labels, batch=4)
    images = np.random.default_rng(0).integers(0, 256, (21, 4, 4, 1)).astype(np.uint8)
    for batch in (4, 7, 50):
        found = extract_in_batches(lambda x: (x.flatten(1), x.flatten(1)[:, :3]), images, batch)
        yield f"features by {batch}", found.features
        yield f"logits by {batch}", found.logits


def main() -> None:
    torch.set_default_dtype(torch.float64)
    with distributed.process_group(tiny.CPU):
        found = dict(results())
        assert distributed.agreed(distributed.is_main())  # the leader's word, on every rank
        if distributed.is_main():
            np.savez(Path(sys.argv[1]), **found)


if __name__ == "__main__":
    main()
