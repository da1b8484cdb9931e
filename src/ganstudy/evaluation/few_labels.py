"""What few labels are worth alone, shifted and mirrored, and beside what a generator makes of them.

Three classifiers of one network see equally many images by one schedule; they differ in which.
Beside them logistic regression and the nearest neighbour learn from the same labels.
"""

import numpy as np
import numpy.typing as npt
import torch

from ganstudy import distributed
from ganstudy.data.images import Split
from ganstudy.evaluation.judging import accuracy, classifier, classifier_training
from ganstudy.evaluation.shared import Values
from ganstudy.files import Labels
from ganstudy.metrics import error_rate
from ganstudy.params import JudgeParams
from ganstudy.training.precision import Precision
from ganstudy.training.trainer import Callbacks

SHIFT = 2  # pixels, at most
ITERATIONS = 1000  # of logistic regression


def errors(
    labelled: Split,
    generated: Split,
    test: Split,
    recipe: JudgeParams,
    classes: int,
    precision: Precision,
    device: torch.device,
) -> Values:
    """Errors on `test` of what learns from the `labelled` images, all uint8 (N, H, W, C) with
    labels int64 (N,) in 0 … `classes` - 1, as shares in [0, 1].

    `error_labels`: these images as they are; `error_varied`: shifted by up to SHIFT pixels, and
    half of them mirrored; `error_samples`: as they are, and as many `generated` ones among them,
    whose generator must have seen no other labels. `recipe` is the classifier's, but for what
    varies images. `error_logistic` and `error_nearest` are of pixels.
    """
    count = len(generated.images)
    again = _rows(labelled, np.resize(np.arange(len(labelled.images)), count))
    plain = recipe.model_copy(update={"shift": 0, "flip": False})
    varied = recipe.model_copy(update={"shift": SHIFT, "flip": True})

    def error(what: str, how: JudgeParams, learnt: Split) -> float:
        training = classifier_training(how, learnt, classes, precision, device)
        training.fit(None, Callbacks(f"train a classifier on {what}"))
        return 1 - accuracy(classifier(training.average.module, device), test)

    with distributed.no_sync():  # its draws are of one process
        return {
            "error_labels": error("few labels", plain, again),
            "error_varied": error("few labels, varied", varied, again),
            "error_samples": error("few labels and samples", plain, _both(again, generated)),
            **_by_pixels(labelled, test),
        }


def _by_pixels(labelled: Split, test: Split) -> Values:
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier

    models = {
        "error_logistic": LogisticRegression(max_iter=ITERATIONS),
        "error_nearest": KNeighborsClassifier(1),
    }
    learnt, asked = (
        split.images.reshape(len(split.images), -1) / 255 for split in (labelled, test)
    )
    return {
        name: error_rate(model.fit(learnt, _known(labelled)).predict(asked), _known(test))
        for name, model in models.items()
    }


def _both(one: Split, other: Split) -> Split:
    images = np.concatenate([one.images, other.images])
    return Split(images, np.concatenate([_known(one), _known(other)]))


def _rows(split: Split, rows: npt.NDArray[np.int64]) -> Split:
    return Split(split.images[rows], _known(split)[rows])


def _known(split: Split) -> Labels:
    if split.labels is None:
        raise ValueError("few labels: images without labels")
    return split.labels
