"""What a model is: players for the trainer, and a network that samples."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import torch
from torch import Tensor, nn

from ganstudy.files import Images, Labels
from ganstudy.seeding import derive, torch_generator
from ganstudy.training.batches import to_uint8
from ganstudy.training.ema import settle_statistics
from ganstudy.training.player import Player

SETTLE_BATCHES, SETTLE_SIZE = 64, 128


class Model(Protocol):
    """A set of players, and the network whose average generates (or judges)."""

    @property
    def sampler(self) -> nn.Module:
        """The network whose moving average is kept."""

    def players(self) -> Sequence[Player]:
        """The players in the order in which they move."""


@contextmanager
def initial_weights(seed: int, network: str) -> Iterator[None]:
    """Inside, networks are initialised from (seed, network): equal for every loss."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(seed, f"weights of {network}"))
        yield


def balanced_labels(count: int, classes: int) -> Labels | None:
    """Labels (count,) that name every class equally often, in turn; None without classes."""
    return (torch.arange(count) % classes).numpy() if classes else None


def settle(sampler: nn.Module, latent: int, classes: int, seed: int) -> None:
    """Makes an averaged generator ready: batch-norm statistics from codes of its own."""
    device = next(sampler.parameters()).device
    inputs = []
    for index in range(SETTLE_BATCHES):
        rng = torch_generator(seed, "settle", index)
        z = torch.randn(SETTLE_SIZE, latent, generator=rng).to(device)
        inputs.append((z, _labels(balanced_labels(SETTLE_SIZE, classes), device)))
    settle_statistics(sampler, inputs)


def generate(
    sampler: nn.Module, latent: int, labels: Labels | None, count: int, seed: int, batch: int = 500
) -> Images:
    """`count` images uint8 (count, H, W, C) from codes z ~ N(0, I) drawn for `seed`.

    The codes of image i do not depend on `batch` or `count`; labels int64 (count,) or None.
    """
    device = next(sampler.parameters()).device
    parts = []
    sampler.eval()
    with torch.no_grad():
        for start in range(0, count, batch):
            stop = min(start + batch, count)
            z = torch.cat([_code(latent, seed, index) for index in range(start, stop)])
            y = None if labels is None else _labels(labels[start:stop], device)
            parts.append(to_uint8(sampler(z.to(device), y)).permute(0, 2, 3, 1).cpu())
    return torch.cat(parts).numpy()


def _code(latent: int, seed: int, index: int) -> Tensor:
    return torch.randn(1, latent, generator=torch_generator(seed, "code", index))


def _labels(labels: Labels | None, device: torch.device) -> Tensor | None:
    return None if labels is None else torch.from_numpy(labels).to(device)
