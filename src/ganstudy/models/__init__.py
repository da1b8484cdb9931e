"""Models: a class each and a row here; run keys name them as `<model>-<loss>-<seed>`."""

from collections.abc import Mapping
from typing import Any

from ganstudy.errors import InputError, nearest
from ganstudy.keys import RunKey
from ganstudy.models.autoencoder import Autoencoder
from ganstudy.models.base import GenerativeModel
from ganstudy.models.cyclegan import CycleGAN
from ganstudy.models.gan import GAN
from ganstudy.models.pix2pix import Pix2Pix
from ganstudy.models.superres import SuperResolution
from ganstudy.models.vae import VAE
from ganstudy.params import Params
from ganstudy.spaces import Space

MODELS: dict[str, type[GenerativeModel]] = {
    "gan": GAN,
    "vae": VAE,
    "ae": Autoencoder,
    "pix2pix": Pix2Pix,
    "superres": SuperResolution,
    "cyclegan": CycleGAN,
}


def model_class(model: str) -> type[GenerativeModel]:
    """The class of a model by its name in run keys. Raises `InputError` naming those there are."""
    if model not in MODELS:
        raise InputError(f"there is no model {model!r}; {nearest(model, MODELS)}")
    return MODELS[model]


def identity(params: Params, key: RunKey) -> dict[str, Any]:
    """All parameters that a run's result depends on, as JSON values."""
    made = model_class(key.model)
    recipe = made.recipe(params, key.loss)
    return {
        "run": str(key),
        "network": params.network.model_dump(mode="json", include=set(made.network)),
        "train": params.train.model_dump(mode="json", include=set(made.train)),
        "recipe": recipe.model_dump(mode="json"),
    }


def build(params: Params, key: RunKey, spaces: Mapping[str, Space]) -> GenerativeModel:
    """The model that `key` names, for data of these `spaces`. Raises `InputError` where the data is
    not for it."""
    made = model_class(key.model)
    if (reason := made.unfit(spaces)) is not None:
        raise InputError(f"{key}: {reason}")
    return made.make(params, key.loss, spaces, key.seed)


def families_for(params: Params, spaces: Mapping[str, Space]) -> list[str]:
    """`<model>-<loss>` of everything that has a recipe and can learn from such data."""
    return [
        family
        for family in params.families()
        if model_class(RunKey.parse(f"{family}-0").model).unfit(spaces) is None
    ]
