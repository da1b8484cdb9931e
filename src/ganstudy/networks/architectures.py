"""The table of architectures: how a network is built from its spec, by name."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from torch import nn

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
    translators,
)
from ganstudy.networks.layers import Standardized, spectrally_normed
from ganstudy.spaces import Image, Noise, Points, SampleSpace, Space

if TYPE_CHECKING:
    from ganstudy.networks.specs import NetworkSpec


MAPPING_WIDTH = 256  # of the hidden layers between codes and codes

Architecture = Callable[["NetworkSpec"], nn.Module]


def _generator(make: Callable[[SampleSpace, int, int, int, str], nn.Module]) -> Architecture:
    return lambda spec: make(spec.shape, spec.latent, spec.width, spec.classes, spec.norm)


def _discriminator(make: Callable[[SampleSpace, int, int, str], nn.Module]) -> Architecture:
    def seen(spec: "NetworkSpec") -> nn.Module:
        norm = "none" if spec.norm == "spectral" else spec.norm
        images = [space for space in spec.inputs.values() if isinstance(space, Image)]
        if len(images) < 2:
            return make(spec.shape, spec.width, spec.classes, norm)
        x, *_ = images  # and the images that are its condition, of one size
        both = Image(sum(image.channels for image in images), x.height, x.width)
        return translators.Beside(make(both, spec.width, 0, norm))

    def built(spec: "NetworkSpec") -> nn.Module:
        return spectrally_normed(seen(spec)) if spec.norm == "spectral" else seen(spec)

    return built


def _encoder(make: Callable[[SampleSpace, int, int], nn.Module]) -> Architecture:
    def built(spec: "NetworkSpec") -> nn.Module:
        encoder = make(spec.shape, spec.latent, spec.width)
        return Standardized(encoder, spec.latent) if spec.norm == "standardized" else encoder

    return built


def _extractor(spec: "NetworkSpec") -> nn.Module:
    (images,) = spec.inputs.values()
    if not isinstance(images, Image):
        raise TypeError(f"features are of images, not of {images}")
    return features.Features(images, spec.width, spec.norm)


def _plain_discriminator(make: Callable[[SampleSpace, int], nn.Module]) -> Architecture:
    def built(spec: "NetworkSpec") -> nn.Module:
        if spec.norm == "batch":
            raise InputError(
                f"{spec.architecture} has no batch norm: set discriminator_norm to none or spectral"
            )
        network = make(spec.shape, spec.width)
        return spectrally_normed(network) if spec.norm == "spectral" else network

    return built


def _translator(body: Callable[[int, int, int, int, str], nn.Module]) -> Architecture:
    def built(spec: "NetworkSpec") -> nn.Module:
        (source,) = spec.inputs.values()
        return translators.translator(body, source, spec.output, spec.width, spec.norm)

    return built


def _latent_generator(make: Callable[[SampleSpace, int, int, int, str], nn.Module]) -> Architecture:
    def built(spec: "NetworkSpec") -> nn.Module:
        mapping = mlp.Generator(Points(spec.latent, 1.0), spec.latent, MAPPING_WIDTH)
        return latent.Generator(mapping, _generator(make)(spec), spec.latent)

    return built


def _coupled(spec: "NetworkSpec") -> nn.Module:
    return coupled.Generator(spec.shape, spec.latent, spec.width, spec.norm)


def _text_generator(spec: "NetworkSpec") -> nn.Module:
    return text.Generator(spec.shape, spec.tokens, spec.latent, spec.width, spec.norm)


def _text_discriminator(spec: "NetworkSpec") -> nn.Module:
    if spec.norm == "spectral":
        return spectrally_normed(text.Discriminator(spec.shape, spec.tokens, spec.width))
    return text.Discriminator(spec.shape, spec.tokens, spec.width, spec.norm)


def _voxel_generator(spec: "NetworkSpec") -> nn.Module:
    return conv3d.Generator(spec.voxels, spec.latent, spec.width, spec.norm)


def _voxel_discriminator(spec: "NetworkSpec") -> nn.Module:
    if spec.norm == "spectral":
        return spectrally_normed(conv3d.Discriminator(spec.voxels, spec.width))
    return conv3d.Discriminator(spec.voxels, spec.width, spec.norm)


def _first(spec: "NetworkSpec") -> nn.Module:
    return stack.First(
        _image(spec.output), spec.tokens, spec.latent, _condition(spec), spec.width, spec.norm
    )


def _second(spec: "NetworkSpec") -> nn.Module:
    return stack.Second(_image(spec.output), spec.tokens, _condition(spec), spec.width, spec.norm)


def _image(space: Space) -> Image:
    if not isinstance(space, Image):
        raise TypeError(f"{space} is no image")
    return space


def _condition(spec: "NetworkSpec") -> int:
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
    "unet.translator": _translator(translators.UNet),
    "resnet.translator": _translator(translators.Residual),
}
