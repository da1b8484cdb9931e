"""Models: each builds its players; run keys name them as `<model>-<loss>-<seed>`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ganstudy.errors import InputError, nearest
from ganstudy.models.base import Model
from ganstudy.models.gan import GAN
from ganstudy.models.vae import VAE
from ganstudy.networks import ImageShape
from ganstudy.params import Params, Section


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
class ModelKind:
    """`recipe(params, loss)` is the section that a run of this model depends on beside train and
    `network`, the fields of that section; `build(params, loss, shape, classes, seed)` makes it."""

    network: tuple[str, ...]

    recipe: Callable[[Params, str], Section]
    build: Callable[[Params, str, ImageShape, int, int], Model]


def _gan_recipe(params: Params, loss: str) -> Section:
    if loss not in params.losses:
        raise InputError(f"loss {loss!r} has no recipe; {nearest(loss, params.losses)}")
    return params.losses[loss]


def _gan(params: Params, loss: str, shape: ImageShape, classes: int, seed: int) -> Model:
    _gan_recipe(params, loss)
    return GAN(loss, params.losses[loss], params.network, shape, classes, seed)


def _vae_recipe(params: Params, loss: str) -> Section:
    if loss != "elbo":
        raise InputError(f"the vae has one loss, elbo; not {loss!r}")
    return params.vae


def _vae(params: Params, loss: str, shape: ImageShape, classes: int, seed: int) -> Model:
    return VAE(params.vae, params.network, shape, classes, seed)


_GENERATOR = ("name", "latent", "generator_width")
MODELS = {
    "gan": ModelKind((*_GENERATOR, "discriminator_width"), _gan_recipe, _gan),
    "vae": ModelKind(_GENERATOR, _vae_recipe, _vae),
}


def identity(params: Params, key: RunKey) -> dict[str, Any]:
    """All parameters that a run's result depends on, as JSON values."""
    kind = MODELS[key.model]
    return {
        "run": str(key),
        "network": params.network.model_dump(mode="json", include=set(kind.network)),
        "train": params.train.model_dump(mode="json", exclude={"loss"}),
        "recipe": kind.recipe(params, key.loss).model_dump(mode="json"),
    }


def build(params: Params, key: RunKey, shape: ImageShape, classes: int) -> Model:
    """The model that `key` names, for images of `shape`; `classes` = 0 is unconditional."""
    return MODELS[key.model].build(params, key.loss, shape, classes, key.seed)
