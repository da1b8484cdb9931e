"""What rebuilds a network: plain values, as model.json keeps them beside the weights."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from ganstudy import spaces
from ganstudy.networks.architectures import ARCHITECTURES
from ganstudy.spaces import (
    Label,
    Noise,
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
