"""Discriminators that generate by themselves: smooth in what they see, each sample on its own.

Samples follow their gradient (Du & Mordatch 2019, section 3), which of (leaky) ReLUs is constant
almost everywhere; so activations are SiLUs. There is no norm and no spread of the batch.
"""

from itertools import chain

import torch
from torch import Tensor, nn

from ganstudy.networks.dcgan import channels_at
from ganstudy.spaces import Points, SampleSpace

SHARPER = 5.0  # times a first layer as it usually starts
CHAIN = 5  # numbers that describe a chain: see `objectives.langevin.Chain`


class Energy(nn.Module):
    """D(x) = -E(x) of samples (N, ...): raw scores (N,). `chain` tells how chains that start from
    noise walk on it, so that whoever loads the network samples as it was meant."""

    chain: Tensor

    def __init__(self, space: SampleSpace, body: nn.Module, size: int) -> None:
        super().__init__()
        self.space, self.body = space, body
        self.score = nn.Linear(size, 1)
        self.register_buffer("chain", torch.zeros(CHAIN))

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.score(self.body(x)).squeeze(1)
        return scores


def flat(shape: SampleSpace, width: int) -> Energy:
    """Three hidden layers of `width` units; of points the first is `SHARPER`, for their modes are
    narrow beside the data."""
    sizes = [shape.values, width, width]
    layers = list(chain(*((nn.Linear(inputs, width), nn.SiLU()) for inputs in sizes)))
    if isinstance(shape, Points):
        with torch.no_grad():
            for weight in layers[0].parameters():
                weight.mul_(SHARPER)
    return Energy(shape, nn.Sequential(nn.Flatten(), *layers), width)


def convolutional(shape: SampleSpace, width: int) -> Energy:
    """A 3×3 convolution, then strided ones down to the base of the pyramid, as in DCGAN's D."""
    height, base_width = shape.pyramid()[0]
    layers: list[nn.Module] = [nn.Conv2d(shape.size[0], width, 3, 1, 1), nn.SiLU()]
    inputs = width
    for level in range(len(shape.pyramid()) - 1):
        outputs = channels_at(width, level + 1)
        layers += [nn.Conv2d(inputs, outputs, 4, 2, 1), nn.SiLU()]
        inputs = outputs
    layers.append(nn.Flatten())
    return Energy(shape, nn.Sequential(*layers), inputs * height * base_width)
