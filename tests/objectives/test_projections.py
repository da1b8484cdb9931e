"""Weight clipping."""

import torch
from torch import nn

from ganstudy.objectives.projections import clip_weights


def test_clipping_bounds_every_weight_and_leaves_those_inside_alone() -> None:
    network = nn.Sequential(nn.Linear(30, 20), nn.LayerNorm(20), nn.Linear(20, 5))
    before = [weight.detach().clone() for weight in network.parameters()]
    clip_weights(network, 0.05)
    for weight, old in zip(network.parameters(), before, strict=True):
        assert torch.equal(weight, old.clamp(-0.05, 0.05))
    assert any(old.abs().max() > 0.05 for old in before)
    assert any((old.abs() < 0.05).any() for old in before)


def test_clipping_leaves_no_trace_in_the_graph() -> None:
    network = nn.Linear(3, 3)
    clip_weights(network, 0.01)
    assert all(weight.is_leaf and weight.requires_grad for weight in network.parameters())
    network(torch.ones(1, 3)).sum().backward()
