"""A discriminator that judges one image alone as it would among others."""

import copy

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from ganstudy.networks.layers import MinibatchStd


class KnownSpread(nn.Module):
    """`MinibatchStd` of which the batch is known: appends one channel of the value `spread`."""

    def __init__(self, spread: float) -> None:
        super().__init__()
        self.spread = spread

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, x.new_full((x.shape[0], 1, *x.shape[2:]), self.spread)], 1)


def applied(network: nn.Module, seen: Tensor, told: Tensor | None) -> Tensor:
    """What a network makes of a batch (N, ...), and of what it may be `told` (N, ...) beside."""
    found: Tensor = network(seen) if told is None else network(seen, told)
    return found


def among(network: nn.Module, images: Tensor, told: Tensor | None) -> nn.Module:
    """D with the diversity of these `images` (N, ...) in the place of that of its batch: it
    gives each of them alone the score that D gives it among them all."""
    fixed = copy.deepcopy(network).eval()
    spreads = {n: m for n, m in fixed.named_modules() if isinstance(m, MinibatchStd)}
    found: dict[nn.Module, float] = {}

    def note(module: nn.Module, _: object, output: Tensor) -> None:
        found[module] = float(output[0, -1].flatten()[0])

    hooks = [module.register_forward_hook(note) for module in spreads.values()]
    with torch.no_grad():
        applied(fixed, images, told)
    for hook in hooks:
        hook.remove()
    for name, module in spreads.items():
        parent, _, own = name.rpartition(".")
        setattr(fixed.get_submodule(parent), own, KnownSpread(found[module]))
    return fixed


def scores(network: nn.Module, seen: Tensor, told: Tensor | None) -> npt.NDArray[np.float32]:
    """D's scores (N,) of samples (N, ...) as it sees them, in one batch, by what D is told of them
    where it is."""
    with torch.no_grad():
        return applied(network, seen, told).float().numpy()
