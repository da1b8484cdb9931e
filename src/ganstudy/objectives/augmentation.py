"""Differentiable augmentation of what D sees, real and generated alike: Zhao et al. 2020.

Each row maps images (N, C, H, W) in [-1, 1] to the same, drawing one change per image from `rng`;
gradients pass through. D then cannot learn a small data set by heart, and G never learns the
augmentation, for both sides have it. The strengths are the paper's (section 3.3 and its code).
"""

from collections.abc import Callable

import torch
from torch import Tensor

from ganstudy import distributed
from ganstudy.errors import InputError, nearest

SATURATION, CONTRAST = 2.0, 1.0  # widths of the uniform factors, around 1
SHIFTED, CUT = 1 / 8, 1 / 2  # shares of a side

Augmentation = Callable[[Tensor, torch.Generator], Tensor]


def color(images: Tensor, rng: torch.Generator) -> Tensor:
    """Brightness + U(-.5, .5), saturation × U(0, 2), contrast × U(.5, 1.5), in this order."""
    images = images + (_uniform(images, rng) - 0.5)
    grey = images.mean(1, keepdim=True)
    images = grey + (images - grey) * (_uniform(images, rng) * SATURATION)
    middle = images.mean((1, 2, 3), keepdim=True)
    return middle + (images - middle) * (_uniform(images, rng) * CONTRAST + (1 - CONTRAST / 2))


def translation(images: Tensor, rng: torch.Generator) -> Tensor:
    """Shifts by up to 1/8 of each side, rounded to pixels; what comes in is 0, mid-grey."""
    height, width = images.shape[2:]
    rows = _shifted_index(height, images, rng)
    columns = _shifted_index(width, images, rng)
    padded = torch.nn.functional.pad(images, (1, 1, 1, 1))
    return picked(padded, rows, columns)


def picked(images: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Of each image (N, C, H, W) its own `rows` (N, h) and `columns` (N, w): (N, C, h, w)."""
    index = torch.arange(len(images), device=images.device)[:, None, None]
    found = images.permute(0, 2, 3, 1)[index, rows[:, :, None], columns[:, None, :]]
    return found.permute(0, 3, 1, 2)


def cutout(images: Tensor, rng: torch.Generator) -> Tensor:
    """Sets a square of half the side, centred anywhere, to 0."""
    height, width = images.shape[2:]
    rows = _outside(height, images, rng)
    columns = _outside(width, images, rng)
    keep = rows[:, None, :, None] | columns[:, None, None, :]
    return images * keep


AUGMENTATIONS: dict[str, Augmentation] = {
    "color": color,
    "translation": translation,
    "cutout": cutout,
}


def _uniform(images: Tensor, rng: torch.Generator) -> Tensor:
    """One number in [0, 1) for each image."""
    return distributed.draw_sharded(
        lambda n: torch.rand(n, 1, 1, 1, generator=rng, device=images.device, dtype=images.dtype),
        len(images),
    )


def _integers(low: int, high: int, images: Tensor, rng: torch.Generator) -> Tensor:
    """One number in [low, high) for each image, (N, 1)."""
    return distributed.draw_sharded(
        lambda n: torch.randint(low, high, (n, 1), generator=rng, device=images.device),
        len(images),
    )


def _shifted_index(side: int, images: Tensor, rng: torch.Generator) -> Tensor:
    """Positions (N, side) in a picture padded by 1; what lies outside falls on the padding."""
    most = int(side * SHIFTED + 0.5)
    shift = _integers(-most, most + 1, images, rng)
    return (torch.arange(side, device=images.device) + shift + 1).clamp(0, side + 1)


def _outside(side: int, images: Tensor, rng: torch.Generator) -> Tensor:
    """Which positions (N, side) lie outside the cut of each image."""
    cut = max(1, int(side * CUT + 0.5))
    center = _integers(0, side + (1 - cut % 2), images, rng)
    distance = torch.arange(side, device=images.device) - center
    return (distance < -(cut // 2)) | (distance >= cut - cut // 2)


def augmentation(name: str) -> Augmentation:
    """The row `name`. Raises `InputError` naming those that there are."""
    if name not in AUGMENTATIONS:
        raise InputError(f"no {name!r}; {nearest(name, AUGMENTATIONS)}")
    return AUGMENTATIONS[name]
