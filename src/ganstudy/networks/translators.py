"""Networks from images to images: an encoder–decoder with skips and a chain of residual blocks.

Both map (N, C, H, W) in [-1, 1] to (N, C', H, W) in [-1, 1], C and C' of any number. Where the
output is larger than the input, the input is enlarged first and what the network makes is added to
it (Kim et al. 2016, VDSR, section 3): that is an upsampler.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from ganstudy.errors import InputError
from ganstudy.networks.dcgan import channels_at
from ganstudy.networks.layers import NORMS, SLOPE
from ganstudy.spaces import Image, Space

SMALLEST, LARGEST = 8, 128  # sides of the images
BASE = 3  # the U-Net halves down to a map of no more, where a convolution sees all of it
RESIDUAL_BLOCKS = 6  # Zhu et al. 2017, appendix 7.2: six for images of 128 pixels
HALVINGS = 2  # likewise


class Translator(nn.Module):
    """`body` between images of two spaces; see the module."""

    def __init__(self, body: nn.Module, source: Image, target: Image) -> None:
        super().__init__()
        self.body = body
        self.enlarged = None if _sides(source) == _sides(target) else _sides(target)

    def forward(self, x: Tensor) -> Tensor:
        if self.enlarged is None:
            return torch.tanh(self.body(x))
        large = interpolate(x, self.enlarged, mode="bicubic")
        made: Tensor = self.body(large)
        return large + made


class UNet(nn.Module):
    """Strided convolutions down to a few pixels and back, each map on the way back beside the one
    of its size on the way down: Ronneberger et al. 2015; Isola et al. 2017, section 3.2.1.

    Up by nearest neighbours and a convolution, which leaves no checkerboard (Odena et al. 2016).
    Unlike in Isola et al. the finest map has a skip too, as a drawing's lines are a pixel wide.
    """

    def __init__(self, inputs: int, outputs: int, side: int, width: int, norm: str) -> None:
        super().__init__()
        sides = [side]
        while sides[-1] > BASE:
            sides.append(sides[-1] // 2)
        channels = [channels_at(width, level) for level in range(len(sides))]
        self.stem = nn.Sequential(nn.Conv2d(inputs, width, 3, 1, 1), nn.LeakyReLU(SLOPE))
        self.downs = nn.ModuleList(
            _block(nn.Conv2d(fine, coarse, 4, 2, 1, bias=norm == "none"), norm, SLOPE)
            for fine, coarse in pairwise(channels)
        )
        self.base = nn.Sequential(
            *(_block(_plain(channels[-1], channels[-1], norm), norm, 0.0) for _ in range(2))
        )
        self.ups = nn.ModuleList(
            _block(_plain(coarse + fine, fine, norm), norm, 0.0)
            for fine, coarse in reversed(list(pairwise(channels)))
        )
        self.last = nn.Conv2d(width, outputs, 3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        maps = [self.stem(x)]
        for down in self.downs:
            maps.append(down(maps[-1]))
        hidden = self.base(maps.pop())
        for up in self.ups:
            beside = maps.pop()
            hidden = interpolate(hidden, beside.shape[2:])  # odd sides were halved downwards
            hidden = up(torch.cat([hidden, beside], 1))
        made: Tensor = self.last(hidden)
        return made


class Residual(nn.Module):
    """A wide convolution, two halvings, residual blocks there, and back: Johnson et al. 2016; Zhu
    et al. 2017, appendix 7.2. Small images are halved once."""

    def __init__(self, inputs: int, outputs: int, side: int, width: int, norm: str) -> None:
        super().__init__()
        halvings = max(1, min(HALVINGS, (side // SMALLEST).bit_length()))
        channels = [width << level for level in range(halvings + 1)]
        layers: list[nn.Module] = [
            _block(nn.Conv2d(inputs, width, 7, 1, 3, bias=norm == "none"), norm, 0.0)
        ]
        for fine, coarse in pairwise(channels):
            layers.append(_block(nn.Conv2d(fine, coarse, 3, 2, 1, bias=norm == "none"), norm, 0.0))
        layers += [_Added(channels[-1], norm) for _ in range(RESIDUAL_BLOCKS)]
        self.down, self.ups = nn.Sequential(*layers), nn.ModuleList()
        for fine, coarse in reversed(list(pairwise(channels))):
            self.ups.append(_block(_plain(coarse, fine, norm), norm, 0.0))
        self.halvings = halvings
        self.last = nn.Conv2d(width, outputs, 7, 1, 3)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.down(x)
        for index, up in enumerate(self.ups):
            left = self.halvings - index - 1
            sides = [-(-side >> left) if left else side for side in x.shape[2:]]
            hidden = up(interpolate(hidden, sides))
        made: Tensor = self.last(hidden)
        return made


class _Added(nn.Module):
    """x and what two normed convolutions make of it."""

    def __init__(self, channels: int, norm: str) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            _block(_plain(channels, channels, norm), norm, 0.0),
            _plain(channels, channels, norm),
            *NORMS[norm](channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        added: Tensor = x + self.branch(x)
        return added


class Beside(nn.Module):
    """D of images that are shown beside their condition, an image too: Isola et al. 2017, eq. 1.
    Maps x (N, C, H, W) and the condition (N, C', H, W) to scores (N,)."""

    def __init__(self, discriminator: nn.Module) -> None:
        super().__init__()
        self.discriminator = discriminator

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        scores: Tensor = self.discriminator(torch.cat([x, condition.to(x.dtype)], 1))
        return scores


def translator(
    body: Callable[[int, int, int, int, str], nn.Module],
    source: Space,
    target: Space,
    width: int,
    norm: str,
) -> Translator:
    """The network between two spaces. Raises `InputError` for images that are too small or large,
    or smaller at the output."""
    source, target = cast(Image, source), cast(Image, target)
    smallest, largest = min(_sides(target)), max(_sides(target))
    if smallest < SMALLEST or largest > LARGEST:
        raise InputError(
            f"networks from image to image are for sides of {SMALLEST} to {LARGEST} pixels; these "
            f"are {target.height}×{target.width}"
        )
    if source.height > target.height or source.width > target.width:
        raise InputError(
            f"images of {source.height}×{source.width} cannot become smaller ones, of "
            f"{target.height}×{target.width}"
        )
    made = body(source.channels, target.channels, smallest, width, norm)
    return Translator(made, source, target)


def _sides(image: Image) -> tuple[int, int]:
    return (image.height, image.width)


def _plain(inputs: int, outputs: int, norm: str) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, 1, 1, bias=norm == "none")


def _block(convolution: nn.Conv2d, norm: str, slope: float) -> nn.Sequential:
    active = nn.LeakyReLU(slope) if slope else nn.ReLU()
    return nn.Sequential(convolution, *NORMS[norm](convolution.out_channels), active)
