"""Networks by name: a family is a generator, a discriminator and an encoder that fit together."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from ganstudy.networks import dcgan, mlp
from ganstudy.networks.shapes import ImageShape


@dataclass(frozen=True)
class NetworkFamily:
    """Constructors: generator(shape, latent, width, classes), discriminator(shape, width,
    classes), encoder(shape, latent, width)."""

    generator: Callable[[ImageShape, int, int, int], nn.Module]
    discriminator: Callable[[ImageShape, int, int], nn.Module]
    encoder: Callable[[ImageShape, int, int], nn.Module]


NETWORKS = {
    "dcgan": NetworkFamily(dcgan.Generator, dcgan.Discriminator, dcgan.Encoder),
    "mlp": NetworkFamily(mlp.Generator, mlp.Discriminator, mlp.Encoder),
}

__all__ = ["NETWORKS", "ImageShape", "NetworkFamily"]
