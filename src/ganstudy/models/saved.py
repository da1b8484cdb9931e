"""A trained generator on disk: safetensors beside a model.json that rebuilds the network.

>>> generator = load_generator(Path("data/runs/gan-wgan-0"))
>>> images = generator.sample(64, seed=0)
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from ganstudy.errors import InputError
from ganstudy.files import Labels, Samples, read_json, write_bytes, write_json
from ganstudy.models.base import Companion, balanced_labels, codes, decode
from ganstudy.networks import DiscriminatorSpec, EncoderSpec, GeneratorSpec

MODEL, WEIGHTS = "model.json", "generator.safetensors"
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
_COMPANIONS: dict[str, type[DiscriminatorSpec | EncoderSpec]] = {
    "discriminator": DiscriminatorSpec,
    "encoder": EncoderSpec,
}


@dataclass(frozen=True)
class SavedGenerator:
    """A generator ready to sample. `meta` is the whole of model.json."""

    network: nn.Module
    spec: GeneratorSpec
    meta: dict[str, Any]

    def sample(self, count: int, seed: int, labels: Labels | None = None) -> Samples:
        """`count` images uint8 (count, H, W, C) or points float32 (count, d). A conditional
        generator takes `labels`, or else draws every class in turn."""
        if labels is None:
            labels = self.labels(count)
        return self.decode(codes(self.spec.latent, count, seed), labels)

    def decode(self, z: Tensor, labels: Labels | None = None) -> Samples:
        """The samples that codes (N, latent) stand for."""
        return decode(self.network, self.spec.shape, z, labels)

    def labels(self, count: int) -> Labels | None:
        """The classes that `sample` draws by default: each in turn; None when unconditional."""
        return balanced_labels(count, self.spec.classes)


def save_model(
    folder: Path,
    network: nn.Module,
    spec: GeneratorSpec,
    companion: Companion,
    meta: dict[str, Any],
) -> None:
    """Writes weights of generator and companion, then model.json (`meta` and specs)."""
    save_weights(folder / WEIGHTS, network)
    save_weights(folder / f"{companion.role}.safetensors", companion.network)
    specs = {"generator": asdict(spec), companion.role: asdict(companion.spec)}
    write_json(folder / MODEL, meta | specs)


def load_generator(folder: Path, device: torch.device | str = "cpu") -> SavedGenerator:
    """Loads what `save_model` wrote. Raises `InputError` naming a missing or broken file."""
    meta = read_json(folder / MODEL)
    try:
        spec = GeneratorSpec(**_fields(meta["generator"]))
    except _MALFORMED as error:
        raise InputError(f"{folder / MODEL} does not describe a generator: {error}") from error
    network = restored(spec.build, folder / WEIGHTS, folder / MODEL)
    return SavedGenerator(network.to(device).eval(), spec, meta)


def load_companion(folder: Path, device: torch.device | str = "cpu") -> Companion:
    """Loads the network that the generator in `folder` was trained with, likewise."""
    meta = read_json(folder / MODEL)
    try:
        role = next(name for name in _COMPANIONS if name in meta)
        spec = _COMPANIONS[role](**_fields(meta[role]))
    except _MALFORMED as error:
        raise InputError(f"{folder / MODEL} does not describe a companion: {error}") from error
    network = restored(spec.build, folder / f"{role}.safetensors", folder / MODEL)
    return Companion(role, spec, network.to(device).eval())


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


def _fields(spec: dict[str, Any]) -> dict[str, Any]:
    return spec | {"stored": tuple(spec["stored"])}


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
