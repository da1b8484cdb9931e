"""What the protocols of images and of stacked images both say."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from ganstudy import metrics
from ganstudy.files import Samples
from ganstudy.judging import Examiner
from ganstudy.mapped import parts
from ganstudy.params import EvaluateParams
from ganstudy.progress import say

Values = dict[str, Any]
Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Metric:
    """One row of what is measured: the `names` of its values, how to `compute` them, and what the
    data `lacks` for it, empty where they lack nothing."""

    names: str
    compute: Callable[[], Values]
    lacks: str = ""


def measured(rows: Sequence[Metric]) -> Values:
    """The values of all `rows` that the data allow.

    A metric whose needs the data do not meet, or whose own check refuses them with a `ValueError`,
    is left out and said, with the reason, and costs no other. Any other error is a bug, and raised.
    """
    values: Values = {}
    left_out: dict[str, list[str]] = {}  # names by reason: one line each
    for row in rows:
        lacks = row.lacks
        if not lacks:
            try:
                values |= row.compute()
            except ValueError as error:
                lacks = str(error)
        if lacks:
            left_out.setdefault(lacks, []).append(row.names)
    for reason, names in left_out.items():
        say(f"evaluate: left out {', '.join(names)}: {reason}")
    return values


def frechet(x: Floats, y: Floats, evaluate: EvaluateParams) -> list[Metric]:
    """The Fréchet distance of features `x` to the reference's `y`, its interval, and debiased."""

    def distance() -> Values:
        with threadpool_limits(1, "blas"):  # its many small matrices are slower on several
            low, high = metrics.frechet_interval(
                x, y, resamples=evaluate.resamples, seed=evaluate.seed
            )
        return {"fid": metrics.frechet_distance(x, y), "fid_low": low, "fid_high": high}

    def debiased() -> Values:
        return {"fid_debiased": metrics.debiased_frechet_distance(x, y, evaluate.seed)}

    return [Metric("fid, fid_low, fid_high", distance), Metric("fid_debiased", debiased)]


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


def tell_of_copies(samples: Samples, reference: Samples) -> None:
    """Says how many of `samples` are an image of the `reference`, byte for byte: such samples are
    not new, and every distance is smaller for them."""
    known = set(_digests(reference))
    count = sum(digest in known for digest in _digests(samples))
    if count:
        say(
            f"evaluate: {count:,} of {len(samples):,} samples are exact copies of images of the "
            "reference: they make every distance smaller"
        )


def _digests(samples: Samples) -> Iterator[bytes]:
    rows = chain.from_iterable(parts(samples))
    return (hashlib.sha256(np.ascontiguousarray(row).data).digest() for row in rows)
