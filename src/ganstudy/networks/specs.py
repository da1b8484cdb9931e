"""What rebuilds a network: plain values, as model.json keeps them beside the weights."""

from dataclasses import dataclass

from torch import nn

from ganstudy.networks import families
from ganstudy.networks.layers import Standardized, spectrally_normed
from ganstudy.networks.shapes import Shape, shape_of


@dataclass(frozen=True)
class GeneratorSpec:
    """Family, one stored sample's shape ((H, W, C) or (d,)) and scale, code dimensions, width,
    norm, and classes (0: unconditional)."""

    network: str
    stored: tuple[int, ...]
    scale: float
    latent: int
    width: int
    norm: str
    classes: int

    @property
    def shape(self) -> Shape:
        """How samples are stored and seen."""
        return shape_of(self.stored, self.scale)

    def build(self) -> nn.Module:
        """The network with fresh weights."""
        family = families.NETWORKS[self.network]
        return family.generator(self.shape, self.latent, self.width, self.classes, self.norm)


@dataclass(frozen=True)
class DiscriminatorSpec:
    """The same of a discriminator; `norm` may also be "spectral"."""

    network: str
    stored: tuple[int, ...]
    scale: float
    width: int
    norm: str
    classes: int

    def build(self) -> nn.Module:
        """The network with fresh weights."""
        family = families.NETWORKS[self.network]
        shape = shape_of(self.stored, self.scale)
        if self.norm == "spectral":
            return spectrally_normed(family.discriminator(shape, self.width, self.classes, "none"))
        return family.discriminator(shape, self.width, self.classes, self.norm)


@dataclass(frozen=True)
class EncoderSpec:
    """The same of an encoder. `standardized` codes have mean 0 and variance 1 and no spread of
    their own: see `Standardized`."""

    network: str
    stored: tuple[int, ...]
    scale: float
    latent: int
    width: int
    standardized: bool

    def build(self) -> nn.Module:
        """The network with fresh weights."""
        family = families.NETWORKS[self.network]
        encoder = family.encoder(shape_of(self.stored, self.scale), self.latent, self.width)
        return Standardized(encoder, self.latent) if self.standardized else encoder
