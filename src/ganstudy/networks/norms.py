"""Batch norm over whole batches, also where several processes hold their rows of one.

torch's SyncBatchNorm needs CUDA and cannot be differentiated twice, which gradient penalties want.
"""

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from ganstudy import distributed


def upcast(x: Tensor) -> Tensor:
    """What autocast made bfloat16 in float32, in which statistics, losses and draws are computed;
    all else as it is."""
    return x.float() if x.dtype == torch.bfloat16 else x


class _OverAllRanks(_BatchNorm):
    """torch's batch norm in one process and in evaluation; else the same from means over all."""

    def forward(self, x: Tensor) -> Tensor:
        if distributed.size() == 1 or not self.training:
            normed: Tensor = super().forward(x)
            return normed
        full = upcast(x)
        over = [0, *range(2, x.ndim)]
        mean = distributed.mean(full.mean(over))
        variance = distributed.mean((full - self._shaped(mean, x)).square().mean(over))
        self._follow(mean.detach(), variance.detach(), x.numel() // x.shape[1] * distributed.size())
        scale = (variance + self.eps).rsqrt()
        if self.affine:
            scale = scale * self.weight
        normed = (full - self._shaped(mean, x)) * self._shaped(scale, x)
        if self.affine:
            normed = normed + self._shaped(self.bias, x)
        return normed.to(x.dtype)

    @torch.no_grad()
    def _follow(self, mean: Tensor, variance: Tensor, count: int) -> None:
        """Moves the running statistics as torch does: the unbiased variance, and a plain mean over
        batches where there is no momentum."""
        if self.num_batches_tracked is None or self.running_mean is None:
            return
        assert self.running_var is not None  # noqa: S101 - tracked together with the mean
        self.num_batches_tracked += 1
        share = self.momentum or 1 / float(self.num_batches_tracked)
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(variance * (count / (count - 1)), share)

    @staticmethod
    def _shaped(values: Tensor, x: Tensor) -> Tensor:
        return values.view(1, -1, *[1] * (x.ndim - 2))


class BatchNorm1d(_OverAllRanks, nn.BatchNorm1d):
    """torch's, over the batches of all processes."""


class BatchNorm2d(_OverAllRanks, nn.BatchNorm2d):
    """torch's, over the batches of all processes."""


class BatchNorm3d(_OverAllRanks, nn.BatchNorm3d):
    """torch's, over the batches of all processes."""


class DomainNorm2d(nn.Module):
    """Batch norm by the statistics of each domain, with one scale and one shift for all: a domain
    is normed by its own in training and after it (Li et al. 2017, adaptive batch normalisation).

    Input (N, C, H, W) of one domain, and which it is; output of the same shape.
    """

    def __init__(self, channels: int, domains: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(BatchNorm2d(channels, affine=False) for _ in range(domains))
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor, domain: int) -> Tensor:
        normed: Tensor = self.norms[domain](x)
        return normed * self.weight.view(-1, 1, 1) + self.bias.view(-1, 1, 1)
