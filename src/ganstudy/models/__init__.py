"""Models: a class each and a row here; run keys name them as `<model>-<loss>-<seed>`."""

from collections.abc import Mapping
from typing import Any

from ganstudy.errors import InputError, nearest
from ganstudy.keys import RunKey
from ganstudy.models.autoencoder import Autoencoder
from ganstudy.models.base import GenerativeModel
from ganstudy.models.cogan import CoGAN
from ganstudy.models.cyclegan import CycleGAN
from ganstudy.models.dann import DANN
from ganstudy.models.energy import Energy
from ganstudy.models.gan import GAN
from ganstudy.models.gan3d import GAN3D
from ganstudy.models.latent_gan import LatentGAN
from ganstudy.models.pix2pix import Pix2Pix
from ganstudy.models.regression import Regression
from ganstudy.models.semi_gan import SemiGAN
from ganstudy.models.source_only import SourceOnly
from ganstudy.models.stackgan import StackGAN
from ganstudy.models.superres import SuperResolution
from ganstudy.models.text_gan import TextGAN
from ganstudy.models.vae import VAE
from ganstudy.models.vae_gan import VAEGAN
from ganstudy.params import Params
from ganstudy.spaces import Space

MODELS: dict[str, type[GenerativeModel]] = {
    "gan": GAN,
    "vae": VAE,
    "ae": Autoencoder,
    "cogan": CoGAN,
    "dann": DANN,
    "source_only": SourceOnly,
    "vae_gan": VAEGAN,
    "energy": Energy,
    "semi_gan": SemiGAN,
    "latent_gan": LatentGAN,
    "text_gan": TextGAN,
    "stackgan": StackGAN,
    "gan3d": GAN3D,
    "pix2pix": Pix2Pix,
    "regression": Regression,
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
    recipe, few = made.recipe(params, key.loss), params.data.labels_per_class
    return {
        "run": str(key),
        "network": params.network.model_dump(mode="json", include=set(made.network)),
        "train": params.train.model_dump(mode="json", include=set(made.train)),
        "recipe": recipe.model_dump(mode="json"),
        **({} if few is None else {"labels_per_class": few}),
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
