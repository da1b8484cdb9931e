"""What is measured by class: which are drawn, with how much variety, and whether labels are obeyed.

Samples are counted into the classes that the judge sees in them. The labels of a conditional
generator's samples are the classes that it was asked for.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from ganstudy import metrics
from ganstudy.evaluation.shared import Metric, Values
from ganstudy.files import Labels
from ganstudy.metrics import ClassCoverage, Features, PerClassCoverage

NAMED = 3  # classes of those that lack images


def coverage_by_class(
    fake: Features,
    real: Features,
    labels: Labels,
    held: Features,
    held_labels: Labels,
    names: Sequence[str],
    k: int,
) -> list[Metric]:
    """Shares of the classes `names`, corrected for the judge's confusion on `held`-out images, and
    coverage inside each class; `labels` are the real images' true classes.

    A class counts as collapsed where it is drawn, but covers less than half of what so many
    perfect samples would. Shares need a held-out image of every class, coverage k + 1 real ones.
    """
    classes = len(names)

    @cache
    def shares() -> ClassCoverage:
        confusion = metrics.soft_confusion(_posteriors(held), held_labels, classes)
        counts = np.bincount(labels, minlength=classes)
        return metrics.class_coverage(_posteriors(fake), confusion, counts / len(labels))

    @cache
    def inside() -> PerClassCoverage:
        own = _posteriors(fake).argmax(1)
        return metrics.per_class_coverage(real.features, labels, fake.features, own, classes, k)

    def captured() -> Values:
        found = shares()
        return {
            "classes": classes,
            "classes_captured": found.captured,
            "class_tv": found.total_variation,
            **_each("class_share", found.shares),
        }

    no_confusion = _lack(held_labels, names, 1, "a validation image, to show the judge's errors")
    too_few = _lack(labels, names, k + 1, f"{k + 1} images in the reference")
    return [
        Metric("classes_captured, class_tv, class_share", captured, no_confusion),
        Metric("class_coverage", lambda: _each("class_coverage", inside().coverage), too_few),
        Metric(
            "classes_collapsed",
            lambda: {
                "classes_collapsed": metrics.mode_verdicts(shares(), inside()).count("collapsed")
            },
            no_confusion or too_few,
        ),
    ]


def conditional_metrics(
    fake: Features, asked: Labels, real: Features, labels: Labels, names: Sequence[str]
) -> list[Metric]:
    """How well a conditional generator draws the class it is `asked` for.

    `class_accuracy`: share of samples to which the judge, trained on real images, gives that class
    (GAN-test of Shmelkov et al. 2018, arXiv:1807.09499). `class_fid`: mean over classes of the
    Fréchet distance between samples asked for a class and real images of it, with the distance of
    each; it needs 2 samples and 2 real images of every class.
    """

    def accuracy() -> Values:
        return {"class_accuracy": float((_posteriors(fake).argmax(1) == asked).mean())}

    def distances() -> Values:
        found = metrics.per_class_frechet_distance(
            fake.features, asked, real.features, labels, len(names)
        )
        return {"class_fid": float(found.mean()), **_each("class_fid", found)}

    lacks = _lack(asked, names, 2, "2 samples")
    lacks = lacks or _lack(labels, names, 2, "2 images in the reference")
    return [Metric("class_accuracy", accuracy), Metric("class_fid", distances, lacks)]


def _lack(labels: Labels, names: Sequence[str], least: int, needed: str) -> str:
    """Which classes have fewer than `least` of `labels`: those that are `needed`, in words. Empty
    where none has."""
    few = np.flatnonzero(np.bincount(labels, minlength=len(names)) < least)
    if not few.size:
        return ""
    shown = ", ".join(repr(names[label]) for label in few[:NAMED])
    more = ", …" if few.size > NAMED else ""
    return f"{few.size:,} of {len(names):,} classes ({shown}{more}) do not have {needed}"


def _posteriors(features: Features) -> npt.NDArray[np.float64]:
    found: npt.NDArray[np.float64] = softmax(np.asarray(features.logits, np.float64), axis=1)
    return found


def _each(name: str, values: Any) -> Values:
    return {f"{name}_{index:02d}": float(value) for index, value in enumerate(values)}
