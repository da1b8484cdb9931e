"""The number of threads changes no result but by rounding."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_limits

from ganstudy import metrics
from ganstudy.metrics import JudgeExtractor
from ganstudy.networks.classifier import Classifier
from ganstudy.spaces import Image

RNG = np.random.default_rng(0)
X = np.maximum(RNG.normal(size=(3000, 40)) @ RNG.normal(size=(40, 40)), 0).astype(np.float32)
Y = np.maximum(RNG.normal(size=(2500, 40)) @ RNG.normal(size=(40, 40)), 0).astype(np.float32)

VALUES: dict[str, Callable[[], object]] = {
    "frechet": lambda: metrics.frechet_distance(X, Y),
    "debiased": lambda: metrics.debiased_frechet_distance(X, Y, 0),
    "interval": lambda: metrics.frechet_interval(X, Y),
    "kernel": lambda: metrics.kernel_distance(*metrics.standardize(X, Y)),
    "inception": lambda: metrics.inception_score(X[:, :10]).score,
    "memorization": lambda: metrics.memorization(X[:1500], X[1500:], Y).ct_z,
}


def on(threads: int, compute: Callable[[], object]) -> object:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with threadpool_limits(threads):
            return compute()
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("name", VALUES)
def test_values_agree_to_rounding(name: str) -> None:
    one, two = (on(threads, VALUES[name]) for threads in (1, 2))
    assert two == pytest.approx(one, rel=1e-9)


def test_shares_of_neighbours_are_equal() -> None:
    one, two = (
        on(threads, lambda: metrics.precision_recall_density_coverage(X, Y)) for threads in (1, 2)
    )
    assert one == two


def test_features_agree_to_the_rounding_of_float32() -> None:
    torch.manual_seed(0)
    network = Classifier(Image(1, 12, 12), 10, 8, 16)
    images = RNG.integers(0, 256, (300, 12, 12, 1), dtype=np.uint8)
    judge = JudgeExtractor(network, "judge", "")
    one, two = (on(threads, lambda: judge.extract(images)) for threads in (1, 2))
    np.testing.assert_allclose(one.features, two.features, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(one.logits, two.logits, rtol=1e-4, atol=1e-5)
