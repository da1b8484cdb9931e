"""The exponential moving average of a network's weights, which is what samples."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim.swa_utils import AveragedModel

from ganstudy import distributed


class _Average(AveragedModel):
    """torch's average, which finds the tensors anew at every update; this one finds them once."""

    def __init__(self, network: nn.Module, decay: float) -> None:
        super().__init__(network)
        self._decay = decay
        self._own = _tensors(self.module)
        self._followed = _tensors(network)

    @torch.no_grad()
    def update_parameters(self, model: nn.Module) -> None:
        """Moves towards the weights of `model`, the network that was given at the start."""
        n = int(self.n_averaged)
        (weights, buffers), (newer, counts) = self._own, self._followed
        if n == 0:
            torch._foreach_copy_(weights, newer)
        else:
            share = 1 - min(self._decay, (1 + n) / (10 + n))
            torch._foreach_lerp_(weights, newer, share)
        if buffers:
            torch._foreach_copy_(buffers, counts)
        self.n_averaged += 1


def _tensors(network: nn.Module) -> tuple[list[Tensor], list[Tensor]]:
    weights: list[Tensor] = list(network.parameters())
    return weights, list(network.buffers())


def averaged(network: nn.Module, decay: float) -> AveragedModel:
    """An average that follows `network` at `update_parameters`; buffers are copied.

    The decay starts small and grows to `decay`, so that a short run is not an average with its
    own initial weights: min(decay, (1 + n) / (10 + n)) after n updates.
    """
    return _Average(network, decay).requires_grad_(False)


def settle_statistics(networks: Sequence[nn.Module], run: Callable[[], object]) -> None:
    """Sets batch norm's running statistics in `networks` to those of what passes through them when
    `run` is called, a plain mean over its batches, under the present weights.

    An average of weights has activations of its own; the statistics that were copied belong to
    other weights (Izmailov et al. 2018, section 3).
    """
    norms = [m for network in networks for m in network.modules() if isinstance(m, _BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over the batches
    for network in networks:
        network.train()
    if norms:
        with torch.no_grad(), distributed.no_sync():  # the inputs are the same everywhere
            run()
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    for network in networks:
        network.eval()
