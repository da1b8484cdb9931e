"""The pipeline's own judge as a feature extractor: here, and inside torch-fidelity.

A judge is a torch module, images float (N, C, H, W) in [-1, 1] -> (features (N, d), logits (N, K)).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ganstudy.metrics.extractors import BATCH, Features, extract_in_batches

if TYPE_CHECKING:
    import torch

REGISTERED_NAME = "ganstudy-judge"


class JudgeExtractor:
    """Extracts with a judge. The module is moved to `device` and set to evaluation mode."""

    def __init__(
        self, network: "torch.nn.Module", name: str, sha256: str, device: str = "cpu"
    ) -> None:
        """`name` and `sha256`, of the weights' file, identify the judge in results and caches."""
        self.network = network.to(device).eval()
        self._device = device
        self.name = name
        self.sha256 = sha256

    def extract(self, images: Any, batch: int = BATCH) -> Features:
        """Features and logits of uint8 (N, H, W, C) images, C as the judge was trained on."""

        def forward(pixels: "torch.Tensor") -> "tuple[torch.Tensor, torch.Tensor | None]":
            features, logits = self.network(scaled(pixels))
            return features, logits

        return extract_in_batches(forward, images, batch, self._device)


def scaled(pixels: "torch.Tensor") -> "torch.Tensor":
    """uint8 pixels as floats of torch's default type, float32, in [-1, 1]."""
    import torch

    return pixels.to(torch.get_default_dtype()) / 127.5 - 1


def register_judge(
    network_loader: "Callable[[], torch.nn.Module]",
    name: str = REGISTERED_NAME,
    features: tuple[str, str] = ("features", "logits"),
) -> None:
    """Registers a judge in torch-fidelity, for its `calculate_metrics(feature_extractor=name, …)`.

    `network_loader` builds the judge anew each time torch-fidelity asks. `features` names the two
    outputs: the first is that library's default layer for FID, KID and PRC, the second for IS. A
    judge registered before under `name` is replaced; the name of another extractor is a
    `ValueError`. Pass `cache=False` there: its cache does not see that weights have changed.
    """
    from torch_fidelity.feature_extractor_base import FeatureExtractorBase
    from torch_fidelity.registry import FEATURE_EXTRACTORS_REGISTRY, register_feature_extractor

    class Judge(FeatureExtractorBase):  # type: ignore[misc]
        is_ganstudy_judge = True

        def __init__(self, name: str, features_list: list[str], **_: Any) -> None:
            super().__init__(name, features_list)
            self.judge = network_loader()

        @staticmethod
        def get_provided_features_list() -> tuple[str, str]:
            return features

        @staticmethod
        def get_default_feature_layer_for_metric(metric: str) -> str:
            return features[1] if metric == "isc" else features[0]

        @staticmethod
        def can_be_compiled() -> bool:
            return False

        def forward(self, pixels: "torch.Tensor") -> "tuple[torch.Tensor, ...]":
            import torch

            if pixels.dtype != torch.uint8 or pixels.ndim != 4:
                raise ValueError(
                    f"{self.name} wants uint8 images (N, C, H, W); "
                    f"found {pixels.dtype} {tuple(pixels.shape)}"
                )
            outputs = dict(zip(features, self.judge(scaled(pixels)), strict=True))
            return tuple(outputs[layer].float() for layer in self.features_list)

    known = FEATURE_EXTRACTORS_REGISTRY.get(name)
    if known is not None and not getattr(known, "is_ganstudy_judge", False):
        raise ValueError(f"{name!r} is the name of another extractor of torch-fidelity")
    FEATURE_EXTRACTORS_REGISTRY.pop(name, None)
    register_feature_extractor(name, Judge)
