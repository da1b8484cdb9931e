"""Models: each builds its players; run keys name them as `<model>-<loss>-<seed>`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ganstudy.errors import InputError, nearest
from ganstudy.models.autoencoder import Autoencoder
from ganstudy.models.base import GenerativeModel
from ganstudy.models.gan import GAN
from ganstudy.models.vae import VAE
from ganstudy.networks import DiscriminatorSpec, EncoderSpec, GeneratorSpec
from ganstudy.params import (
    AEParams,
    GeneratorNorm,
    LossParams,
    Params,
    Section,
    TrainParams,
    VAEParams,
)


@dataclass(frozen=True)
class RunKey:
    """The parts of `gan-wgan-0` or `vae-elbo-0`."""

    model: str
    loss: str
    seed: int

    @staticmethod
    def parse(text: str) -> "RunKey":
        """Reads a run key; raises `InputError` saying what one looks like."""
        parts = text.split("-")
        if len(parts) != 3 or not parts[2].isdecimal():
            raise InputError(
                f"run {text!r}: a run key is <model>-<loss>-<seed>, like gan-wgan-0 or vae-elbo-0"
            )
        if parts[0] not in MODELS:
            raise InputError(f"run {text!r}: no model {parts[0]!r}; {nearest(parts[0], MODELS)}")
        return RunKey(parts[0], parts[1], int(parts[2]))

    def __str__(self) -> str:
        return f"{self.model}-{self.loss}-{self.seed}"


@dataclass(frozen=True)
class World:
    """What a model is made for: samples as they are stored ((H, W, C) or (d,)), their scale, and
    the number of classes it is told of (0: unconditional)."""

    stored: tuple[int, ...]
    scale: float = 1.0
    classes: int = 0


@dataclass(frozen=True)
class ModelKind:
    """`recipe(params, loss)` is the section that a run of this model depends on, beside `network`
    and `train`, the fields of those sections; `build(params, loss, world, seed)` makes it."""

    network: set[str]
    train: set[str]
    recipe: Callable[[Params, str], Section]
    build: Callable[[Params, str, World, int], GenerativeModel]


def _generator(
    params: Params, world: World, norm: GeneratorNorm | None = None, latent: int | None = None
) -> GeneratorSpec:
    network = params.network
    return GeneratorSpec(
        network.name,
        world.stored,
        world.scale,
        latent or network.latent,
        network.generator_width,
        norm or network.generator_norm,
        world.classes,
    )


def _encoder(
    decoder: GeneratorSpec, world: World, width: int, *, standardized: bool
) -> EncoderSpec:
    return EncoderSpec(
        decoder.network, world.stored, world.scale, decoder.latent, width, standardized
    )


def _gan_recipe(params: Params, loss: str) -> LossParams:
    if loss not in params.losses:
        raise InputError(f"loss {loss!r} has no recipe; {nearest(loss, params.losses)}")
    return params.losses[loss]


def _gan(params: Params, loss: str, world: World, seed: int) -> GenerativeModel:
    recipe, network = _gan_recipe(params, loss), params.network
    discriminator = DiscriminatorSpec(
        network.name,
        world.stored,
        world.scale,
        network.discriminator_width,
        recipe.discriminator_norm or network.discriminator_norm,
        world.classes,
    )
    generator = _generator(params, world, recipe.generator_norm)
    train = params.train
    return GAN(loss, recipe, generator, discriminator, train.augment, seed, reuse=train.reuse)


def _vae_recipe(params: Params, loss: str) -> VAEParams:
    if loss != "elbo":
        raise InputError(f"the vae has one loss, elbo; not {loss!r}")
    if params.vae is None:
        raise InputError("params.yaml has no section vae")
    return params.vae


def _vae(params: Params, loss: str, world: World, seed: int) -> GenerativeModel:
    recipe = _vae_recipe(params, loss)
    decoder = _generator(params, world, latent=recipe.latent)
    encoder = _encoder(decoder, world, recipe.encoder_width, standardized=False)
    return VAE(recipe, decoder, encoder, seed)


def _ae_recipe(params: Params, loss: str) -> AEParams:
    if loss != "mse":
        raise InputError(f"the ae has one loss, mse; not {loss!r}")
    if params.ae is None:
        raise InputError("params.yaml has no section ae")
    return params.ae


def _ae(params: Params, loss: str, world: World, seed: int) -> GenerativeModel:
    recipe = _ae_recipe(params, loss)
    decoder = _generator(params, world)
    encoder = _encoder(decoder, world, recipe.encoder_width, standardized=True)
    return Autoencoder(recipe, decoder, encoder, seed)


_DECODER = {"name", "latent", "generator_width", "generator_norm"}
_GAME = {"augment", "reuse", "stop_on_alarm"}  # of train, what only a game reads
# What a model's result depends on: not which loss is trained first, nor if a failed run is kept.
_TRAIN = set(TrainParams.model_fields) - {"loss", "failure"} - _GAME
MODELS = {
    "gan": ModelKind(
        _DECODER | {"discriminator_width", "discriminator_norm"}, _TRAIN | _GAME, _gan_recipe, _gan
    ),
    "vae": ModelKind(_DECODER, _TRAIN, _vae_recipe, _vae),
    "ae": ModelKind(_DECODER, _TRAIN, _ae_recipe, _ae),
}


def identity(params: Params, key: RunKey) -> dict[str, Any]:
    """All parameters that a run's result depends on, as JSON values."""
    kind = MODELS[key.model]
    return {
        "run": str(key),
        "network": params.network.model_dump(mode="json", include=kind.network),
        "train": params.train.model_dump(mode="json", include=kind.train),
        "recipe": kind.recipe(params, key.loss).model_dump(mode="json"),
    }


def build(params: Params, key: RunKey, world: World) -> GenerativeModel:
    """The model that `key` names, for samples of `world`."""
    return MODELS[key.model].build(params, key.loss, world, key.seed)
