"""A study small enough for a test: 8×8 images, networks of a few units, a dozen rounds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ganstudy.dataset import Dataset, labelled_data
from ganstudy.keys import RunKey
from ganstudy.models import build
from ganstudy.params import Params, parse
from ganstudy.spaces import Image, labelled
from ganstudy.training.batches import Batches
from ganstudy.training.player import Batch, Player
from ganstudy.training.trainer import Settings, Trainer

SHAPE = Image(1, 8, 8)
STORED = (8, 8, 1)  # as files hold an image of this shape
CPU = torch.device("cpu")
ADAM = {"learning_rate": 0.002, "betas": [0.0, 0.99]}


def content(**changes: Any) -> dict[str, Any]:
    """params.yaml as `yaml.safe_load` gives it; `changes` by dotted key, `__` for the dots."""
    players = {"generator": dict(ADAM), "discriminator": dict(ADAM)}
    whole: dict[str, Any] = {
        "data": {"name": "digits"},
        "network": {"name": "mlp", "latent": 4, "generator_width": 8, "discriminator_width": 8},
        "train": {
            "loss": "non_saturating",
            "images": 48,
            "batch": 4,
            "ema": 0.9,
            "lr_decay": 0.5,
            "precision": "float32",
            "conditional": False,
            "snapshots": 3,
        },
        "losses": {
            "non_saturating": {**players, "penalties": {"r1": {"weight": 0.5, "interval": 3}}},
            "wgan": {**players, "critic_steps": 2, "clip": 0.05},
            "wgan_gp": {
                **players,
                "critic_steps": 2,
                "penalties": {"wgan_gp": {"weight": 10.0}},
            },
            "relativistic": {
                **players,
                "penalties": {"r1": {"weight": 0.5}, "r2": {"weight": 0.5}},
            },
        },
        "vae": {"optimizer": dict(ADAM), "encoder_width": 8, "beta": 1.0},
        "ae": {"optimizer": dict(ADAM), "encoder_width": 8},
        "judge": {
            "width": 4,
            "features": 8,
            "images": 48,
            "batch": 4,
            "learning_rate": 0.003,
            "shift": 1,
            "flip": False,
            "seed": 0,
        },
        "sample": {"count": 20, "seed": 0},
        "evaluate": {
            "extractor": "judge",
            "weights": None,
            "neighbours": 3,
            "seed": 0,
        },
        "study": {"losses": ["non_saturating"], "baselines": ["vae-elbo"], "seeds": [0]},
        "runtime": {},
    }
    for key, value in changes.items():
        *sections, name = key.split("__")
        section = whole
        for part in sections:
            section[part] = dict(section[part])
            section = section[part]
        section[name] = value
    return whole


def params(**changes: Any) -> Params:
    """Valid params with `changes`, as `content` takes them."""
    return parse(content(**changes), "params.yaml")


def data(count: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 (count, 8, 8, 1), all different, and labels of two classes."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (count, 8, 8, 1)).astype(np.uint8)
    images[:, 0, 0, 0] = np.arange(count)
    return images, (np.arange(count) % 2).astype(np.int64)


def dataset(samples: np.ndarray, labels: np.ndarray | None = None, scale: float = 1.0) -> Dataset:
    """Samples as they are stored, with labels where there are any."""
    classes = 0 if labels is None else int(labels.max()) + 1
    return labelled_data(samples, labels, labelled(samples.shape[1:], scale, classes))


def batch(real: Tensor, labels: Tensor | None = None) -> Batch:
    """The first batch, of these samples."""
    return Batch({"x": real} | ({} if labels is None else {"y": labels}), 0, 0, 0)


@dataclass(frozen=True)
class Played:
    """A model of nothing but its players; the average of the last one's network is kept."""

    each: Sequence[Player]
    state: Mapping[str, nn.Module] = field(default_factory=dict)

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        return {player.name: player.network for player in self.each}

    @property
    def averaged(self) -> frozenset[str]:
        return frozenset({self.each[-1].name})

    def players(self) -> Sequence[Player]:
        return self.each


def batches(
    size: int = 4,
    seed: int = 0,
    *,
    labels: bool = False,
    count: int = 20,
    device: torch.device = CPU,
) -> Batches:
    """Batches over `data`."""
    images, classes = data(count)
    return Batches(dataset(images, classes if labels else None), size, seed, device)


def one_image(size: int = 4) -> Batches:
    """Batches that hold the first image of `data` alone."""
    return Batches(dataset(np.repeat(data(1)[0], 20, axis=0)), size, 0, CPU)


def trainer(
    chosen: Params, run: str, *, classes: int = 0, device: torch.device = CPU, **changes: Any
) -> Trainer:
    """A trainer for `run`, as the stage builds it; `changes` to its `Settings`."""
    key = RunKey.parse(run)
    model = build(chosen, key, labelled(STORED, classes=classes))
    settings = {
        "images": chosen.train.images,
        "lr_decay": chosen.train.lr_decay,
        "ema": chosen.train.ema,
        "bfloat16": chosen.train.precision == "bfloat16",
        "snapshots": chosen.train.snapshots,
        "stop_on_alarm": chosen.train.stop_on_alarm,
    }
    for network in model.networks.values():
        network.to(device)
    return Trainer(
        model,
        batches(chosen.train.batch, key.seed, labels=bool(classes), device=device),
        Settings(**settings | changes),
        device,
    )


def weights(*networks: nn.Module) -> list[bytes]:
    """All weights and buffers, byte by byte."""
    return [
        tensor.detach().contiguous().view(-1).numpy().tobytes()
        for network in networks
        for tensor in network.state_dict().values()
    ]


def snapshot(players: list[Player]) -> dict[str, list[bytes]]:
    """The weights of each player's network."""
    return {player.name: weights(player.network) for player in players}
