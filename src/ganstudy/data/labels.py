"""Few labels: the labelled samples that a training is allowed, drawn by class."""

import numpy as np
import numpy.typing as npt

from ganstudy.dataset import Array, Dataset
from ganstudy.errors import InputError
from ganstudy.seeding import numpy_generator
from ganstudy.spaces import classes_of


def few_labels(data: Dataset, per_class: int, seed: int) -> Dataset:
    """All samples `x` without labels and, shuffled apart, `per_class` of each class as `labelled`
    with their labels `y`. Draws of one `seed` are nested: those of more labels have those of fewer.

    Raises `InputError` where there are no labels, or not as many of a class.
    """
    if "y" not in data.fields:
        raise InputError(
            "data.labels_per_class needs labels, and this data has none: set it to null"
        )
    labels, classes = data.fields["y"], classes_of(data.spaces)
    counts = np.bincount(labels, minlength=classes)
    if (least := int(counts.min())) < per_class:
        allowed = f"{least} or less" if least else "it has none to be labelled by"
        raise InputError(
            f"data.labels_per_class: {per_class}: of class {int(counts.argmin())} there are "
            f"{least} training samples: {allowed}"
        )
    rows = np.sort(np.concatenate([_drawn(labels, c, per_class, seed) for c in range(classes)]))
    fields = {"x": data.fields["x"], "labelled": data.fields["x"][rows], "y": labels[rows]}
    spaces = {"x": data.spaces["x"], "labelled": data.spaces["x"], "y": data.spaces["y"]}
    return Dataset(fields, spaces, (("x",), ("labelled", "y")))


def labelled_alone(data: Dataset) -> Dataset:
    """Of what `few_labels` returns, the labelled samples as all there are."""
    fields = {"x": data.fields["labelled"], "y": data.fields["y"]}
    spaces = {"x": data.spaces["labelled"], "y": data.spaces["y"]}
    return Dataset(fields, spaces, (("x", "y"),))


def _drawn(labels: Array, of: int, count: int, seed: int) -> npt.NDArray[np.int64]:
    rng = numpy_generator(seed, "labelled samples", of)
    return rng.permutation(np.flatnonzero(labels == of))[:count]
