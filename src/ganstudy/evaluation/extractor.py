"""The extractor that `evaluate.extractor` names, whose features are kept on this machine."""

from dataclasses import dataclass
from pathlib import Path

import torch

from ganstudy import distributed, judges
from ganstudy.errors import InputError, naming
from ganstudy.evaluation.cache import code_version, forget_oldest
from ganstudy.evaluation.judging import CACHED, SOURCES, JudgeInfo, load_judge, load_released
from ganstudy.files import Samples, read_npz, sha256_arrays, write_npz
from ganstudy.metrics import FeatureExtractor, Features, TorchFidelityExtractor, must_be_registered
from ganstudy.params import EvaluateParams
from ganstudy.study.layout import from_root, in_study, state


@dataclass(frozen=True)
class Extractor:
    """An extractor with what is known of it; `info` is None for an extractor that is no judge."""

    inner: FeatureExtractor
    info: JudgeInfo | None

    @property
    def knows_classes(self) -> bool:
        """Whether its logits are over the classes of the data."""
        return self.info is not None and self.info.task == "labels"

    def features(self, images: Samples, *, cached: bool = False) -> Features:
        """Features of uint8 images (N, H, W, C); `cached` keeps them
        in the study, keyed by content."""
        if self.info is not None:
            self._must_fit(images)
        if not (cached and in_study()):
            return self.inner.extract(images)
        key = f"{self.inner.sha256[:24]}-{sha256_arrays(images)[:24]}-{code_version(*SOURCES)}"
        path = state("features", key) / "features.npz"
        if distributed.agreed(path.is_file()):
            arrays = read_npz(path)
            return Features(arrays[0], arrays[1] if len(arrays) > 1 else None)
        found = self.inner.extract(images)
        if distributed.is_main():
            write_npz(path, found.features, *([] if found.logits is None else [found.logits]))
            forget_oldest(path, CACHED)
        return found

    def _must_fit(self, images: Samples) -> None:
        assert self.info is not None  # noqa: S101 - checked by the caller
        wanted = (*self.info.resolution, self.info.channels)
        if images.shape[1:] != wanted:
            raise InputError(
                f"images are {_size(images.shape[1:])}, but the judge was trained on "
                f"{self.info.data} at {_size(wanted)}: bring them to that size and channel count"
            )


def load_extractor(params: EvaluateParams, judge: Path, device: torch.device) -> Extractor:
    """The extractor that params name: the study's judge, a released one, or one of
    torch-fidelity's."""
    if params.extractor == "judge":
        return Extractor(*load_judge(judge, device))
    if (released := judges.named(params.extractor)) is not None:
        if params.weights is not None:
            raise InputError(f"evaluate.weights: the judge {params.extractor} has its own")
        return Extractor(*load_released(released, device))
    weights = None if params.weights is None else from_root(params.weights)
    with naming("evaluate.extractor"):
        must_be_registered(params.extractor)
    with naming("evaluate.weights"):
        return Extractor(TorchFidelityExtractor(params.extractor, weights, str(device)), None)


def _size(shape: tuple[int, ...]) -> str:
    height, width, channels = shape
    return f"{height}×{width} with {channels} channel{'s' * (channels > 1)}"
