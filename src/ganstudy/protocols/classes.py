"""What is measured by class: which are drawn, with how much variety, and whether labels are obeyed.

Samples are counted into the classes that the judge sees in them. The labels of a conditional
generator's samples are the classes that it was asked for.
"""

from typing import Any

import numpy as np
from scipy.special import softmax

from ganstudy import metrics
from ganstudy.files import Labels
from ganstudy.metrics import Features

Values = dict[str, Any]


def coverage_by_class(
    fake: Features, real: Features, labels: Labels, held: Features, held_labels: Labels, k: int
) -> Values:
    """Shares of the classes, corrected for the judge's confusion on held-out images, and coverage
    inside each; `labels` are the real images' true classes.

    A class counts as collapsed where it is drawn, but covers less than half of what so many
    perfect samples would. Coverage needs k + 1 real images of every class and is left out where
    they lack.
    """
    posteriors, held_posteriors = _posteriors(fake), _posteriors(held)
    classes = posteriors.shape[1]
    confusion = metrics.soft_confusion(held_posteriors, held_labels, classes)
    counts = np.bincount(labels, minlength=classes)
    shares = metrics.class_coverage(posteriors, confusion, counts / len(labels))
    values: Values = {
        "classes": classes,
        "classes_captured": shares.captured,
        "class_tv": shares.total_variation,
        **_each("class_share", shares.shares),
    }
    if counts.min() > k:
        inside = metrics.per_class_coverage(
            real.features, labels, fake.features, posteriors.argmax(1), classes, k
        )
        verdicts = metrics.mode_verdicts(shares, inside)
        values["classes_collapsed"] = verdicts.count("collapsed")
        values |= _each("class_coverage", inside.coverage)
    return values


def obedience(fake: Features, asked: Labels, real: Features, labels: Labels) -> Values:
    """How well a conditional generator draws the class it is `asked` for.

    `class_accuracy`: share of samples to which the judge, trained on real images, gives that class
    (GAN-test of Shmelkov et al. 2018, arXiv:1807.09499). `class_fid`: mean over classes of the
    Fréchet distance between samples asked for a class and real images of it, with the distance of
    each; left out where a class has fewer than 2 samples.
    """
    posteriors = _posteriors(fake)
    classes = posteriors.shape[1]
    values: Values = {"class_accuracy": float((posteriors.argmax(1) == asked).mean())}
    if min(np.bincount(side, minlength=classes).min() for side in (asked, labels)) >= 2:
        distances = metrics.per_class_frechet_distance(
            fake.features, asked, real.features, labels, classes
        )
        values |= {"class_fid": float(distances.mean()), **_each("class_fid", distances)}
    return values


def _posteriors(features: Features) -> Any:
    return softmax(np.asarray(features.logits, np.float64), axis=1)


def _each(name: str, values: Any) -> Values:
    return {f"{name}_{index:02d}": float(value) for index, value in enumerate(values)}
