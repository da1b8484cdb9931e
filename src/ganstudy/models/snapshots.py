"""Snapshots of a training: samples of the averaged networks, at each moment for equal inputs."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ganstudy.models.base import (
    GenerativeModel,
    Given,
    Networks,
    generated,
    inputs_for,
    recompute_bn_statistics,
)
from ganstudy.params import Kind
from ganstudy.spaces import Space

# As many as the metrics that follow training need; of large images fewer.
COUNT: Mapping[Kind, int] = {"images": 2000, "stacked": 5000, "points": 2500}
LOOKED_AT = 64  # of fields that no metric follows
FEWEST, MOST_BYTES = 64, 2**26
SETTLED_ON = 8  # batches for batch norm: all 64 move a snapshot's FID by less than 1 %


def snapshot_size(kind: Kind, space: Space) -> int:
    """How many samples of `space` a snapshot has."""
    return min(COUNT.get(kind, LOOKED_AT), max(FEWEST, MOST_BYTES // max(1, math.prod(space.size))))


def snapshot(
    networks: Networks,
    model: GenerativeModel,
    count: int,
    seed: int,
    batches: int = SETTLED_ON,
    given: Given | None = None,
) -> Tensor:
    """`count` samples of the main output of `model` by `networks`, as they are stored: for inputs
    that every snapshot of this seed has, of every class equally many, or that are `given`. Settles
    averages on `batches`."""
    made, specs = type(model), model.specs
    recompute_bn_statistics(made, networks, specs, seed, batches, given)
    first = {name: whole[:count] for name, whole in (given or {}).items()}
    inputs = inputs_for(made.inputs(specs), count, seed, first)
    samples = generated(made, networks, specs, inputs, seed)
    return torch.from_numpy(next(iter(samples.values())))


def constants(kind: Kind) -> dict[str, Any]:
    """What snapshots depend on beside the run."""
    return {"count": COUNT.get(kind, LOOKED_AT), "bytes": MOST_BYTES, "settled on": SETTLED_ON}
