"""Two generators and two discriminators in one network each, with tied layers (Liu & Tuzel 2016,
"Coupled generative adversarial networks", section 3).

The first layers of both generators are one, and so are the last of both discriminators: there lie
the concepts that two domains share, an image's class and layout, and how they are drawn is each
one's own. A tied layer is one module here, so it is saved once and an optimiser steps it once.
"""

from itertools import pairwise

from torch import Tensor, nn

from ganstudy.networks.dcgan import channels_at
from ganstudy.networks.layers import NORMS, SLOPE, MinibatchStd
from ganstudy.spaces import DOMAINS, SampleSpace


class Generator(nn.Module):
    """G(z): codes (N, latent) to an image of each domain, both (N, C, H, W) in [-1, 1].

    All layers up to the full size are tied; the last convolution is each domain's own.
    """

    def __init__(self, shape: SampleSpace, latent: int, width: int, norm: str) -> None:
        super().__init__()
        self.tied = self.first(shape, latent, width, norm)
        self.own = nn.ModuleDict({name: self.last(shape, width, norm) for name in DOMAINS})

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        maps = self.tied(z)
        a, b = (self.own[name](maps) for name in DOMAINS)
        return a, b

    @staticmethod
    def first(shape: SampleSpace, latent: int, width: int, norm: str) -> nn.Sequential:
        """From codes to maps (N, width, H, W)."""
        pyramid = shape.pyramid()
        channels = [channels_at(width, level) for level in reversed(range(len(pyramid) - 1))]
        height, row = pyramid[0]
        layers: list[nn.Module] = [
            nn.Linear(latent, channels[0] * height * row),
            nn.Unflatten(1, (channels[0], height, row)),
            *_hidden(norm, channels[0]),
            *_convolution(channels[0], norm),
        ]
        for coarse, fine in pairwise([*channels, width]):
            layers += [
                nn.ConvTranspose2d(coarse, fine, 4, 2, 1, bias=norm == "none"),
                *_hidden(norm, fine),
                *_convolution(fine, norm),
            ]
        return nn.Sequential(*layers)

    @staticmethod
    def last(shape: SampleSpace, width: int, norm: str) -> nn.Sequential:
        """From those maps to an image."""
        return nn.Sequential(nn.Conv2d(width, shape.size[0], 3, 1, 1), nn.Tanh())


class Discriminator(nn.Module):
    """D(x, domain): images (N, C, H, W) in [-1, 1] of one domain to logits (N,).

    The first convolution is each domain's own, all that follows is tied.
    """

    def __init__(self, shape: SampleSpace, width: int) -> None:
        super().__init__()
        self.own = nn.ModuleDict({name: self.first(shape, width) for name in DOMAINS})
        self.tied = self.last(shape, width)

    def forward(self, x: Tensor, domain: str) -> Tensor:
        scores: Tensor = self.tied(self.own[domain](x))
        return scores.squeeze(1)

    @staticmethod
    def first(shape: SampleSpace, width: int) -> nn.Sequential:
        """From images to maps of half the side."""
        return nn.Sequential(nn.Conv2d(shape.size[0], width, 4, 2, 1), nn.LeakyReLU(SLOPE))

    @staticmethod
    def last(shape: SampleSpace, width: int) -> nn.Sequential:
        """From those maps to logits (N, 1)."""
        (height, row), *finer = shape.pyramid()
        layers: list[nn.Module] = []
        channels = [channels_at(width, level) for level in range(len(finer))]
        for fine, coarse in pairwise(channels):
            layers += [nn.Conv2d(fine, fine, 3, 1, 1), nn.LeakyReLU(SLOPE)]
            layers += [nn.Conv2d(fine, coarse, 4, 2, 1), nn.LeakyReLU(SLOPE)]
        last = channels[-1]
        return nn.Sequential(
            *layers,
            MinibatchStd(),
            nn.Conv2d(last + 1, last, 3, 1, 1),
            nn.LeakyReLU(SLOPE),
            nn.Flatten(),
            nn.Linear(last * height * row, 1),
        )


def _hidden(norm: str, channels: int) -> list[nn.Module]:
    return [*NORMS[norm](channels), nn.ReLU()]


def _convolution(channels: int, norm: str) -> list[nn.Module]:
    return [nn.Conv2d(channels, channels, 3, 1, 1, bias=norm == "none"), *_hidden(norm, channels)]
