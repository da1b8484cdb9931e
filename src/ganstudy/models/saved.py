"""A trained generator on disk: safetensors beside a model.json that rebuilds the network.

>>> generator = load_generator(Path("data/runs/gan-wgan-0"))
>>> images = generator.sample(64, seed=0)
"""

import json
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
        network = spec.build()
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InputError(f"{folder / MODEL} does not describe a generator: {error}") from error
    load_weights(folder / WEIGHTS, network)
    return SavedGenerator(network.to(device).eval(), spec, meta)


def load_companion(folder: Path, device: torch.device | str = "cpu") -> Companion:
    """Loads the network that the generator in `folder` was trained with, likewise."""
    meta = read_json(folder / MODEL)
    try:
        role = next(name for name in _COMPANIONS if name in meta)
        spec = _COMPANIONS[role](**_fields(meta[role]))
        network = spec.build()
    except (StopIteration, TypeError, AttributeError, KeyError, ValueError) as error:
        raise InputError(f"{folder / MODEL} does not describe a companion: {error}") from error
    load_weights(folder / f"{role}.safetensors", network)
    return Companion(role, spec, network.to(device).eval())


def _fields(spec: dict[str, Any]) -> dict[str, Any]:
    return spec | {"stored": tuple(spec["stored"])}


def save_weights(path: Path, network: nn.Module) -> None:
    """Writes a network's weights and buffers as safetensors; equal weights give equal bytes."""
    state = {name: tensor.cpu().contiguous() for name, tensor in network.state_dict().items()}
    write_bytes(path, save(state))


def load_weights(path: Path, network: nn.Module) -> None:
    """Reads weights into `network`. Raises `InputError` when they are missing or do not fit."""
    try:
        network.load_state_dict(load(path.read_bytes()))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except (SafetensorError, json.JSONDecodeError) as error:
        raise InputError(f"{path} is not a readable safetensors file: {error}") from error
    except RuntimeError as error:
        raise InputError(f"{path} does not fit the network beside it: {error}") from error
