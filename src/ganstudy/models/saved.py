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
from torch import nn

from ganstudy.errors import InputError
from ganstudy.files import Images, Labels, read_json, write_bytes, write_json
from ganstudy.models.base import balanced_labels, generate
from ganstudy.networks import NETWORKS, ImageShape

MODEL, WEIGHTS = "model.json", "generator.safetensors"


@dataclass(frozen=True)
class GeneratorSpec:
    """What rebuilds a generator: family, shape (C, H, W), sizes, classes (0: unconditional)."""

    network: str
    shape: tuple[int, int, int]
    latent: int
    width: int
    classes: int

    def build(self) -> nn.Module:
        """The network with fresh weights."""
        family = NETWORKS[self.network]
        return family.generator(ImageShape(*self.shape), self.latent, self.width, self.classes)


@dataclass(frozen=True)
class SavedGenerator:
    """A generator ready to sample. `meta` is the whole of model.json."""

    network: nn.Module
    spec: GeneratorSpec
    meta: dict[str, Any]

    def sample(self, count: int, seed: int, labels: Labels | None = None) -> Images:
        """`count` images uint8 (count, H, W, C). A conditional generator takes `labels`, or else
        draws every class in turn."""
        if labels is None:
            labels = self.labels(count)
        return generate(self.network, self.spec.latent, labels, count, seed)

    def labels(self, count: int) -> Labels | None:
        """The classes that `sample` draws by default: each in turn; None when unconditional."""
        return balanced_labels(count, self.spec.classes)


def save_generator(
    folder: Path, network: nn.Module, spec: GeneratorSpec, meta: dict[str, Any]
) -> None:
    """Writes weights, then model.json (`meta` and the spec) into `folder`."""
    save_weights(folder / WEIGHTS, network)
    write_json(folder / MODEL, meta | {"generator": asdict(spec)})


def load_generator(folder: Path, device: torch.device | str = "cpu") -> SavedGenerator:
    """Loads what `save_generator` wrote. Raises `InputError` naming a missing or broken file."""
    meta = read_json(folder / MODEL)
    try:
        fields = meta["generator"]
        spec = GeneratorSpec(**fields | {"shape": tuple(fields["shape"])})
        network = spec.build()
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{folder / MODEL} does not describe a generator: {error}") from error
    load_weights(folder / WEIGHTS, network)
    return SavedGenerator(network.to(device).eval(), spec, meta)


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
