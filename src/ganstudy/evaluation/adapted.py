"""What is measured of labels that were learnt in one domain, `a`, and predicted in another, `b`."""

from collections.abc import Callable, Mapping

import numpy as np

from ganstudy import metrics
from ganstudy.dataset import Array, Dataset
from ganstudy.evaluation.shared import Metric, Values
from ganstudy.files import Images
from ganstudy.seeding import numpy_generator
from ganstudy.spaces import DOMAINS, Label

ACCURACIES = {"b": "target_accuracy", "a": "source_accuracy"}
PROBED = 1000  # rows of each domain: a probe of ten times as many takes minutes


def adapted(outputs: Mapping[str, Array], test: Dataset, seed: int) -> list[Metric]:
    """Rows of outputs `label_b`, `label_a`, and of features: the share of right labels of either
    domain, and whether a fresh classifier tells the domains by their features."""
    rows = []
    for side, name in ACCURACIES.items():
        told = outputs.get(f"label_{side}")
        if told is not None:
            lacks = "" if f"label_{side}" in test.fields else f"labels of {side}"
            rows.append(Metric(name, _accuracy(name, told, side, test), lacks))
    features = [outputs.get(f"features_{side}") for side in DOMAINS]
    if all(found is not None for found in features):
        source, target = (_some(np.asarray(found), seed) for found in features)
        rows.append(
            Metric(
                "fresh_probe",
                lambda: {"fresh_probe": metrics.fresh_probe(source, target, seed=seed)},
            )
        )
    return rows


def columns(outputs: Mapping[str, Array], test: Dataset) -> dict[str, Images]:
    """Images of the target, an image of the source of the class that each was told to be, and one
    of the class that it is."""
    told, source = outputs.get("label_b"), test.fields.get("label_a")
    if told is None or source is None:
        return {}
    count = len(told)
    first = {int(label): row for row, label in reversed(list(enumerate(source)))}

    def examples(labels: Array) -> Images:
        empty = np.zeros_like(test.fields["a"][0])
        return np.stack([test.fields["a"][first[k]] if k in first else empty for k in labels])

    shown = {"b": test.fields["b"][:count], "told as": examples(told.tolist())}
    truth = test.fields.get("label_b")
    return shown | ({} if truth is None else {"is": examples(truth[:count].tolist())})


def _accuracy(name: str, told: Array, side: str, test: Dataset) -> Callable[[], Values]:
    def compute() -> Values:
        truth = test.fields[f"label_{side}"][: len(told)]
        labels = test.spaces[f"label_{side}"]
        assert isinstance(labels, Label)  # noqa: S101 - the field's name says so
        return {name: metrics.class_kept(truth, told, labels.classes)}

    return compute


def _some(rows: Array, seed: int) -> Array:
    """`PROBED` of them at most, drawn."""
    chosen = numpy_generator(seed, "rows of the fresh probe").permutation(len(rows))[:PROBED]
    return rows[np.sort(chosen)]
