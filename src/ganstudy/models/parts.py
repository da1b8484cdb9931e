"""Specs of the networks that most models have, from params and the spaces of the data."""

from collections.abc import Mapping

from ganstudy.networks import NetworkSpec, discriminator_spec, encoder_spec, generator_spec
from ganstudy.params import DiscriminatorNorm, GeneratorNorm, Params, TrainParams
from ganstudy.spaces import Space, classes_of, samples_of

# What of the sections network and train these read: parts of a model's identity.
DECODER = frozenset({"name", "latent", "generator_width", "generator_norm"})
GAME = frozenset({"augment", "reuse_fakes", "stop_on_alarm"})
# Not which loss is trained first, nor whether a failed run is kept, nor what only a game reads.
TRAIN = frozenset(TrainParams.model_fields) - {"model", "loss", "failure"} - GAME


def generator_for(
    params: Params,
    spaces: Mapping[str, Space],
    norm: GeneratorNorm | None = None,
    latent: int | None = None,
) -> NetworkSpec:
    """G of samples `x`, told of the classes of `y` where there are; `norm` and `latent` None: the
    network's."""
    network, samples = params.network, samples_of(spaces)
    return generator_spec(
        network.name,
        samples.stored,
        samples.scale,
        latent or network.latent,
        network.generator_width,
        norm or network.generator_norm,
        classes_of(spaces),
    )


def discriminator_for(
    params: Params, spaces: Mapping[str, Space], norm: DiscriminatorNorm | None = None
) -> NetworkSpec:
    """D of the same."""
    network, samples = params.network, samples_of(spaces)
    return discriminator_spec(
        network.name,
        samples.stored,
        samples.scale,
        network.discriminator_width,
        norm or network.discriminator_norm,
        classes_of(spaces),
    )


def encoder_for(
    params: Params, decoder: NetworkSpec, width: int, *, standardized: bool
) -> NetworkSpec:
    """The encoder into the codes of `decoder`."""
    name, samples, latent = params.network.name, decoder.shape, decoder.latent
    return encoder_spec(name, samples.stored, samples.scale, latent, width, standardized)
