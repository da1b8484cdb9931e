"""How outputs stand to what they were made from, and two domains to each other: agreement,
retrieval, class kept, and a fresh probe that tells domains apart.

Each number says nothing by itself where most images are alike: read it beside its baseline, which
is part of its definition here.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ganstudy.metrics.checks import (
    Array,
    Integers,
    as_count,
    as_features,
    as_images,
    as_labels,
    same_width,
)
from ganstudy.seeding import derive

INK = 128  # of a pixel that is set
_ELEMENTS = 2**24  # of a block of distances


def agreement(x: Any, y: Any) -> float:
    """The share of pixels that are set in both of a pair, or in neither: in [0, 1].

    `x` and `y`: uint8 (N, H, W, C), row i of one with row i of the other; set is >= 128 (the
    measure of Liu & Tuzel 2016, section 4). Two black images agree wholly: see
    `agreement_over_shuffled`.
    """
    first, second = _pairs(x, y, 1)
    return float((first == second).mean())


def agreement_over_shuffled(x: Any, y: Any) -> float:
    """(a - s) / (1 - s) for the agreement a of pairs and s of wrong pairs: 1 for equal images, 0
    where a pair agrees no better than any two images do, below 0 where it agrees less.

    `x` and `y` as in `agreement`, N >= 2. s is the mean over all i != j, exactly. Raises
    `ValueError` where wrong pairs agree wholly: then nothing tells a pair.
    """
    first, second = _pairs(x, y, 2)
    right, wrong = float((first == second).mean()), _wrong_pairs(first, second)
    if wrong >= 1 - 1e-12:
        raise ValueError("all images are alike, so that no pair agrees better than another")
    return (right - wrong) / (1 - wrong)


def retrieval(queries: Any, partners: Any) -> float:
    """The share of queries whose nearest neighbour among all partners is their own: in [0, 1], 1/N
    by guessing.

    Both float (N, d): row i belongs to row i. Of partners equally near each gets an equal part, so
    that N copies of one vector score 1/N.
    """
    found, base = as_features(queries, "queries"), as_features(partners, "partners")
    same_width(found, base, "queries and partners")
    if len(found) != len(base):
        raise ValueError(f"each query has one partner; found {len(found)} and {len(base)}")
    hits = 0.0
    for rows, squares in _squared_distances(found, base):
        own = squares[np.arange(len(squares)), rows]
        least = squares.min(axis=1)
        tied = (squares <= least[:, None]).sum(axis=1)
        hits += float(((own <= least) / tied).sum())
    return hits / len(found)


def retrieval_ratio(translated: Any, untouched: Any, partners: Any) -> float:
    """How many times as many partners are found from `translated` as from `untouched` inputs, of
    which at least as many are taken as found as guessing finds: 1/N. All float (N, d)."""
    base = max(retrieval(untouched, partners), 1 / len(partners))
    return retrieval(translated, partners) / base


def class_kept(before: Any, after: Any, classes: int) -> float:
    """The share of images that are of the class that they were made from: int labels (N,)."""
    count = len(before)
    if count == 0:
        raise ValueError("before needs at least 1 label")
    first = as_labels(before, "before", (count,), classes)
    return float((first == as_labels(after, "after", (count,), classes)).mean())


def fresh_probe(source: Any, target: Any, *, folds: int = 5, seed: int = 0) -> float:
    """The balanced accuracy with which a new linear classifier tells two domains by their features,
    each row by one that was not trained on it: ½ where nothing tells them, 1 where all does.

    `source` (N, d) and `target` (M, d), float, at least `folds` rows each. The classifier is
    logistic regression on standardised features under weak weight decay, `folds`-fold
    cross-validated in strata that `seed` draws. Unlike the discriminator that features were trained
    against it has nothing to forget: that one is at ½ too where it has lost (Ben-David et al. 2010,
    proxy A-distance 2 (2 × accuracy - 1)).
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    folds = as_count(folds, "folds", 2)
    first = as_features(source, "source", minimum=folds)
    second = as_features(target, "target", minimum=folds)
    same_width(first, second, "source and target")
    features = np.concatenate([first, second])
    domain = np.repeat([0, 1], [len(first), len(second)])
    strata = StratifiedKFold(folds, shuffle=True, random_state=derive(seed, "fresh probe") % 2**32)
    probe = make_pipeline(
        StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=1000)
    )
    told = cross_val_predict(probe, features, domain, cv=strata) == domain
    return float((told[domain == 0].mean() + told[domain == 1].mean()) / 2)


def _pairs(x: Any, y: Any, minimum: int) -> tuple[Array, Array]:
    """Both as float64 (N, pixels) of 0 and 1."""
    first, second = as_images(x, "x"), as_images(y, "y")
    if first.shape != second.shape:
        raise ValueError(f"x and y are pairs of one shape; found {first.shape} and {second.shape}")
    if len(first) < minimum:
        raise ValueError(f"x and y need at least {minimum} pairs; they have {len(first)}")
    flat = len(first), -1
    return (
        (first.reshape(flat) >= INK).astype(np.float64),
        (second.reshape(flat) >= INK).astype(np.float64),
    )


def _wrong_pairs(x: Array, y: Array) -> float:
    """The mean agreement of row i of `x` with row j of `y` over all i != j.

    Of a pixel set in p of N rows of `x` and q of `y`, pq + (N - p)(N - q) of all N² pairs agree;
    those of i = j are taken off.
    """
    count = len(x)
    p, q = x.sum(axis=0), y.sum(axis=0)
    every = (p * q + (count - p) * (count - q)).sum()
    right = float((x == y).sum())
    return float((every - right) / (count * (count - 1) * x.shape[1]))


def _squared_distances(queries: Array, base: Array) -> Iterator[tuple[Integers, Array]]:
    """Row numbers of some queries, and their squared distances to all of the base, from the
    differences themselves: equal partners are exactly equally near."""
    step = max(1, _ELEMENTS // base.size)
    for start in range(0, len(queries), step):
        rows = np.arange(start, min(start + step, len(queries)), dtype=np.int64)
        yield rows, ((queries[rows][:, None] - base[None]) ** 2).sum(axis=2)
