"""Which classes a generator draws, how often, and how well each is covered.

Counting a judge's labels overstates coverage: its mistakes put samples into classes that are
missing. Here the mean posterior is corrected by the judge's own confusion on real images (it is
assumed to err alike on samples: see `class_coverage`), and a class that is
missing (mode dropping) is told from one that is drawn without variety (mode collapse).
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ganstudy.metrics.checks import (
    Array,
    Bools,
    Integers,
    as_count,
    as_features,
    as_labels,
    as_posteriors,
    as_shares,
    read_only,
    same_width,
)
from ganstudy.metrics.neighbours import ball_coverage, expected_coverage, neighbour_radii

CAPTURED = 1 / 4  # of its reference share a class must have
COLLAPSED = 1 / 2  # of its expected coverage, below which a class lacks variety

Verdict = Literal["covered", "dropped", "collapsed"]


@dataclass(frozen=True, slots=True, eq=False)
class ClassCoverage:
    """Class shares of a sample set, corrected for the judge's confusion.

    `shares` (K,) sum to 1; `present` (K,) says whether each class is captured, `captured` how many
    are; `total_variation` in [0, 1] is half the L1 distance of `shares` to the reference's.
    """

    shares: Array
    present: Bools
    captured: int
    total_variation: float


@dataclass(frozen=True, slots=True, eq=False)
class PerClassCoverage:
    """Coverage inside each class, all (K,).

    `coverage`: share of the class's real samples whose ball (k nearest of the same class) holds a
    generated sample of the class. `expected`: what a generator that draws the class perfectly
    would score at the same counts, so that few samples are not taken for little variety.
    `real`, `fake`: the counts.
    """

    coverage: Array
    expected: Array
    real: Integers
    fake: Integers


def soft_confusion(posteriors: Any, labels: Any, classes: int) -> Array:
    """Mean posterior of each true class: float64 (K, K), row c over samples of class c.

    `posteriors` float (N, K) of held-out real samples that the judge was not trained on, `labels`
    integers (N,). Every class must occur.
    """
    as_count(classes, "classes", 1)
    posteriors = as_posteriors(posteriors, "posteriors")
    _k_columns(posteriors, classes)
    labels = as_labels(labels, "labels", (len(posteriors),), classes)
    counts = np.bincount(labels, minlength=classes)
    if counts.min() == 0:
        raise ValueError(f"labels must hold every class; class {counts.argmin()} has no sample")
    sums = np.zeros((classes, classes))
    np.add.at(sums, labels, posteriors)
    return sums / counts[:, None]


def class_coverage(posteriors: Any, confusion: Any, reference_share: Any) -> ClassCoverage:
    """Class shares w of generated samples: the w on the simplex that solves Mᵀ w = q best.

    q is the mean of `posteriors` (N, K), M the `confusion` (K, K) of `soft_confusion`; Saerens et
    al. 2002 and Lipton et al. 2018 (arXiv:1802.03916) estimate label shift so.

    Label shift assumes that samples differ from real images in how often classes occur, and that
    those of one class look as real ones do: p(posterior | class) is the same. Blur, sharpness or
    artefacts break that. The judge then errs otherwise than `confusion` says, and shares move
    though the classes drawn do not: read small differences beside the distances inside the classes.

    A class c is captured where w_c >= 1/4 of its `reference_share` (K,); a class that the reference
    lacks is never captured.
    """
    posteriors = as_posteriors(posteriors, "posteriors")
    classes = posteriors.shape[1]
    confusion = as_posteriors(confusion, "confusion")
    if confusion.shape != (classes, classes):
        raise ValueError(f"confusion must have shape {(classes, classes)}; it is {confusion.shape}")
    reference = as_shares(reference_share, "reference_share", classes)
    shares = _on_simplex(confusion.T, posteriors.mean(axis=0))
    present = (shares >= CAPTURED * reference) & (reference > 0)
    return ClassCoverage(
        shares=read_only(shares),
        present=read_only(present),
        captured=int(present.sum()),
        total_variation=float(np.abs(shares - reference).sum() / 2),
    )


def per_class_coverage(
    real: Any, real_labels: Any, fake: Any, fake_labels: Any, classes: int, k: int = 5
) -> PerClassCoverage:
    """Coverage inside each class, of `real` (N, d) by `fake` (M, d) float samples.

    `real_labels` (N,) true classes, `fake_labels` (M,) the judge's or the requested classes,
    integers in 0 … `classes` - 1. Every class needs k + 1 real samples; a class without any fake
    sample has coverage 0.
    """
    as_count(classes, "classes", 1)
    as_count(k, "k", 1)
    real, fake = as_features(real, "real"), as_features(fake, "fake")
    same_width(real, fake, "real and fake")
    real_labels = as_labels(real_labels, "real_labels", (len(real),), classes)
    fake_labels = as_labels(fake_labels, "fake_labels", (len(fake),), classes)
    reals = np.bincount(real_labels, minlength=classes)
    fakes = np.bincount(fake_labels, minlength=classes)
    if reals.min() < k + 1:
        raise ValueError(
            f"real needs at least k + 1 = {k + 1} samples of every class; "
            f"class {reals.argmin()} has {reals.min()}"
        )
    coverage = np.zeros(classes)
    for c in np.flatnonzero(fakes):
        own = real[real_labels == c]
        coverage[c] = ball_coverage(own, fake[fake_labels == c], neighbour_radii(own, k))
    expected = [expected_coverage(int(n), int(m), k) for n, m in zip(reals, fakes, strict=True)]
    return PerClassCoverage(
        read_only(coverage), read_only(np.array(expected)), read_only(reals), read_only(fakes)
    )


def mode_verdicts(shares: ClassCoverage, inside: PerClassCoverage) -> tuple[Verdict, ...]:
    """What happened to each class: "dropped", drawn without variety ("collapsed") or "covered".

    Dropped: not captured, or no sample carries its label; collapsed: coverage inside the class
    below half of what its counts let expect.
    """
    if shares.present.shape != inside.coverage.shape:
        raise ValueError(
            f"shares and inside must be of the same classes; "
            f"found {shares.present.size} and {inside.coverage.size}"
        )
    dropped = ~shares.present | (inside.fake == 0)
    collapsed = inside.coverage < COLLAPSED * inside.expected
    return tuple(
        "dropped" if d else "collapsed" if c else "covered"
        for d, c in zip(dropped, collapsed, strict=True)
    )


def _on_simplex(matrix: Array, target: Array) -> Array:
    """The w >= 0, sum w = 1, that minimises |matrix w - target|², by one NNLS.

    On the simplex target = target · (1ᵀ w), so the residual is B w with B = matrix - target 1ᵀ.
    min |B w|² + (1ᵀ w - 1)² over w >= 0 has the same direction: with w = s v, 1ᵀ v = 1, the best s
    leaves |B v|² / (1 + |B v|²), which grows with |B v|².
    """
    from scipy.optimize import nnls

    classes = matrix.shape[1]
    system = np.vstack([matrix - target[:, None], np.ones((1, classes))])
    weights, _ = nnls(system, np.append(np.zeros(len(target)), 1.0))
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def _k_columns(posteriors: Array, classes: int) -> None:
    if posteriors.shape[1] != classes:
        raise ValueError(
            f"posteriors must have {classes} columns, one a class; they have {posteriors.shape[1]}"
        )


def error_rate(predicted: Any, labels: Any) -> float:
    """The share of samples whose `predicted` class is not that of `labels`, integers (N,) each."""
    predicted, labels = np.asarray(predicted), np.asarray(labels)
    if predicted.shape != labels.shape or labels.ndim != 1 or labels.size == 0:
        raise ValueError(
            f"classes and labels of the same samples: {predicted.shape} and {labels.shape}"
        )
    return float((predicted != labels).mean())
