"""Residual networks after SN-GAN (Miyato et al. 2018, appendix B.4) and R3GAN (Huang et al. 2024).

Blocks add two convolutions to a resized shortcut. G takes the class through the gains and shifts of
its norms, D by projection; D has no batch norm. Without norm, each block starts close to its
shortcut (Zhang et al. 2019, Fixup), which is what keeps deep ones trainable.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, leaky_relu, relu

from ganstudy.errors import InputError
from ganstudy.networks.dcgan import channels_at
from ganstudy.networks.layers import (
    CLASS_NORMS,
    SLOPE,
    Condition,
    ConditionalSequential,
    MinibatchStd,
    check_labels,
    concat_condition,
    norms,
    projection_score,
)
from ganstudy.spaces import SampleSpace

BRANCH = 0.1  # of a default initialisation: not 0, whose spectral norm nothing can be divided by


def _start_small(convolution: nn.Conv2d) -> None:
    with torch.no_grad():
        convolution.weight.mul_(BRANCH)


class _Up(nn.Module):
    """norm, ReLU, double, convolve, norm, ReLU, convolve; beside a doubled 1×1 shortcut."""

    def __init__(self, inputs: int, outputs: int, classes: int, norm: str) -> None:
        super().__init__()
        self.first_norm = ConditionalSequential(*norms(norm, inputs, classes))
        self.first = nn.Conv2d(inputs, outputs, 3, 1, 1)
        self.second_norm = ConditionalSequential(*norms(norm, outputs, classes))
        self.second = nn.Conv2d(outputs, outputs, 3, 1, 1)
        self.shortcut = nn.Conv2d(inputs, outputs, 1)
        if norm == "none":
            _start_small(self.second)

    def forward(self, x: Tensor, y: Tensor | None) -> Tensor:
        hidden = interpolate(relu(self.first_norm(x, y)), scale_factor=2)
        hidden = self.second(relu(self.second_norm(self.first(hidden), y)))
        # A 1×1 convolution commutes with doubling and is four times cheaper before it.
        added: Tensor = hidden + interpolate(self.shortcut(x), scale_factor=2)
        return added


class Generator(nn.Module):
    """G(z, y): codes (N, latent) to images (N, C, H, W) in [-1, 1].

    `width` is the number of channels at the finest map; it doubles towards the base. With
    `norm` "none" there are no gains to condition, and the class is concatenated to the code.
    """

    def __init__(
        self, shape: SampleSpace, latent: int, width: int, classes: int = 0, norm: str = "batch"
    ) -> None:
        super().__init__()
        self.latent = latent
        pyramid = shape.pyramid()
        levels = len(pyramid) - 1
        channels = [channels_at(width, level) for level in reversed(range(levels))]
        channels.insert(0, channels[0])
        height, base_width = pyramid[0]
        self.condition = Condition(0 if norm in CLASS_NORMS else classes, latent)
        self.stem = nn.Sequential(
            nn.Linear(latent + self.condition.size, channels[0] * height * base_width),
            nn.Unflatten(1, (channels[0], height, base_width)),
        )
        self.blocks = nn.ModuleList(
            _Up(coarse, fine, classes, norm) for coarse, fine in pairwise(channels)
        )
        self.norm = ConditionalSequential(*norms(norm, channels[-1], classes))
        self.last = nn.Conv2d(channels[-1], shape.size[0], 3, 1, 1)
        self.classes = classes

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        check_labels(self.classes, y)
        x = self.stem(concat_condition(z, self.condition(y) if self.condition.classes else None))
        for block in self.blocks:
            x = block(x, y)
        images: Tensor = self.last(relu(self.norm(x, y))).tanh()
        return images


class _Down(nn.Module):
    """activate, convolve, activate, convolve, halve; beside a halved 1×1 shortcut."""

    def __init__(self, inputs: int, outputs: int, *, halve: bool, first: bool = False) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, 1, 1)
        self.second = nn.Conv2d(outputs, outputs, 3, 1, 1)
        self.shortcut = nn.Conv2d(inputs, outputs, 1)
        self.halve, self.takes_image = halve, first
        _start_small(self.second)

    def forward(self, x: Tensor) -> Tensor:
        hidden = x if self.takes_image else leaky_relu(x, SLOPE)
        hidden = self.second(leaky_relu(self.first(hidden), SLOPE))
        if self.halve:
            hidden, x = avg_pool2d(hidden, 2), avg_pool2d(x, 2)
        added: Tensor = hidden + self.shortcut(x)
        return added


def trunk_of(shape: SampleSpace, width: int, norm: str = "none") -> tuple[nn.Sequential, int]:
    """Residual blocks down to the base, one more there, and the channels at the end. Raises
    `InputError` for a `norm` other than "none"."""
    if norm != "none":
        raise InputError(
            f"network resnet: D has no {norm} norm: set discriminator_norm to none or spectral"
        )
    levels = len(shape.pyramid()) - 1
    channels = [shape.size[0], *(channels_at(width, level) for level in range(levels))]
    blocks = [
        _Down(fine, coarse, halve=True, first=index == 0)
        for index, (fine, coarse) in enumerate(pairwise(channels))
    ]
    blocks.append(_Down(channels[-1], channels[-1], halve=False))
    return nn.Sequential(*blocks, nn.LeakyReLU(SLOPE)), channels[-1]


class Discriminator(nn.Module):
    """D(x, y): images (N, C, H, W) in [-1, 1] to logits (N,). Raises `InputError` for a norm of
    `NORMS` other than "none"."""

    def __init__(
        self, shape: SampleSpace, width: int, classes: int = 0, norm: str = "none"
    ) -> None:
        super().__init__()
        self.trunk, channels = trunk_of(shape, width, norm)
        self.spread = MinibatchStd()
        height, base_width = shape.pyramid()[0]
        self.score = nn.Linear((channels + 1) * height * base_width, 1)
        self.condition = Condition(classes, channels)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        maps = self.trunk(x)
        score = self.score(self.spread(maps).flatten(1)).squeeze(1)
        return projection_score(score, maps.mean((2, 3)), self.condition(y))

    def hidden(self, x: Tensor) -> list[Tensor]:
        """The maps (N, C, H, W) that each block makes, the finest first; of the last one after its
        non-linearity, as the score sees them."""
        found = []
        for block in self.trunk[:-1]:
            x = block(x)
            found.append(x)
        return [*found[:-1], self.trunk[-1](x)]


class Encoder(nn.Module):
    """q(z | x): images (N, C, H, W) to mean and log-variance, each (N, latent)."""

    def __init__(self, shape: SampleSpace, latent: int, width: int) -> None:
        super().__init__()
        trunk, channels = trunk_of(shape, width)
        height, base_width = shape.pyramid()[0]
        self.body = nn.Sequential(
            trunk, nn.Flatten(), nn.Linear(channels * height * base_width, 2 * latent)
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.body(x).chunk(2, 1)
        return mean, log_variance
