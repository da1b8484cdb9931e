"""Squares of three colours and two sizes with captions: data on which words can be proved read."""

import numpy as np
import torch

from ganstudy import models
from ganstudy.dataset import Dataset
from ganstudy.keys import RunKey
from ganstudy.models.base import generated, inputs_for, recompute_bn_statistics
from ganstudy.spaces import Image, Tokens
from ganstudy.training.batches import Batches
from ganstudy.training.trainer import Callbacks, Settings, Trainer
from training.tiny import CPU, params

SPACES = {"x": Image(3, 8, 8), "text": Tokens(3, ("red", "green", "blue", "small", "large"))}
COLOURS = np.array([[230, 30, 30], [30, 230, 30], [30, 30, 230]], np.uint8)
# Words 1 to 3 are the colours, 4 small, 5 large.
CAPTIONS = np.array([[size, colour, 0] for colour in (1, 2, 3) for size in (4, 5)], np.int64)


def drawn(captions: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A picture of each caption (N, L) on black, its place by chance: uint8 (N, 8, 8, 3)."""
    images = np.zeros((len(captions), 8, 8, 3), np.uint8)
    for image, (size, colour, _) in zip(images, captions, strict=True):
        side = 3 if size == 4 else 6
        row, column = rng.integers(0, 9 - side, 2)
        shade = rng.uniform(0.8, 1)
        image[row : row + side, column : column + side] = COLOURS[colour - 1] * shade
    return images


def squares(count: int = 600, times: int = 1) -> Dataset:
    """Every caption equally often; each cell is so many pixels a side."""
    rng = np.random.default_rng(0)
    text = CAPTIONS[np.arange(count) % len(CAPTIONS)]
    images = drawn(text, rng).repeat(times, 1).repeat(times, 2)
    spaces = SPACES | {"x": Image(3, 8 * times, 8 * times)}
    return Dataset({"x": images, "text": text}, spaces, (("x", "text"),))


def read_back(images: np.ndarray) -> np.ndarray:
    """What pictures show, as rows of `CAPTIONS`: the brightest channel, and above 17 lit cells a
    large square (small ones have 9, large ones 36)."""
    light = images.astype(float)
    colour = light.sum((1, 2)).argmax(1)
    large = (light.max(3) > 100).sum((1, 2)) > 17
    return 2 * colour + large


def obeyed(
    run: str, recipe: dict, rounds: int, batch: int = 24, times: int = 1
) -> dict[str, float]:
    """The share of captions that a trained model's pictures show, colour and size, by output."""
    width = {"name": "dcgan", "latent": 4, "generator_width": 8, "discriminator_width": 8}
    chosen = params(
        models={run: recipe}, network=width, train__images=rounds * batch, train__batch=batch
    )
    data = squares(times=times)
    model = models.build(chosen, RunKey.parse(f"{run}-0"), data.spaces)
    settings = Settings(images=batch * rounds, lr_decay=0.5, ema=0.98)
    trainer = Trainer(model, Batches(data, batch, 0, CPU), settings, CPU)
    trainer.fit(None, Callbacks())
    asked = np.arange(300) % len(CAPTIONS)
    text = torch.from_numpy(CAPTIONS[asked])
    networks = trainer.networks()
    recompute_bn_statistics(type(model), networks, model.specs, 0, 4, {"text": text})
    inputs = inputs_for(model.inputs(model.specs), 300, 0, {"text": text})
    made = generated(type(model), networks, model.specs, inputs)
    return {
        name: float((read_back(images[:, ::times, ::times]) == asked).mean())
        for name, images in made.items()
    }
