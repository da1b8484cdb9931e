"""What is measured of translations between two domains of images.

Rows of a dataset's two domains belong to each other only where its maker says so (`partnered`): no
model is told, but then it can be measured whether a translation is the right one.
"""

from collections.abc import Callable, Mapping

import numpy as np

from ganstudy import metrics
from ganstudy.dataset import Array, Dataset
from ganstudy.evaluation.pairs import fidelity
from ganstudy.evaluation.shared import Floats, Metric, Values, prefixed
from ganstudy.files import Images, Labels
from ganstudy.metrics.relation import class_kept, retrieval, retrieval_ratio
from ganstudy.seeding import numpy_generator
from ganstudy.spaces import Label

OTHER = {"a": "b", "b": "a"}
WAYS = ("cycle", "rounded", "noisy")  # as CycleGAN's outputs call what comes back
PARTNERS = 241  # among which the right one is looked for: more make another scale
NO_PARTNERS = "rows of the two domains that belong to each other"
LEARNT_FROM = 5_000  # labelled images by which classes are told
Features = Callable[[Images], Floats]


def translations(
    outputs: Mapping[str, Array],
    test: Dataset,
    train: Dataset,
    *,
    partnered: bool,
    features: Features | None = None,
) -> list[Metric]:
    """Rows of all that was made of either domain: `a_to_b/<metric>`, and of what comes back
    `a_<way>/l1`. `features` are a judge's, for FID; None where there is none."""
    rows: list[Metric] = []
    for side, other in OTHER.items():
        name = f"{side}_to_{other}"
        if name in outputs:
            made = np.asarray(outputs[name])
            found = _one_way(made, side, test, train, partnered=partnered, features=features)
            rows += [prefixed(row, name) for row in found]
        for way in WAYS:
            if (back := outputs.get(f"{side}_{way}")) is not None:
                rows.append(_back(f"{side}_{way}/l1", back, test.fields[side][: len(back)]))
    return rows


def untouched(test: Dataset, train: Dataset, *, partnered: bool) -> list[Metric]:
    """The same of inputs that are left as they are: the baseline of every translation. Inputs of
    another shape have none."""
    if test.spaces["a"] != test.spaces["b"]:
        return []
    as_they_are = {f"{side}_to_{other}": test.fields[side] for side, other in OTHER.items()}
    return translations(as_they_are, test, train, partnered=partnered)


def columns(outputs: Mapping[str, Array], test: Dataset) -> dict[str, Images]:
    """a, what was made of it and what comes back; and b likewise."""
    shown: dict[str, Images] = {}
    for side, other in OTHER.items():
        name = f"{side}_to_{other}"
        if name in outputs:
            shown[side] = test.fields[side][: len(outputs[name])]
            shown[f"{side} as {other}"] = outputs[name]
            shown[f"{side} again"] = outputs[f"{side}_rounded"]
    return shown


def _one_way(
    made: Images,
    side: str,
    test: Dataset,
    train: Dataset,
    *,
    partnered: bool,
    features: Features | None,
) -> list[Metric]:
    other = OTHER[side]
    inputs, real = test.fields[side][: len(made)], test.fields[other]
    lacks = "" if partnered else NO_PARTNERS
    truth = real[: len(made)]
    rows = [Metric(row.names, row.compute, lacks or row.lacks) for row in fidelity(made, truth)]
    same = inputs.shape == truth.shape
    rows += [
        Metric("retrieval", lambda: {"retrieval": retrieval(_flat(made), _flat(truth))}, lacks),
        Metric(
            "retrieval_ratio",
            lambda: {"retrieval_ratio": retrieval_ratio(_flat(made), _flat(inputs), _flat(truth))},
            lacks or ("" if same else "domains of one shape"),
        ),
        Metric(
            "class_kept",
            lambda: _class_kept(made, side, test, train),
            "" if _is_labelled(test) and _is_labelled(train) else "labels of both domains",
        ),
    ]
    if features is not None:
        rows.append(Metric("fid", lambda: {"fid": _fid(features, made, real)}))
    return rows


def _back(name: str, back: Array, inputs: Images) -> Metric:
    return Metric(name, lambda: {name: metrics.mean_absolute_error(back, inputs)})


def _flat(images: Images) -> Floats:
    """The pixels of the first images as float64 (N, d)."""
    first = np.asarray(images[:PARTNERS], np.float64)
    return first.reshape(len(first), -1)


def _fid(features: Features, made: Images, real: Images) -> float:
    return metrics.frechet_distance(features(made), features(real))


def _is_labelled(data: Dataset) -> bool:
    return all(f"label_{side}" in data.fields for side in OTHER)


def _class_kept(made: Images, side: str, test: Dataset, train: Dataset) -> Values:
    """By a classifier that learns from real images of the other domain, and what it tells of real
    ones that are held out: no translation can be expected to keep more."""
    other = OTHER[side]
    space = test.spaces[f"label_{side}"]
    assert isinstance(space, Label)  # noqa: S101 - the fields' names say so
    tell = _teller(train.fields[other], train.fields[f"label_{other}"])
    before = test.fields[f"label_{side}"][: len(made)]
    real, truth = test.fields[other], test.fields[f"label_{other}"]
    return {
        "class_kept": class_kept(before, tell(made), space.classes),
        "class_told": class_kept(truth, tell(real), space.classes),
    }


def _teller(images: Images, labels: Labels) -> Callable[[Images], Labels]:
    """Nearest neighbours vote: nothing of a translator was trained by them."""
    from sklearn.neighbors import KNeighborsClassifier

    rows = numpy_generator(0, "evaluation: classes of a domain").permutation(len(images))
    chosen = np.sort(rows[:LEARNT_FROM])
    voters = KNeighborsClassifier(min(3, len(chosen))).fit(
        images[chosen].reshape(len(chosen), -1).astype(np.float32), labels[chosen]
    )

    def tell(new: Images) -> Labels:
        told: Labels = voters.predict(new.reshape(len(new), -1).astype(np.float32))
        return told

    return tell
