"""Snapshots of a training: samples of the averaged generator, at each moment from equal codes."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ganstudy.models.base import GenerativeModel, balanced_labels, codes, decode, settle
from ganstudy.networks import Shape
from ganstudy.params import Kind

# As many as the metrics that follow training need; of large images fewer.
COUNT: Mapping[Kind, int] = {"images": 2000, "stacked": 5000, "points": 2500}
FEWEST, MOST_BYTES = 64, 2**26
SETTLED_ON = 8  # batches for batch norm: all 64 move a snapshot's FID by less than 1 %


def snapshot_size(kind: Kind, shape: Shape) -> int:
    """How many samples of `shape` a snapshot has."""
    return min(COUNT[kind], max(FEWEST, MOST_BYTES // shape.values))


def snapshot(
    average: nn.Module, model: GenerativeModel, count: int, seed: int, batches: int = SETTLED_ON
) -> Tensor:
    """`count` samples of the averaged generator of `model`, as they are stored: from codes that
    every snapshot of this seed has, of every class equally many. Settles `average` on `batches`."""
    spec = model.spec
    settle(average, spec.latent, spec.classes, seed, batches)
    labels = balanced_labels(count, spec.classes)
    return torch.from_numpy(decode(average, spec.shape, codes(spec.latent, count, seed), labels))


def constants(kind: Kind) -> dict[str, Any]:
    """What snapshots depend on beside the run."""
    return {"count": COUNT[kind], "bytes": MOST_BYTES, "settled on": SETTLED_ON}
