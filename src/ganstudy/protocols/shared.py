"""What the protocols of images and of stacked images both say."""

from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from ganstudy import metrics
from ganstudy.judging import Examiner
from ganstudy.params import EvaluateParams

Values = dict[str, Any]


def frechet(
    x: npt.NDArray[np.floating[Any]], y: npt.NDArray[np.floating[Any]], evaluate: EvaluateParams
) -> Values:
    """The Fréchet distance of features `x` to the reference's `y`, debiased, and its interval."""
    with threadpool_limits(1, "blas"):  # its many small matrices are slower on several
        low, high = metrics.frechet_interval(x, y, resamples=evaluate.resamples, seed=evaluate.seed)
    return {
        "fid": metrics.frechet_distance(x, y),
        "fid_debiased": metrics.debiased_frechet_distance(x, y, evaluate.seed),
        "fid_low": low,
        "fid_high": high,
    }


def judged_by(examiner: Examiner, evaluate: EvaluateParams) -> Values:
    """Who measured, and with which seed."""
    values: Values = {
        "judge": examiner.extractor.name,
        "judge_sha256": examiner.extractor.sha256,
        "seed": evaluate.seed,
    }
    if examiner.info is not None:
        values["judge_accuracy"] = examiner.info.accuracy
    return values
