"""Projections: what is done to a network's weights after its player's step."""

import torch
from torch import nn


def clip_weights(network: nn.Module, bound: float) -> None:
    """Clips every weight to [-bound, bound]: Arjovsky et al. 2017, algorithm 1, line 7."""
    with torch.no_grad():
        for weight in network.parameters():
            weight.clamp_(-bound, bound)
