"""The moving average against a plain loop, and batch norm's statistics against direct moments."""

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from ganstudy.training.ema import averaged, settle_statistics


def step(network: nn.Module, seed: int) -> None:
    """Moves all weights somewhere else."""
    rng = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(torch.randn(weight.shape, generator=rng))


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.95])
def test_the_average_is_that_of_the_formula(decay: float) -> None:
    network = nn.Linear(3, 2)
    average = averaged(network, decay)
    expected: list[Tensor] = []
    for n in range(30):
        step(network, n)
        average.update_parameters(network)
        current = [weight.detach().clone() for weight in network.parameters()]
        if n == 0:
            expected = current
        share = min(decay, (1 + n) / (10 + n))
        expected = [
            share * old + (1 - share) * new for old, new in zip(expected, current, strict=True)
        ]
    for found, wanted in zip(average.module.parameters(), expected, strict=True):
        torch.testing.assert_close(found, wanted)


def test_a_short_run_forgets_its_initial_weights() -> None:
    network = nn.Linear(3, 2)
    average = averaged(network, 0.9999)
    with torch.no_grad():
        for weight in network.parameters():
            weight.fill_(100.0)
    average.update_parameters(network)
    with torch.no_grad():
        for weight in network.parameters():
            weight.fill_(1.0)
    for _ in range(100):
        average.update_parameters(network)
    assert all((weight - 1).abs().max() < 1e-3 for weight in average.module.parameters())


def test_the_average_stands_apart_and_has_no_gradients() -> None:
    network = nn.Linear(3, 2)
    average = averaged(network, 0.9)
    assert not any(weight.requires_grad for weight in average.parameters())
    before = copy.deepcopy(average.state_dict())
    step(network, 0)
    for name, tensor in average.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_buffers_are_copied() -> None:
    network = nn.BatchNorm1d(3)
    average = averaged(network, 0.9)
    network(torch.randn(8, 3, generator=torch.Generator().manual_seed(0)) + 5)
    average.update_parameters(network)
    assert torch.equal(average.module.running_mean, network.running_mean)


class Normed(nn.Module):
    """Batch norm over z, and over a second layer."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.linear, self.second = nn.BatchNorm1d(3), nn.Linear(3, 4), nn.BatchNorm1d(4)

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return self.second(self.linear(self.first(z)))


def codes(batches: int = 7, size: int = 16) -> list[tuple[Tensor, None]]:
    rng = torch.Generator().manual_seed(0)
    return [(3 + 2 * torch.randn(size, 3, generator=rng), None) for _ in range(batches)]


def through(network: nn.Module, inputs: list[tuple[Tensor, None]]) -> Callable[[], None]:
    """What passes inputs through a network."""

    def run() -> None:
        for z, y in inputs:
            network(z, y)

    return run


def unused() -> None:
    raise AssertionError("nothing is to be settled")


def test_settled_statistics_are_the_moments_of_the_inputs() -> None:
    network, inputs = Normed(), codes()
    network.first.running_mean.fill_(77)  # copied from other weights
    settle_statistics([network], through(network, inputs))
    z = torch.stack([z for z, _ in inputs])
    torch.testing.assert_close(network.first.running_mean, z.mean((0, 1)))
    torch.testing.assert_close(network.first.running_var, z.var(1).mean(0))
    hidden = network.linear(
        (z - z.mean(1, True)) / (z.var(1, correction=0, keepdim=True) + 1e-5).sqrt()
    )
    torch.testing.assert_close(network.second.running_mean, hidden.mean((0, 1)))
    torch.testing.assert_close(network.second.running_var, hidden.var(1).mean(0))


def test_settling_leaves_the_network_ready_and_otherwise_as_it_was() -> None:
    network = Normed()
    weights = copy.deepcopy(dict(network.named_parameters()))
    settle_statistics([network], through(network, codes()))
    assert not network.training
    assert network.first.momentum == network.second.momentum == 0.1
    for name, weight in network.named_parameters():
        assert torch.equal(weight, weights[name])
        assert weight.grad is None


def test_settling_twice_is_settling_once() -> None:
    network = Normed()
    settle_statistics([network], through(network, codes()))
    first = copy.deepcopy(network.state_dict())
    settle_statistics([network], through(network, codes()))
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, first[name])


def test_a_network_without_batch_norm_is_only_put_to_rest() -> None:
    network = nn.Linear(3, 2).train()
    settle_statistics([network], unused)
    assert not network.training
