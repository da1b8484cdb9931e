"""What few labels are worth alone, shifted and mirrored, and beside what a generator makes of them.

Three classifiers of one network see equally many images by one schedule; they differ in which.
Beside them logistic regression and the nearest neighbour learn from the same labels.
"""

import numpy as np
import numpy.typing as npt
import torch

from ganstudy.data.images import Split
from ganstudy.evaluation.judging import accuracy_learnt
from ganstudy.evaluation.shared import Metric, Values, measured
from ganstudy.files import Labels
from ganstudy.metrics import error_rate
from ganstudy.params import JudgeParams
from ganstudy.training.precision import Precision

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

    `error_labels`: these images as they are; `error_varied`: shifted by up to SHIFT pixels and,
    where the `recipe` says so, mirrored; `error_samples`: as they are, and as many `generated` ones
    among them, whose generator must have seen no other labels. `error_logistic` and `error_nearest`
    are of pixels. One that cannot be had is left out, with the reason.
    """
    count = max(len(labelled.images), len(generated.images))
    again, made = (_repeated(split, count) for split in (labelled, generated))
    varied = recipe.model_copy(update={"shift": SHIFT})
    plain = recipe.model_copy(update={"shift": 0, "flip": False})

    def error(name: str, how: JudgeParams, learnt: Split, what: str) -> Metric:
        def compute() -> Values:
            told = accuracy_learnt(how, learnt, test, classes, precision, device, what)
            return {name: 1 - told}

        return Metric(name, compute)

    both = Split(
        np.concatenate([again.images, made.images]),
        np.concatenate([_known(again), _known(made)]),
    )
    return measured(
        [
            error("error_labels", plain, again, "few labels"),
            error("error_varied", varied, again, "few labels, varied"),
            error("error_samples", plain, both, "few labels and samples"),
            Metric("error_logistic, error_nearest", lambda: _by_pixels(labelled, test)),
        ]
    )


def _by_pixels(labelled: Split, test: Split) -> Values:
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier

    learnt, asked = (
        split.images.reshape(len(split.images), -1) / 255 for split in (labelled, test)
    )
    models = {
        "error_logistic": LogisticRegression(max_iter=ITERATIONS),
        "error_nearest": KNeighborsClassifier(1),
    }
    return {
        name: error_rate(model.fit(learnt, _known(labelled)).predict(asked), _known(test))
        for name, model in models.items()
    }


def _repeated(split: Split, count: int) -> Split:
    """Its rows again and again, `count` of them."""
    rows: npt.NDArray[np.int64] = np.resize(np.arange(len(split.images)), count)
    return Split(split.images[rows], _known(split)[rows])


def _known(split: Split) -> Labels:
    if split.labels is None:
        raise ValueError("few labels: images without labels")
    return split.labels
