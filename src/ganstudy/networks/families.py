"""Networks by name: a family is a generator, a discriminator and an encoder that fit together."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from ganstudy.networks import dcgan, mlp, resnet
from ganstudy.networks.shapes import Shape


@dataclass(frozen=True)
class NetworkFamily:
    """Constructors: generator(shape, latent, width, classes, norm), discriminator(shape, width,
    classes, norm), encoder(shape, latent, width)."""

    generator: Callable[[Shape, int, int, int, str], nn.Module]
    discriminator: Callable[[Shape, int, int, str], nn.Module]
    encoder: Callable[[Shape, int, int], nn.Module]


NETWORKS = {
    "dcgan": NetworkFamily(dcgan.Generator, dcgan.Discriminator, dcgan.Encoder),
    "resnet": NetworkFamily(resnet.Generator, resnet.Discriminator, resnet.Encoder),
    "mlp": NetworkFamily(mlp.Generator, mlp.Discriminator, mlp.Encoder),
}
