"""Adaptive augmentation of what D sees (ADA): Karras et al. 2020, "Training generative adversarial
networks with limited data".

Each change is made with probability p to each image, and p follows how much D overfits. Below .8 or
so a change does not leak: G cannot make rotated images look likelier than upright ones, as long as
most are left upright (section 2.2 of the paper).
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import affine_grid, grid_sample

from ganstudy import distributed

MOST = 0.8  # of p: without an end it grows past 1, where every image is changed
EVERY = 4  # rounds between the moves of p
# Widths of the changes: the paper's, appendix B.
SCALE, TURN, SHIFT, BRIGHT, CONTRAST = 0.2, 0.125, 0.125, 0.2, 0.5

Draw = Callable[[], Tensor]  # one number in [0, 1) for each image


class Strength(nn.Module):
    """p, and what D has said of real images since p was last moved."""

    p: Tensor
    signs: Tensor
    shown: Tensor

    def __init__(self, target: float, images: float) -> None:
        super().__init__()
        self._target, self._images = target, images
        for name in ("p", "signs", "shown"):
            self.register_buffer(name, torch.zeros(()))

    @torch.no_grad()
    def heard(self, real_scores: Tensor) -> None:
        """Counts the scores (N,) of real images, as D saw them."""
        signs = distributed.mean(real_scores.sign().mean()) * len(real_scores) * distributed.size()
        self.signs.add_(signs)
        self.shown.add_(len(real_scores) * distributed.size())

    @torch.no_grad()
    def moved(self) -> None:
        """p += sign(E sign D(x) - target) × images shown / images from 0 to 1; the paper's r_t, eq.
        1 and section 3.1. In place."""
        mean = self.signs / self.shown.clamp_min(1)
        step = (mean - self._target).sign() * self.shown / self._images
        self.p.copy_((self.p + step).clamp(0, MOST))
        self.signs.zero_()
        self.shown.zero_()


def augmented(images: Tensor, p: Tensor, rng: torch.Generator) -> Tensor:
    """Images (N, C, H, W) in [-1, 1], each change made to each with probability `p` (a scalar):
    mirrored, turned by quarters, shifted, scaled, turned by any angle, brightened, stretched in
    contrast. What comes in from outside is a mirror image of what is there."""
    device, dtype = images.device, images.dtype

    def draw() -> Tensor:
        return distributed.draw_sharded(
            lambda n: torch.rand(n, generator=rng, device=device, dtype=dtype), len(images)
        )

    return _toned(_moved(images, p, draw), p, draw)


def _moved(images: Tensor, p: Tensor, draw: Draw) -> Tensor:
    """All that moves pixels, as one affine map and one interpolation."""
    height, width = images.shape[2:]
    mirrored = 1 - 2 * _with(p, draw, (draw() < 0.5).to(images.dtype), 0.0)
    quarters = _with(p, draw, (draw() * 4).floor(), 0.0) * (torch.pi / 2)
    right, down = (
        _with(p, draw, ((2 * draw() - 1) * SHIFT * side).round() * 2 / side, 0.0)
        for side in (width, height)
    )
    scale = _with(p, draw, torch.exp2(SCALE * _normal(draw)), 1.0)
    angle = quarters + _with(p, draw, (2 * draw() - 1) * torch.pi * TURN, 0.0)
    cosine, sine = angle.cos() / scale, angle.sin() / scale
    rows = [
        torch.stack([mirrored * cosine, -mirrored * sine, right], 1),
        torch.stack([sine, cosine, down], 1),
    ]
    grid = affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)
    grid = grid.to(images.dtype)
    return grid_sample(images, grid, "bilinear", padding_mode="reflection", align_corners=False)


def _toned(images: Tensor, p: Tensor, draw: Draw) -> Tensor:
    brighter = _with(p, draw, BRIGHT * _normal(draw), 0.0)
    contrast = _with(p, draw, torch.exp2(CONTRAST * _normal(draw)), 1.0)
    return images * _each(contrast) + _each(brighter)


def _with(p: Tensor, draw: Draw, changed: Tensor, unchanged: float) -> Tensor:
    """What is `changed` with probability p, for each image."""
    return torch.where(draw() < p, changed, torch.full_like(changed, unchanged))


def _normal(draw: Draw) -> Tensor:
    """Standard normal numbers (Box & Muller 1958)."""
    radius = (-2 * (1 - draw()).log()).sqrt()
    return radius * (2 * torch.pi * draw()).cos()


def _each(values: Tensor) -> Tensor:
    return values[:, None, None, None]
