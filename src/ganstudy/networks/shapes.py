"""What one sample is: how it is stored, how networks see it, and the sizes that lead to it."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ganstudy.errors import InputError

SMALLEST_BASE, LARGEST_BASE = 4, 15


@dataclass(frozen=True)
class ImageShape:
    """Channels, height and width of the images of one study, in pixels."""

    channels: int
    height: int
    width: int

    @property
    def size(self) -> tuple[int, ...]:
        """(C, H, W), as networks see an image."""
        return (self.channels, self.height, self.width)

    @property
    def values(self) -> int:
        """Numbers in one image."""
        return self.channels * self.height * self.width

    def encode(self, stored: Tensor) -> Tensor:
        """uint8 (N, H, W, C) in [0, 255] to (N, C, H, W) in [-1, 1], in torch's default dtype."""
        images = stored.permute(0, 3, 1, 2)
        return (
            images.to(torch.get_default_dtype(), memory_format=torch.contiguous_format)
            .mul_(2 / 255)
            .sub_(1)
        )

    def decode(self, images: Tensor) -> Tensor:
        """(N, C, H, W) in [-1, 1] to uint8 (N, H, W, C), rounded to nearest."""
        pixels = images.float().add(1).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8)
        return pixels.permute(0, 2, 3, 1)

    def pyramid(self) -> list[tuple[int, int]]:
        """Sizes (height, width) from the base up to the full image, each twice the one before.

        28 gives 7, 14, 28; 32 gives 4, 8, 16, 32. Raises `InputError` when halving ends on a base
        that is too large to start from, naming sizes that work.
        """
        sizes = [(self.height, self.width)]
        while True:
            height, width = sizes[0]
            if height % 2 or width % 2 or min(height, width) // 2 < SMALLEST_BASE:
                break
            sizes.insert(0, (height // 2, width // 2))
        if max(sizes[0]) > LARGEST_BASE or len(sizes) < 2:
            raise InputError(
                f"a convolutional network cannot reach {self.height}×{self.width} by doubling a "
                f"base of {SMALLEST_BASE} to {LARGEST_BASE} pixels; near it: data.resolution "
                f"{_near(max(self.height, self.width))}, or network.name mlp"
            )
        return sizes


@dataclass(frozen=True)
class PointShape:
    """Points of `dimensions` coordinates; networks see them divided by `scale`."""

    dimensions: int
    scale: float

    @property
    def size(self) -> tuple[int, ...]:
        """(d,)."""
        return (self.dimensions,)

    @property
    def values(self) -> int:
        """Coordinates of one point."""
        return self.dimensions

    def encode(self, stored: Tensor) -> Tensor:
        """float32 (N, d) to the same in units of `scale`, in torch's default dtype."""
        return stored.to(torch.get_default_dtype()) / self.scale

    def decode(self, points: Tensor) -> Tensor:
        """(N, d) in units of `scale` to float32 (N, d)."""
        return points.float() * self.scale

    def pyramid(self) -> list[tuple[int, int]]:
        """Points have none: raises `InputError`."""
        raise InputError(
            "a convolutional network cannot make points, which have no pixels: use network.name mlp"
        )


Shape = ImageShape | PointShape


def shape_of(stored: tuple[int, ...], scale: float) -> Shape:
    """The shape of samples stored as (H, W, C) images or (d,) points."""
    if len(stored) == 1:
        return PointShape(stored[0], scale)
    height, width, channels = stored
    return ImageShape(channels, height, width)


def _near(side: int) -> int:
    """The reachable side closest to `side`."""
    reachable = [base << k for base in range(SMALLEST_BASE, LARGEST_BASE + 1) for k in range(1, 8)]
    return min(reachable, key=lambda candidate: (abs(candidate - side), candidate))
