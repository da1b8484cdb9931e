"""Stacked images: the judge names each channel; the modes are triples of classes."""

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ganstudy import metrics
from ganstudy.data.images import Split, load_info, load_split
from ganstudy.data.stacked import CHANNELS, unstack
from ganstudy.errors import InputError
from ganstudy.evaluation.extractor import load_extractor
from ganstudy.evaluation.shared import (
    Metric,
    Values,
    floor,
    frechet,
    judged_by,
    measured,
    tell_of_copies,
)
from ganstudy.files import Samples, read_samples, sha256_arrays
from ganstudy.metrics import Features
from ganstudy.params import Params
from ganstudy.study import layout


class StackedProtocol:
    """Modes captured and their KL; FID over the three channels' features side by side."""

    def __init__(self, params: Params, device: torch.device) -> None:
        self._params = params
        self._extractor = load_extractor(params.evaluate, layout.JUDGE, device)
        if not self._extractor.knows_classes:
            raise InputError(
                "the modes of stacked images are told by the judge: evaluate.extractor judge"
            )
        self._classes = len(load_info(layout.PREPARED).classes or ())

    def read(self, path: Path) -> Split:
        """An npz with images uint8 (N, H, W, 3)."""
        if path.is_dir() or path.suffix != ".npz":
            raise InputError(f"{path}: stacked images are an .npz with arr_0 uint8 (N, H, W, 3)")
        return Split(*read_samples(path))

    def measure(self, samples: Split, reference: Split | None) -> Values:
        """Of the first `sample.count` stacks."""
        count = self._params.sample.count
        fake = self._channels(Split(samples.images[:count], None), cached=False)
        test = reference or load_split(layout.PREPARED, "test")
        real = self._channels(Split(test.images[:count], None), cached=True)
        values = self._against(fake, real) | {
            "reference": len(test.images[:count]),
            "reference_sha256": sha256_arrays(test.images[:count]),
        }
        tell_of_copies(samples.images[:count], test.images[:count])
        if reference is not None:
            return values
        train = load_split(layout.PREPARED, "train")
        x, y = _beside(fake), _beside(real)
        z = _beside(self._channels(Split(train.images[:count], None), cached=True))
        info = load_info(layout.PREPARED)
        data = [info.sha256_train, info.sha256_test, str(count)]  # the first of each are the pool
        fewer = min(len(y), len(z))
        return values | measured(
            [
                floor(self._extractor, data, lambda: [z, y], fewer, self._params.evaluate),
                Metric("fid_train", lambda: {"fid_train": metrics.frechet_distance(x, z)}),
            ]
        )

    def snapshot_metrics(self, samples: Split) -> Values:
        """Modes and KL of a snapshot."""
        found = self._modes(self._channels(samples, cached=False))
        return found | {"samples": len(samples.images)}

    def nearest(self, samples: Samples, k: int) -> None:
        """Nothing: a stack is of any three images."""

    def measure_real(self) -> Values:
        """The same of training stacks."""
        values = self.measure(load_split(layout.PREPARED, "train"), None)
        values.pop("fid_train", None)  # of images with themselves
        return values

    def _channels(self, split: Split, *, cached: bool) -> Features:
        if split.images.ndim != 4 or split.images.shape[3] != CHANNELS:
            raise InputError(f"stacked images are (N, H, W, 3), not {split.images.shape}")
        return self._extractor.features(unstack(split, self._classes).images, cached=cached)

    def _against(self, fake: Features, real: Features) -> Values:
        x, evaluate = _beside(fake), self._params.evaluate
        rows = [
            Metric("modes_captured, mode_kl", lambda: self._modes(fake)),
            *frechet(x, _beside(real), evaluate),
            Metric("entropy_conditional, entropy_marginal", lambda: _entropies(fake)),
        ]
        return {**measured(rows), **judged_by(self._extractor, evaluate), "samples": len(x)}

    def _modes(self, fake: Features) -> Values:
        labels = np.asarray(fake.logits).argmax(1).reshape(-1, CHANNELS)
        found = metrics.stacked_mode_statistics(labels, self._classes, self._shares)
        return {
            "modes": self._classes**CHANNELS,
            "modes_captured": found.modes_captured,
            "mode_kl": found.mode_kl,
            "mode_kl_floor": found.mode_kl_floor,
        }

    @cached_property
    def _shares(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """The share of each class among the channels of the training stacks."""
        labels = unstack(load_split(layout.PREPARED, "train"), self._classes).labels
        counts = np.bincount(np.asarray(labels), minlength=self._classes)
        return np.asarray(counts / counts.sum(), np.float64)


def _entropies(fake: Features) -> Values:
    score = metrics.inception_score(fake.logits)
    return {
        "entropy_conditional": score.entropy_conditional,
        "entropy_marginal": score.entropy_marginal,
    }


def _beside(features: Features) -> np.ndarray[Any, np.dtype[Any]]:
    """The features of each stack's channels side by side, (N, 3 d)."""
    return np.asarray(features.features).reshape(len(features.features) // CHANNELS, -1)
