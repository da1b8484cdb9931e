"""Layers that several networks share."""

import torch
from torch import Tensor, nn


class MinibatchStd(nn.Module):
    """Appends one channel: the mean over features of the standard deviation over the batch.

    Lets D see the diversity of a batch. Karras et al. 2018 (Progressive GAN), section 3.
    Input (N, C, H, W), output (N, C + 1, H, W).
    """

    def forward(self, x: Tensor) -> Tensor:
        # E[x²] - E[x]² by plain means: oneDNN serves them, torch.var over the batch it does not.
        full = x.float() if x.dtype == torch.bfloat16 else x
        mean = full.mean(0)
        variance = (full.square().mean(0) - mean.square()).clamp_min(0)
        spread = (variance + 1e-8).sqrt().mean().to(x.dtype)
        return torch.cat([x, spread.expand(x.shape[0], 1, *x.shape[2:])], 1)


class Condition(nn.Module):
    """A learned vector per class; with `classes` = 0 there is no condition and y must be None.

    Turns labels (N,) int64 in [0, classes) into (N, size).
    """

    def __init__(self, classes: int, size: int) -> None:
        super().__init__()
        self.classes = classes
        self.size = size if classes else 0
        self.table = nn.Embedding(classes, size) if classes else None

    def forward(self, y: Tensor | None) -> Tensor | None:
        if (self.table is None) != (y is None):
            wanted = "labels y" if self.table is not None else "y=None"
            raise ValueError(f"this network has {self.classes} classes: it takes {wanted}")
        return None if self.table is None else self.table(y)


def joined(z: Tensor, condition: Tensor | None) -> Tensor:
    """z with the condition appended: conditioning by concatenation (Mirza & Osindero 2014)."""
    return z if condition is None else torch.cat([z, condition.to(z.dtype)], 1)


def projected(score: Tensor, features: Tensor, condition: Tensor | None) -> Tensor:
    """Score (N,) plus <condition, features>: the projection D (Miyato & Koyama 2018, eq. 4)."""
    if condition is None:
        return score
    return score + (features * condition.to(features.dtype)).sum(1)
