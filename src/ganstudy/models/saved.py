"""Trained models on disk: each network's weights as safetensors, and a model.json that rebuilds
them.

>>> generator = load_generator(Path("data/runs/gan-wgan-0"))
>>> images = generator.sample(64, seed=0)
"""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from ganstudy.dataset import Array
from ganstudy.errors import InputError
from ganstudy.files import Labels, Samples, read_json, write_bytes, write_json
from ganstudy.keys import RunKey
from ganstudy.models import model_class
from ganstudy.models.base import (
    FromCodes,
    GenerativeModel,
    Given,
    Networks,
    Specs,
    balanced_labels,
    generated,
    inputs_for,
    latents,
)
from ganstudy.networks import NetworkSpec, specs
from ganstudy.spaces import Space

MODEL, WEIGHTS = "model.json", "generator.safetensors"
COMPANIONS = ("encoder", "discriminator", "classifier")  # where there are several, the first
# What a foreign description of a network may raise when it is built.
_MALFORMED = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    StopIteration,
    TypeError,
    ValueError,
)


@dataclass(frozen=True)
class SavedModel:
    """All networks of a run, ready to sample. `meta` is the whole of model.json."""

    networks: Networks
    specs: Specs
    meta: dict[str, Any]

    def sample(self, count: int, seed: int, given: Given | None = None) -> dict[str, Array]:
        """`count` of each output of the model, by name, as they are stored. Codes are drawn for
        `seed`, classes come in turn; what is `given` (N, ...) by name takes their place, and
        models of images or points need it: `InputError`."""
        inputs = inputs_for(self.inputs, count, seed, given)
        return generated(model_of(self.meta), self.networks, self.specs, inputs, seed)

    @property
    def inputs(self) -> Mapping[str, Space]:
        """What it samples for, by name."""
        return model_of(self.meta).inputs(self.specs)

    @property
    def outputs(self) -> Mapping[str, Space]:
        """What it makes, the main output first."""
        return model_of(self.meta).outputs(self.specs)


@dataclass(frozen=True)
class SavedGenerator:
    """A generator ready to sample. `meta` is the whole of model.json."""

    network: nn.Module
    spec: NetworkSpec
    meta: dict[str, Any]

    def sample(self, count: int, seed: int, labels: Labels | None = None) -> Samples:
        """`count` images uint8 (count, H, W, C) or points float32 (count, d). A conditional
        generator takes `labels`, or else draws every class in turn."""
        if labels is None:
            labels = self.labels(count)
        return self.decode(latents(self.spec.latent, count, seed), labels)

    def decode(self, z: Tensor, labels: Labels | None = None, batch: int = 500) -> Samples:
        """The samples that codes (N, latent) stand for."""
        given = {"z": z} | ({} if labels is None else {"y": torch.from_numpy(labels)})
        networks, described = {"generator": self.network}, {"generator": self.spec}
        return generated(FromCodes, networks, described, given, batch=batch)["x"]

    def labels(self, count: int) -> Labels | None:
        """The classes that `sample` draws by default: each in turn; None when unconditional."""
        return balanced_labels(count, self.spec.classes)


@dataclass(frozen=True)
class Companion:
    """The network that a generator was trained with, by its name: see `COMPANIONS`."""

    role: str
    spec: NetworkSpec
    network: nn.Module


def save_model(folder: Path, networks: Networks, described: Specs, meta: dict[str, Any]) -> None:
    """Writes the weights of each network, then model.json: `meta` and how they are `described`."""
    for name, network in networks.items():
        save_weights(_weights(folder, name), network)
    write_json(folder / MODEL, meta | specs.to_json(described))


def load_model(
    folder: Path, device: torch.device | str = "cpu", *, sampling: bool = False
) -> SavedModel:
    """Loads what `save_model` wrote; for `sampling` the networks that take part in it alone. Raises
    `InputError` naming a missing or broken file."""
    meta, described = _described(folder)
    wanted: Collection[str] = described
    if sampling:
        averaged = model_of(meta).averaged
        if not (wanted := averaged & described.keys()):
            raise InputError(f"{folder / MODEL} does not describe a {min(averaged)}")
    networks = {name: _network(folder, name, described[name], device) for name in wanted}
    return SavedModel(networks, described, meta)


def model_of(meta: Mapping[str, Any]) -> type[GenerativeModel]:
    """The class of the model that a model.json tells of. Raises `InputError` where it tells of
    none."""
    try:
        return model_class(RunKey.parse(meta["params"]["run"]).model)
    except (LookupError, TypeError) as error:
        raise InputError(f"{MODEL} does not say which run it is of") from error


def load_generator(folder: Path, device: torch.device | str = "cpu") -> SavedGenerator:
    """Loads the network called generator alone, likewise."""
    meta, described = _described(folder)
    if "generator" not in described:
        raise InputError(f"{folder / MODEL} does not describe a generator")
    spec = described["generator"]
    return SavedGenerator(_network(folder, "generator", spec, device), spec, meta)


def load_specs(folder: Path) -> Specs:
    """How the networks of a run are described, by name."""
    return _described(folder)[1]


def load_companion(folder: Path, device: torch.device | str = "cpu") -> Companion:
    """Loads the network that the generator in `folder` was trained with, likewise."""
    _, described = _described(folder)
    role = next((name for name in COMPANIONS if name in described), None)
    if role is None:
        raise InputError(f"{folder / MODEL} does not describe a companion")
    return Companion(role, described[role], _network(folder, role, described[role], device))


def _described(folder: Path) -> tuple[dict[str, Any], dict[str, NetworkSpec]]:
    meta = read_json(folder / MODEL)
    try:
        return meta, specs.from_json(meta)
    except _MALFORMED as error:
        raise InputError(f"{folder / MODEL} does not describe a network: {error}") from error


def _network(folder: Path, name: str, spec: NetworkSpec, device: torch.device | str) -> nn.Module:
    network = restored(spec.build, _weights(folder, name), folder / MODEL)
    return network.to(device).eval()


def _weights(folder: Path, name: str) -> Path:
    return folder / f"{name}.safetensors"


def restored(build: Callable[[], nn.Module], weights: Path, description: Path) -> nn.Module:
    """The network that `build` makes, with the weights of a file, which may be of a smaller float
    type; `description` is the file that says what to build. No memory is taken for a network of
    more numbers than the file has.

    Raises `InputError` naming the file that is missing, broken, or does not fit the other.
    """
    state = _read_weights(weights)
    try:
        with torch.device("meta"):
            wanted = _size(build().state_dict())
    except _MALFORMED as error:
        raise InputError(f"{description} does not describe a network: {error}") from error
    if wanted > (there := _size(state)):
        raise InputError(
            f"{weights} does not fit the network beside it, which has {wanted:,} weights: here are "
            f"{there:,}"
        )
    network = build()
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise InputError(f"{weights} does not fit the network beside it: {error}") from error
    return network


def _size(state: Mapping[str, Tensor]) -> int:
    return sum(tensor.numel() for tensor in state.values())


def save_weights(path: Path, network: nn.Module) -> None:
    """Writes a network's weights and buffers as safetensors; equal weights give equal bytes."""
    state = {name: tensor.cpu().contiguous() for name, tensor in network.state_dict().items()}
    write_bytes(path, save(state))


def _read_weights(path: Path) -> dict[str, Tensor]:
    try:
        return load(path.read_bytes())
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except (SafetensorError, json.JSONDecodeError) as error:
        raise InputError(f"{path} is not a readable safetensors file: {error}") from error
