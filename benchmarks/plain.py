"""The loop that people write: D's step, G's step, plain PyTorch, on the project's own networks.

Two settings of it are of use. As people write it (a DataLoader, float32, an optimiser that goes
from tensor to tensor) it says what the trainer saves. With everything taken out of it but the
networks' passes and the optimisers (one fixed batch, the trainer's precision and optimisers) it
says what part of the trainer's round lies outside of them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus
from torch.utils.data import DataLoader, TensorDataset

from ganstudy.params import LossParams, TrainParams


@dataclass(frozen=True)
class Setting:
    """`loader`: batches by a DataLoader, and a moving average, as in training; else one fixed
    batch and none. `reuse_fakes`: G moves on D's samples."""

    loader: bool
    bfloat16: bool
    fused: bool
    reuse_fakes: bool


AS_WRITTEN = Setting(loader=True, bfloat16=False, fused=False, reuse_fakes=False)


def networks_alone(train: TrainParams) -> Setting:
    """Of a training by these params what its networks and optimisers do."""
    return Setting(
        loader=False,
        bfloat16=train.precision == "bfloat16",
        fused=True,
        reuse_fakes=train.reuse_fakes,
    )


def make_loop(
    generator: nn.Module,
    discriminator: nn.Module,
    recipe: LossParams,
    samples: Tensor,
    batch: int,
    setting: Setting,
) -> Callable[[], None]:
    """A function that plays one round of the non-saturating game with R1, as `recipe` says, on
    `samples` float32 (N, ...), as networks see them."""
    d_step, g_step = (
        _optimizer(network, settings.learning_rate, setting)
        for network, settings in (
            (discriminator, recipe.discriminator),
            (generator, recipe.generator),
        )
    )
    r1 = recipe.penalties["r1"]
    batches = _batches(samples, batch, setting)
    average = [weight.detach().clone() for weight in generator.parameters()]
    rounds = count()

    def play() -> None:
        real, penalised = next(batches), next(rounds) % r1.interval == 0
        with torch.autocast("cpu", torch.bfloat16, enabled=setting.bfloat16):
            with torch.set_grad_enabled(setting.reuse_fakes):
                fake = generator(_codes(batch, generator))
            seen = real.requires_grad_(penalised)
            scores = discriminator(seen).float()
            loss = softplus(-scores).mean() + softplus(discriminator(fake.detach()).float()).mean()
            if penalised:
                (slope,) = torch.autograd.grad(scores.sum(), seen, create_graph=True)
                loss = loss + r1.weight * r1.interval / 2 * slope.square().flatten(1).sum(1).mean()
        _step(d_step, loss, discriminator)
        with torch.autocast("cpu", torch.bfloat16, enabled=setting.bfloat16):
            if not setting.reuse_fakes:
                fake = generator(_codes(batch, generator))
            loss = softplus(-discriminator(fake).float()).mean()
        _step(g_step, loss, generator)
        if setting.loader:
            with torch.no_grad():
                for kept, weight in zip(average, generator.parameters(), strict=True):
                    kept.lerp_(weight, 0.001)

    return play


def _step(optimizer: torch.optim.Optimizer, loss: Tensor, network: nn.Module) -> None:
    optimizer.zero_grad()
    loss.backward(inputs=list(network.parameters()))  # type: ignore[no-untyped-call]
    optimizer.step()


def _codes(size: int, generator: nn.Module) -> Tensor:
    latent = generator.latent
    assert isinstance(latent, int)  # noqa: S101 - every generator has one
    return torch.randn(size, latent)


def _optimizer(network: nn.Module, rate: float, setting: Setting) -> torch.optim.Optimizer:
    return torch.optim.Adam(
        network.parameters(), rate, (0.0, 0.99), fused=setting.fused, foreach=False
    )


def _batches(samples: Tensor, batch: int, setting: Setting) -> Iterator[Tensor]:
    if not setting.loader:
        while True:
            yield samples[:batch]
    loader = DataLoader(TensorDataset(samples), batch, shuffle=True, drop_last=True)
    while True:
        for (real,) in loader:
            yield real
