"""Layers that several networks share."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from ganstudy import distributed
from ganstudy.networks.norms import BatchNorm1d, BatchNorm2d, upcast

SLOPE = 0.2  # of leaky ReLUs
NON_LINEAR = (nn.ReLU, nn.LeakyReLU, nn.SiLU)
# Layers whose weights spectral normalisation divides.
WEIGHTED = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d, nn.Conv3d, nn.ConvTranspose3d, nn.Embedding)


class MinibatchStd(nn.Module):
    """Appends one channel: the mean over features of the standard deviation over the batch.

    Lets D see the diversity of a batch. Karras et al. 2018 (Progressive GAN), section 3.
    Input (N, C, H, W), output (N, C + 1, H, W).
    """

    def forward(self, x: Tensor) -> Tensor:
        # E[x²] - E[x]² by plain means: oneDNN serves them, torch.var over the batch it does not.
        full = upcast(x)
        mean = distributed.mean(full.mean(0))
        variance = (distributed.mean(full.square().mean(0)) - mean.square()).clamp_min(0)
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
        check_labels(self.classes, y)
        return None if self.table is None else self.table(y)


def check_labels(classes: int, y: Tensor | None) -> None:
    """Raises `ValueError` where a network of `classes` is given no labels, or one of none some."""
    if (y is None) == bool(classes):
        wanted = "labels y" if classes else "y=None"
        raise ValueError(f"this network has {classes} classes: it takes {wanted}")


class ConditionalBatchNorm2d(nn.Module):
    """Batch norm with a gain and a shift per class (Dumoulin et al. 2017; de Vries et al. 2017).

    Maps (N, C, H, W) and labels (N,) to (N, C, H, W); gains start at 1, shifts at 0.
    """

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.norm = BatchNorm2d(channels, affine=False)
        self.gain = nn.Embedding(classes, channels)
        self.shift = nn.Embedding(classes, channels)
        nn.init.ones_(self.gain.weight)
        nn.init.zeros_(self.shift.weight)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        gain, shift = self.gain(y)[:, :, None, None], self.shift(y)[:, :, None, None]
        normed: Tensor = self.norm(x)
        shaped: Tensor = normed * gain.to(normed.dtype) + shift.to(normed.dtype)
        return shaped


class Standardized(nn.Module):
    """An encoder whose codes have mean 0 and variance 1 in each dimension.

    Batch norm without gain or shift after `encoder`'s means: N(0, I) then is the diagonal Gaussian
    fitted to the codes of real images, from which an auto-encoder can be sampled (Ghosh et al.
    2020, section 4). Maps (N, C, H, W) to (N, latent).
    """

    def __init__(self, encoder: nn.Module, latent: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.norm = BatchNorm1d(latent, affine=False)

    def forward(self, x: Tensor) -> Tensor:
        mean, _ = self.encoder(x)
        codes: Tensor = self.norm(mean)
        return codes


# Normalisation of hidden maps by name: over the batch, or of each image by itself (instance norm:
# Ulyanov et al. 2016). "none" keeps the bias that the others make superfluous.
NORMS: dict[str, Callable[[int], list[nn.Module]]] = {
    "none": lambda channels: [],
    "batch": lambda channels: [BatchNorm2d(channels)],
    "instance": lambda channels: [nn.InstanceNorm2d(channels, affine=True)],
}
# Those of them that have a variant with gains and shifts for each class.
CLASS_NORMS: dict[str, Callable[[int, int], nn.Module]] = {"batch": ConditionalBatchNorm2d}
FLAT_NORMS: dict[str, Callable[[int], list[nn.Module]]] = {
    "none": lambda units: [],
    "batch": lambda units: [BatchNorm1d(units)],
}


def norms(name: str, channels: int, classes: int) -> list[nn.Module]:
    """The norm `name` of hidden maps; by class where there are classes and it can be."""
    if classes and name in CLASS_NORMS:
        return [CLASS_NORMS[name](channels, classes)]
    return NORMS[name](channels)


class ConditionalSequential(nn.Sequential):
    """Layers in turn, of which norms by class are told the class: maps x and labels or None."""

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        for layer in self:
            x = layer(x, y) if isinstance(layer, ConditionalBatchNorm2d) else layer(x)
        return x


def spectrally_normed(network: nn.Module) -> nn.Module:
    """`network` with every weight matrix divided by its largest singular value, estimated by one
    power iteration a step: SN-GAN, Miyato et al. 2018, section 2.1. Changes it in place."""
    for module in list(network.modules()):
        if isinstance(module, WEIGHTED):
            spectral_norm(module)
    return network


def activations(layers: nn.Sequential, x: Tensor) -> list[Tensor]:
    """The output of each non-linearity of `layers`, the first one's first."""
    found = []
    for layer in layers:
        x = layer(x)
        if isinstance(layer, NON_LINEAR):
            found.append(x)
    return found


def concat_condition(z: Tensor, condition: Tensor | None) -> Tensor:
    """z with the condition appended: conditioning by concatenation (Mirza & Osindero 2014)."""
    return z if condition is None else torch.cat([z, condition.to(z.dtype)], 1)


def projection_score(score: Tensor, features: Tensor, condition: Tensor | None) -> Tensor:
    """Score (N,) plus <condition, features>: the projection D (Miyato & Koyama 2018, eq. 4)."""
    if condition is None:
        return score
    return score + (features * condition.to(features.dtype)).sum(1)
