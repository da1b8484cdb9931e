"""Solids: whether samples hold together, stand, are symmetric, vary as real ones do, and are no
copies of training solids."""

from collections.abc import Mapping
from functools import cached_property

import numpy as np
import torch

from ganstudy.data.fields import load_dataset
from ganstudy.data.rendering import rendered
from ganstudy.dataset import Array, Dataset
from ganstudy.evaluation.shared import Metric, Values, measured
from ganstudy.files import Images
from ganstudy.metrics import shapes
from ganstudy.params import Params
from ganstudy.seeding import numpy_generator
from ganstudy.study import layout

SHOWN = 64


class VoxelProtocol:
    """Of samples `x` against the test split, as many of it."""

    def __init__(self, params: Params, device: torch.device) -> None:
        self._params = params

    def measure(self, outputs: Mapping[str, Array], test: Dataset) -> Values:
        """`x`; the test split is what they are compared with."""
        return self._measure(np.asarray(outputs["x"], bool), test.fields["x"])

    def measure_real(self) -> Values:
        """Training solids in the place of samples, but for `nearest_iou`, which is of the test
        split: what is new and real has."""
        test = load_dataset(layout.PREPARED, "test").fields["x"]
        rng = numpy_generator(self._params.evaluate.seed, "solids in the place of samples")
        chosen = rng.permutation(len(self._train))[: len(test)]
        values = self._measure(self._train[np.sort(chosen)], test)
        best, _ = shapes.nearest_iou(test, self._train)
        return {**values, "nearest_iou": float(best.mean()), "copies": float((best == 1).mean())}

    def shown(self, outputs: Mapping[str, Array], test: Dataset) -> Mapping[str, Images]:
        """Samples, beside the training solid that is nearest to each, and solids of the test
        split."""
        samples = np.asarray(outputs["x"], bool)[:SHOWN]
        _, which = shapes.nearest_iou(samples, self._train)
        columns = {
            "output": samples,
            "nearest of training": self._train[which],
            "real": test.fields["x"][: len(samples)],
        }
        return {name: rendered(solids) for name, solids in columns.items()}

    @cached_property
    def _train(self) -> Array:
        return np.asarray(load_dataset(layout.PREPARED, "train").fields["x"], bool)

    def _measure(self, samples: Array, test: Array) -> Values:
        count = min(len(samples), len(test))
        samples, test = samples[:count], np.asarray(test[:count], bool)
        return {
            "count": count,
            **measured(
                [
                    Metric("one_piece", lambda: _mean("one_piece", shapes.one_piece(samples))),
                    Metric("on_floor", lambda: _mean("on_floor", shapes.on_floor(samples))),
                    Metric("mirror_iou", lambda: _mean("mirror_iou", shapes.mirror_iou(samples))),
                    Metric("tv, tv_…", lambda: _histograms(samples, test)),
                    Metric("nearest_iou, copies", lambda: _copies(samples, self._train)),
                    Metric("coverage", lambda: {"coverage": shapes.coverage(samples, test)}),
                ]
            ),
        }


def _mean(name: str, values: Array) -> Values:
    return {name: float(values.mean())}


def _histograms(samples: Array, test: Array) -> Values:
    """The total variation of the histogram of each measure, and their mean."""
    made, real = shapes.measures(samples), shapes.measures(test)
    each = {f"tv_{name}": shapes.total_variation(made[name], real[name]) for name in made}
    return {"tv": float(np.mean(list(each.values()))), **each}


def _copies(samples: Array, train: Array) -> Values:
    best, _ = shapes.nearest_iou(samples, train)
    return {"nearest_iou": float(best.mean()), "copies": float((best == 1).mean())}
