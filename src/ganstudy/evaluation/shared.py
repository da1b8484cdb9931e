"""What the protocols of images and of stacked images both say."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from ganstudy import metrics
from ganstudy.evaluation.cache import code_version, kept_values
from ganstudy.evaluation.extractor import Extractor
from ganstudy.evaluation.judging import SOURCES
from ganstudy.files import Samples
from ganstudy.files.memmap import parts
from ganstudy.params import EvaluateParams
from ganstudy.progress import log
from ganstudy.study.runs import LEFT_OUT

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
    is left out and said, with the reason, and costs no other; the reason stands in its place, under
    `LEFT_OUT` and its first name. Any other error is a bug, and raised.
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
        log(f"evaluate: left out {', '.join(names)}: {reason}")
        values |= {LEFT_OUT + row.split(",")[0]: reason for row in names}
    return values


def prefixed(row: Metric, prefix: str) -> Metric:
    """A row whose names begin with `prefix`, which tells one of several outputs."""

    def compute() -> Values:
        return {f"{prefix}/{name}": value for name, value in row.compute().items()}

    return Metric(f"{prefix}/{row.names}", compute, row.lacks)


def frechet(x: Floats, y: Floats, evaluate: EvaluateParams) -> list[Metric]:
    """The Fréchet distance of features `x` to the reference's `y`; and, where there are samples
    enough to tell its bias, debiased and in its own unit, with their intervals."""

    def estimate() -> Values:
        found = metrics.frechet_estimate(x, y, seed=evaluate.seed)
        return {
            "fid_debiased": found.distance,
            "fid_low": found.low,
            "fid_high": found.high,
            "fid_relative": found.relative,
            "fid_relative_low": found.relative_low,
            "fid_relative_high": found.relative_high,
        }

    debiased, relative = "fid_debiased, fid_low, fid_high", "fid_relative and its low and high"
    return [
        Metric("fid", lambda: {"fid": metrics.frechet_distance(x, y)}),
        Metric(f"{debiased}, {relative}", estimate),
    ]


def floor(
    extractor: Extractor,
    data: Sequence[str],
    pool: Callable[[], Sequence[Floats]],
    count: int,
    evaluate: EvaluateParams,
) -> Metric:
    """What `count` perfect samples score: mean and spread of the Fréchet distance of random real
    images from others, of the `pool` of training and reference features.

    One value for every run of a study, hence kept, by the hashes of the `data` in the pool.
    """

    def compute() -> Values:
        floors = metrics.frechet_floors(pool(), count, seed=evaluate.seed)
        return {"fid_floor": float(floors.mean()), "fid_floor_std": float(floors.std(ddof=1))}

    made_by = [
        extractor.inner.sha256,
        list(data),
        [count, evaluate.seed],
        code_version(metrics, *SOURCES),
    ]
    return Metric("fid_floor, fid_floor_std", lambda: kept_values("floor", made_by, compute))


def judged_by(extractor: Extractor, evaluate: EvaluateParams) -> Values:
    """Who measured, and with which seed."""
    values: Values = {
        "judge": extractor.inner.name,
        "judge_sha256": extractor.inner.sha256,
        "seed": evaluate.seed,
    }
    if extractor.info is not None:
        values["judge_accuracy"] = extractor.info.accuracy
    return values


def tell_of_copies(samples: Samples, reference: Samples) -> None:
    """Says how many of `samples` are an image of the `reference`, byte for byte: such samples are
    not new, and every distance is smaller for them."""
    known = set(_digests(reference))
    count = sum(digest in known for digest in _digests(samples))
    if count:
        log(
            f"evaluate: {count:,} of {len(samples):,} samples are exact copies of images of the "
            "reference: they make every distance smaller"
        )


def _digests(samples: Samples) -> Iterator[bytes]:
    rows = chain.from_iterable(parts(samples))
    return (hashlib.sha256(np.ascontiguousarray(row).data).digest() for row in rows)
