"""What rebuilds a network: plain values, as model.json keeps them beside the weights."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from ganstudy import spaces
from ganstudy.errors import InputError
from ganstudy.networks import (
    conv3d,
    coupled,
    dcgan,
    energy,
    features,
    latent,
    logits,
    mlp,
    resnet,
    stack,
    text,
)
from ganstudy.networks.layers import Standardized, spectrally_normed
from ganstudy.spaces import (
    Image,
    Label,
    Noise,
    Points,
    SampleSpace,
    Score,
    Space,
    Tokens,
    Voxels,
    sample_space,
)


@dataclass(frozen=True)
class NetworkSpec:
    """A row of `ARCHITECTURES`, named inputs and the output with their spaces, the width of hidden
    layers and their norm."""

    architecture: str
    inputs: Mapping[str, Space]
    output: Space
    width: int
    norm: str = "none"

    @property
    def family(self) -> str:
        """The architecture's first part: dcgan, resnet, mlp."""
        return self.architecture.partition(".")[0]

    @property
    def latent(self) -> int:
        """Dimensions of the code that goes in or comes out; 0 where there is none."""
        there = (s.dimensions for s in self._spaces() if isinstance(s, Noise))
        return next(there, 0)

    @property
    def classes(self) -> int:
        """Classes that the network is told of; 0: unconditional."""
        return next((s.classes for s in self._spaces() if isinstance(s, Label)), 0)

    @property
    def shape(self) -> SampleSpace:
        """The space of the samples that go in or, where none do, come out."""
        return next(s for s in self._spaces() if isinstance(s, SampleSpace))

    @property
    def voxels(self) -> Voxels:
        """The space of the solids that go in or come out."""
        return next(s for s in self._spaces() if isinstance(s, Voxels))

    @property
    def tokens(self) -> Tokens:
        """The space of the texts that go in."""
        return next(s for s in self._spaces() if isinstance(s, Tokens))

    def build(self) -> nn.Module:
        """The network with fresh weights."""
        return ARCHITECTURES[self.architecture](self)

    def _spaces(self) -> list[Space]:
        return [*self.inputs.values(), self.output]


def generator_spec(
    network: str,
    stored: tuple[int, ...],
    scale: float,
    latent: int,
    width: int,
    norm: str,
    classes: int,
) -> NetworkSpec:
    """G(z, y) of a family of networks, for samples as they are stored and their scale."""
    return NetworkSpec(
        f"{network}.generator",
        {"z": Noise(latent), **_told(classes)},
        sample_space(stored, scale),
        width,
        norm,
    )


def discriminator_spec(
    network: str, stored: tuple[int, ...], scale: float, width: int, norm: str, classes: int
) -> NetworkSpec:
    """D(x, y), likewise; `norm` may also be "spectral"."""
    inputs = {"x": sample_space(stored, scale), **_told(classes)}
    return NetworkSpec(f"{network}.discriminator", inputs, Score(), width, norm)


def encoder_spec(
    network: str,
    stored: tuple[int, ...],
    scale: float,
    latent: int,
    width: int,
    standardized: bool,
) -> NetworkSpec:
    """q(z | x), likewise. `standardized` codes have mean 0 and variance 1 and no spread of their
    own: see `Standardized`."""
    norm = "standardized" if standardized else "none"
    inputs = {"x": sample_space(stored, scale)}
    return NetworkSpec(f"{network}.encoder", inputs, Noise(latent), width, norm)


def _told(classes: int) -> dict[str, Space]:
    return {"y": Label(classes)} if classes else {}


MAPPING_WIDTH = 256  # of the hidden layers between codes and codes

Architecture = Callable[[NetworkSpec], nn.Module]


def _generator(make: Callable[[SampleSpace, int, int, int, str], nn.Module]) -> Architecture:
    return lambda spec: make(spec.shape, spec.latent, spec.width, spec.classes, spec.norm)


def _discriminator(make: Callable[[SampleSpace, int, int, str], nn.Module]) -> Architecture:
    def built(spec: NetworkSpec) -> nn.Module:
        if spec.norm == "spectral":
            return spectrally_normed(make(spec.shape, spec.width, spec.classes, "none"))
        return make(spec.shape, spec.width, spec.classes, spec.norm)

    return built


def _encoder(make: Callable[[SampleSpace, int, int], nn.Module]) -> Architecture:
    def built(spec: NetworkSpec) -> nn.Module:
        encoder = make(spec.shape, spec.latent, spec.width)
        return Standardized(encoder, spec.latent) if spec.norm == "standardized" else encoder

    return built


def _extractor(spec: NetworkSpec) -> nn.Module:
    (images,) = spec.inputs.values()
    if not isinstance(images, Image):
        raise TypeError(f"features are of images, not of {images}")
    return features.Features(images, spec.width, spec.norm)


def _plain_discriminator(make: Callable[[SampleSpace, int], nn.Module]) -> Architecture:
    def built(spec: NetworkSpec) -> nn.Module:
        if spec.norm == "batch":
            raise InputError(
                f"{spec.architecture} has no batch norm: set discriminator_norm to none or spectral"
            )
        network = make(spec.shape, spec.width)
        return spectrally_normed(network) if spec.norm == "spectral" else network

    return built


def _latent_generator(make: Callable[[SampleSpace, int, int, int, str], nn.Module]) -> Architecture:
    def built(spec: NetworkSpec) -> nn.Module:
        mapping = mlp.Generator(Points(spec.latent, 1.0), spec.latent, MAPPING_WIDTH)
        return latent.Generator(mapping, _generator(make)(spec), spec.latent)

    return built


def _coupled(spec: NetworkSpec) -> nn.Module:
    return coupled.Generator(spec.shape, spec.latent, spec.width, spec.norm)


def _text_generator(spec: NetworkSpec) -> nn.Module:
    return text.Generator(spec.shape, spec.tokens, spec.latent, spec.width, spec.norm)


def _text_discriminator(spec: NetworkSpec) -> nn.Module:
    if spec.norm == "spectral":
        return spectrally_normed(text.Discriminator(spec.shape, spec.tokens, spec.width))
    return text.Discriminator(spec.shape, spec.tokens, spec.width, spec.norm)


def _voxel_generator(spec: NetworkSpec) -> nn.Module:
    return conv3d.Generator(spec.voxels, spec.latent, spec.width, spec.norm)


def _voxel_discriminator(spec: NetworkSpec) -> nn.Module:
    if spec.norm == "spectral":
        return spectrally_normed(conv3d.Discriminator(spec.voxels, spec.width))
    return conv3d.Discriminator(spec.voxels, spec.width, spec.norm)


def _first(spec: NetworkSpec) -> nn.Module:
    return stack.First(
        _image(spec.output), spec.tokens, spec.latent, _condition(spec), spec.width, spec.norm
    )


def _second(spec: NetworkSpec) -> nn.Module:
    return stack.Second(_image(spec.output), spec.tokens, _condition(spec), spec.width, spec.norm)


def _image(space: Space) -> Image:
    if not isinstance(space, Image):
        raise TypeError(f"{space} is no image")
    return space


def _condition(spec: NetworkSpec) -> int:
    """Numbers that stand for a text, of which the input noise makes draws."""
    noise = spec.inputs["noise"]
    if not isinstance(noise, Noise):
        raise TypeError(f"{noise} is no noise")
    return noise.dimensions


ARCHITECTURES: dict[str, Architecture] = {
    "dcgan.generator": _generator(dcgan.Generator),
    "dcgan.discriminator": _discriminator(dcgan.Discriminator),
    "dcgan.encoder": _encoder(dcgan.Encoder),
    "resnet.generator": _generator(resnet.Generator),
    "resnet.discriminator": _discriminator(resnet.Discriminator),
    "resnet.encoder": _encoder(resnet.Encoder),
    "mlp.generator": _generator(mlp.Generator),
    "mlp.discriminator": _discriminator(mlp.Discriminator),
    "mlp.encoder": _encoder(mlp.Encoder),
    "features.extractor": _extractor,
    "features.classifier": lambda s: features.Labels(s.shape.values, s.classes, s.width),
    "features.discriminator": _plain_discriminator(features.Discriminator),
    "coupled.generator": _coupled,
    "coupled.discriminator": _plain_discriminator(coupled.Discriminator),
    "dcgan.latent_generator": _latent_generator(dcgan.Generator),
    "resnet.latent_generator": _latent_generator(resnet.Generator),
    "mlp.latent_generator": _latent_generator(mlp.Generator),
    "mlp.energy": lambda spec: energy.flat(spec.shape, spec.width),
    "dcgan.energy": lambda spec: energy.convolutional(spec.shape, spec.width),
    "mlp.logits": _discriminator(logits.flat),
    "dcgan.logits": _discriminator(logits.convolutional),
    "resnet.logits": _discriminator(logits.residual),
    "text.encoder": lambda spec: text.Encoder(spec.tokens, spec.latent),
    "text.generator": _text_generator,
    "text.discriminator": _text_discriminator,
    "stack.first": _first,
    "stack.second": _second,
    "conv3d.generator": _voxel_generator,
    "conv3d.discriminator": _voxel_discriminator,
}

# Networks that are what they are called are written as the arguments of these functions.
ROLES: dict[str, Callable[..., NetworkSpec]] = {
    "generator": generator_spec,
    "discriminator": discriminator_spec,
    "encoder": encoder_spec,
}


def to_json(specs: Mapping[str, NetworkSpec]) -> dict[str, Any]:
    """Specs by the names of their networks as JSON values: of a network in the role that it is
    called by its few arguments, of others, together as `networks`, all."""
    flat, whole = {}, {}
    for name, spec in specs.items():
        if name in ROLES and (few := _arguments(name, spec)) is not None:
            flat[name] = few
        else:
            whole[name] = _whole(spec)
    return flat | ({"networks": whole} if whole else {})


def from_json(content: Mapping[str, Any]) -> dict[str, NetworkSpec]:
    """The specs in what `to_json` wrote, whatever else stands beside them. What describes no
    network raises errors of all kinds."""
    flat = {name: role(**_stored(content[name])) for name, role in ROLES.items() if name in content}
    return flat | {name: _from_whole(spec) for name, spec in content.get("networks", {}).items()}


def _arguments(role: str, spec: NetworkSpec) -> dict[str, Any] | None:
    """The arguments of the role's function that make `spec`; None where none do."""
    if not any(isinstance(space, SampleSpace) for space in spec._spaces()):
        return None
    every = {
        "network": spec.family,
        "stored": spec.shape.stored,
        "scale": spec.shape.scale,
        "latent": spec.latent,
        "width": spec.width,
        "norm": spec.norm,
        "classes": spec.classes,
        "standardized": spec.norm == "standardized",
    }
    few = {name: every[name] for name in inspect.signature(ROLES[role]).parameters}
    return few if ROLES[role](**few) == spec else None


def _stored(fields: dict[str, Any]) -> dict[str, Any]:
    return fields | {"stored": tuple(fields["stored"])}


def _whole(spec: NetworkSpec) -> dict[str, Any]:
    return {
        "architecture": spec.architecture,
        "inputs": {name: spaces.to_json(space) for name, space in spec.inputs.items()},
        "output": spaces.to_json(spec.output),
        "width": spec.width,
        "norm": spec.norm,
    }


def _from_whole(content: dict[str, Any]) -> NetworkSpec:
    inputs = {name: spaces.from_json(space) for name, space in content["inputs"].items()}
    made = {"inputs": inputs, "output": spaces.from_json(content["output"])}
    return NetworkSpec(**(content | made))
