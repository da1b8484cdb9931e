"""From images to features: one streaming pass that feeds every metric."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from ganstudy.errors import InputError, nearest
from ganstudy.files import sha256_arrays
from ganstudy.metrics.checks import as_count, as_images, read_only

if TYPE_CHECKING:
    import torch

    # uint8 (N, C, H, W) on the device -> features (N, d), and logits (N, K) where there are any.
    Forward = Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor | None]]

Floats = npt.NDArray[np.float32]

BATCH = 100  # on two cores a third faster than 256, whose maps leave the cache


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """`features` float32 (N, d); `logits` float32 (N, K), None where there is no classifier."""

    features: Floats
    logits: Floats | None


class FeatureExtractor(Protocol):
    """What turns images into features. `name` and `sha256` (of the weights) identify it."""

    @property
    def name(self) -> str:
        """What results call it."""

    @property
    def sha256(self) -> str:
        """Hash of its weights: part of the key of every cached feature."""

    def extract(self, images: Any, batch: int = BATCH) -> Features:
        """Features of uint8 (N, H, W, C) images; the same to rounding for any `batch`."""


def must_be_registered(name: str) -> None:
    """Raises `InputError` where torch-fidelity knows no extractor of that name."""
    from torch_fidelity.registry import FEATURE_EXTRACTORS_REGISTRY

    if name not in FEATURE_EXTRACTORS_REGISTRY:
        raise InputError(
            f"{name!r} is not registered; {nearest(name, FEATURE_EXTRACTORS_REGISTRY)}"
        )


class TorchFidelityExtractor:
    """Any extractor registered in torch-fidelity: its Inception, VGG, CLIP, DINOv2, or your own.

    Its own layers for FID (features) and for IS (logits) are taken; extractors that are no
    classifiers give no logits. The built-in ones want 3 channels: a single one is repeated.
    `sha256` is of the weights as loaded, whichever way they came.
    """

    def __init__(self, name: str, weights: Path | None = None, device: str = "cpu") -> None:
        """Builds the extractor, from `weights` or, where None, by download.

        Raises `InputError` for an unknown name, and for weights that are missing or do not fit.
        """
        from torch_fidelity.registry import FEATURE_EXTRACTORS_REGISTRY
        from torch_fidelity.utils import create_feature_extractor

        must_be_registered(name)
        kind = FEATURE_EXTRACTORS_REGISTRY[name]
        layers = [kind.get_default_feature_layer_for_metric(metric) for metric in ("fid", "isc")]
        builtin = kind.__module__.startswith("torch_fidelity.")
        if weights is not None and builtin and not name.startswith("clip-"):
            _refuse_code(weights)
        try:
            self._network = create_feature_extractor(
                name,
                list(dict.fromkeys(layers)),
                cuda=False,
                verbose=False,
                feature_extractor_weights_path=None if weights is None else str(weights),
            )
        except Exception as error:  # whatever a foreign constructor, download or unpickler raises
            raise InputError(_why_not(name, weights, error)) from error
        self._network.to(device)
        self._device = device
        self._repeat = builtin
        self.name = name
        self.sha256 = sha256_arrays(
            *(value.cpu().numpy() for _, value in sorted(self._network.state_dict().items()))
        )

    def extract(self, images: Any, batch: int = BATCH) -> Features:
        """Features of uint8 (N, H, W, C) images, C in {1, 3}."""

        def forward(pixels: "torch.Tensor") -> "tuple[torch.Tensor, torch.Tensor | None]":
            if self._repeat and pixels.shape[1] == 1:
                pixels = pixels.expand(-1, 3, -1, -1)
            found = self._network(pixels)
            return found[0], found[1] if len(found) > 1 else None

        return extract_in_batches(forward, images, batch, self._device)


def extract_in_batches(
    forward: "Forward", images: Any, batch: int = BATCH, device: str = "cpu"
) -> Features:
    """Runs `forward` over uint8 (N, H, W, C) `images`, `batch` at a time, without gradients."""
    import torch

    from ganstudy import distributed

    images = as_images(images, "images")
    as_count(batch, "batch", 1)
    # On a GPU: convolutions in full float32, by the same algorithm for every batch.
    exact = torch.backends.cudnn.flags(
        enabled=True, benchmark=False, deterministic=True, allow_tf32=False
    )
    dimensions = 0

    def extracted(rows: slice) -> "torch.Tensor":
        nonlocal dimensions
        pixels = torch.from_numpy(images[rows].copy()).to(device)
        features, logits = forward(pixels.permute(0, 3, 1, 2).contiguous())
        dimensions = _flat(features, "features").shape[1]
        parts = [features] if logits is None else [features, _flat(logits, "logits")]
        return torch.cat([part.float() for part in parts], 1)

    with torch.inference_mode(), exact:
        both = distributed.in_turns(len(images), batch, extracted).numpy()
    features, logits = both[:, :dimensions].copy(), both[:, dimensions:].copy()
    return Features(read_only(features), read_only(logits) if logits.size else None)


def _flat(values: "torch.Tensor", name: str) -> "torch.Tensor":
    if values.ndim != 2:
        raise ValueError(f"an extractor's {name} must be (N, d); they are {tuple(values.shape)}")
    return values


def _refuse_code(weights: Path) -> None:
    """Raises unless `weights` holds tensors only: torch-fidelity would run any pickle."""
    import torch

    try:
        torch.load(weights, map_location="cpu", weights_only=True)
    except OSError as error:
        raise InputError(f"cannot read {weights}: {error.strerror}") from error
    except Exception as error:  # unpickling errors have no common class
        raise InputError(
            f"{weights} is not a plain PyTorch state dict (tensors by name)"
        ) from error


def _why_not(name: str, weights: Path | None, error: Exception) -> str:
    if isinstance(error, NotImplementedError):
        return f"{name} takes no weights by path; give none"
    reason = (str(error) or type(error).__name__).splitlines()[0]
    if weights is not None:
        return f"{weights} does not fit {name}: {reason}"
    return (
        f"cannot get the weights of {name}: {reason}; fetch them where there is a network "
        f"and give the file's path"
    )
