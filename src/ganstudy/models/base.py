"""What a model is: players for the trainer, and a network that samples."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from ganstudy import ranks
from ganstudy.files import Labels, Samples
from ganstudy.networks import DiscriminatorSpec, EncoderSpec, GeneratorSpec, Shape
from ganstudy.seeding import derive, philox, torch_generator
from ganstudy.training.ema import settle_statistics
from ganstudy.training.player import Player

SETTLE_BATCHES, SETTLE_SIZE = 64, 128
CODES = 1024  # of a block, drawn in one call


class Model(Protocol):
    """A set of players, and the network whose average generates (or judges)."""

    @property
    def sampler(self) -> nn.Module:
        """The network whose moving average is kept."""

    def players(self) -> Sequence[Player]:
        """The players in the order in which they move."""


@dataclass(frozen=True)
class Companion:
    """The network that a generator was trained with: a discriminator, or an encoder."""

    role: str
    spec: DiscriminatorSpec | EncoderSpec
    network: nn.Module


class GenerativeModel(Model, Protocol):
    """A model whose sampler is a generator."""

    @property
    def spec(self) -> GeneratorSpec:
        """What rebuilds the sampler."""

    @property
    def companion(self) -> Companion:
        """What the sampler was trained with."""


@contextmanager
def initial_weights(seed: int, network: str) -> Iterator[None]:
    """Inside, networks are initialised from (seed, network): equal for every loss."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(seed, f"weights of {network}"))
        yield


def balanced_labels(count: int, classes: int) -> Labels | None:
    """Labels (count,) that name every class equally often, in turn; None without classes."""
    return (torch.arange(count) % classes).numpy() if classes else None


def settle(
    sampler: nn.Module, latent: int, classes: int, seed: int, batches: int = SETTLE_BATCHES
) -> None:
    """Makes an averaged generator ready: batch-norm statistics from codes of its own, of `batches`
    batches; pictures on the way take fewer."""
    device = next(sampler.parameters()).device
    inputs = []
    for index in range(batches):
        rng = torch_generator(seed, "settle", index)
        z = torch.randn(SETTLE_SIZE, latent, generator=rng).to(device)
        inputs.append((z, _labels(balanced_labels(SETTLE_SIZE, classes), device)))
    settle_statistics(sampler, inputs)


def codes(latent: int, count: int, seed: int) -> Tensor:
    """`count` codes z ~ N(0, I) drawn for `seed`, (count, latent) in torch's default dtype, all
    distinct; code i depends on no other."""
    blocks = [
        philox(seed, "code", start // CODES).standard_normal(
            (min(CODES, count - start), latent), dtype=np.float32
        )
        for start in range(0, count, CODES)
    ]
    return torch.from_numpy(np.concatenate(blocks)).to(torch.get_default_dtype())


def decode(
    sampler: nn.Module, shape: Shape, z: Tensor, labels: Labels | None, batch: int = 500
) -> Samples:
    """The samples that codes (N, latent) stand for, as `shape` stores them: uint8 (N, H, W, C) or
    float32 (N, d). Labels int64 (N,) or None. Several processes share the work."""
    device = next(sampler.parameters()).device
    sampler.eval()

    def decoded(rows: slice) -> Tensor:
        y = None if labels is None else _labels(labels[rows], device)
        return shape.decode(sampler(z[rows].to(device), y))

    with torch.no_grad():
        samples: Samples = ranks.in_turns(len(z), batch, decoded).numpy()
    return samples


def _labels(labels: Labels | None, device: torch.device) -> Tensor | None:
    return None if labels is None else torch.from_numpy(labels).to(device)
