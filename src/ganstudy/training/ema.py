"""The exponential moving average of a network's weights, which is what samples."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel


def averaged(network: nn.Module, decay: float) -> AveragedModel:
    """An average that follows `network` at `update_parameters`; buffers are copied.

    The decay starts small and grows to `decay`, so that a short run is not an average with its
    own initial weights: min(decay, (1 + n) / (10 + n)) after n updates.
    """

    def blend(average: Sequence[Tensor], current: Sequence[Tensor], count: Tensor | int) -> None:
        n = int(count)
        torch._foreach_lerp_(list(average), list(current), 1 - min(decay, (1 + n) / (10 + n)))

    model = AveragedModel(network, multi_avg_fn=torch.no_grad()(blend))
    return model.requires_grad_(False)


def settle_statistics(network: nn.Module, inputs: Sequence[tuple[Tensor, Tensor | None]]) -> None:
    """Sets batch norm's running statistics to those of `inputs` under the present weights.

    An average of weights has activations of its own; the statistics that were copied belong to
    other weights (Izmailov et al. 2018, section 3). `inputs` are batches of (z, y).
    """
    norms = [m for m in network.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    if not norms:
        network.eval()
        return
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over the batches
    network.train()
    with torch.no_grad():
        for z, y in inputs:
            network(z, y)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    network.eval()
