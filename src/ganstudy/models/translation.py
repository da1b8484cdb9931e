"""What models that translate images share: the section of their network, its spec and D's, and how
it samples."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field
from torch import Tensor, nn

from ganstudy.models.base import Given, Networks, Rng, Specs
from ganstudy.networks import NetworkSpec
from ganstudy.params import LossParams, Params, Section, Width
from ganstudy.spaces import Image, Score, Space

CRITIC = frozenset({"name", "discriminator_width", "discriminator_norm"})  # of section network


class TranslatorParams(Section):
    """A network from images to images."""

    network: Literal["unet", "resnet"]
    width: Width = Field(description="channels of its finest maps")
    norm: Literal["instance", "batch", "none"] = Field("instance", description="of its hidden maps")


class TranslationParams(Section):
    """What the recipes of all these models say."""

    translator: TranslatorParams
    game: LossParams

    @property
    def made(self) -> TranslatorParams:
        """The translator, with the norm that the loss asks of what it trains, if it does."""
        norm = self.game.generator_norm
        asked = {} if norm is None else {"norm": norm}
        return self.translator.model_copy(update=asked)


class FromSource:
    """Makes `target` of `source` by a network called translator, and draws nothing."""

    averaged: ClassVar[frozenset[str]] = frozenset({"translator"})
    state: Mapping[str, nn.Module] = {}

    @staticmethod
    def inputs(specs: Specs) -> Mapping[str, Space]:
        """Sources."""
        return specs["translator"].inputs

    @staticmethod
    def outputs(specs: Specs) -> Mapping[str, Space]:
        """Targets."""
        return {"target": specs["translator"].output}

    @staticmethod
    def sample(networks: Networks, given: Given, rng: Rng) -> Mapping[str, Tensor]:
        """G(x)."""
        return {"target": networks["translator"](given["source"])}


def translator_for(
    params: TranslatorParams, name: str, source: Space, target: Space
) -> NetworkSpec:
    """The translator of the field `name`."""
    architecture = f"{params.network}.translator"
    return NetworkSpec(architecture, {name: source}, target, params.width, params.norm)


def critic_for(params: Params, game: LossParams, seen: Mapping[str, Space]) -> NetworkSpec:
    """D of the section network that is shown images, the first of `seen`, and others beside them
    as their condition."""
    network = params.network
    norm = game.discriminator_norm or network.discriminator_norm
    architecture, width = f"{network.name}.discriminator", network.discriminator_width
    return NetworkSpec(architecture, seen, Score(), width, norm)


def unfit_images(spaces: Mapping[str, Space], wanted: tuple[str, str], what: str) -> str | None:
    """Why fields `wanted` of images cannot be learned, in words; None where they can."""
    if all(isinstance(spaces.get(name), Image) for name in wanted):
        return None
    return f"it learns {what}, {' and '.join(wanted)}, and this data has {', '.join(spaces)}"


def sides(space: Space) -> tuple[int, ...]:
    """Rows and columns of images."""
    return space.size[1:]
