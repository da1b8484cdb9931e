"""Metrics from features against other implementations: seconds side by side, in one process."""

import contextlib
import io
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from prdc import compute_prdc
from scipy.linalg import sqrtm
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric
from torch_fidelity.metric_prc import prc_features_to_metric

from ganstudy.metrics import (
    frechet_distance,
    kernel_distance,
    precision_recall_density_coverage,
    standardize,
)
from ganstudy.progress import log
from ganstudy.seeding import numpy_generator

Floats = npt.NDArray[np.float32]
SAMPLES = 10_000
WIDTHS = (128, 512, 1024, 2048)


@dataclass(frozen=True)
class Timed:
    """One way to compute `task`: seconds, and the value that came out."""

    task: str
    way: str
    seconds: float
    value: float


def frechet() -> Iterator[Timed]:
    """At rank N > d, on features whose spectrum falls as those of images do."""
    for d in WIDTHS:
        x, y = features(d)
        ways: Mapping[str, Callable[[], float]] = {
            "ganstudy, SVD of factors": lambda x=x, y=y: frechet_distance(x, y),  # type: ignore[misc]
            "scipy sqrtm": lambda x=x, y=y: by_sqrtm(x, y),  # type: ignore[misc]
            "torch-fidelity, eigenvalues": lambda x=x, y=y: by_eigenvalues(x, y),  # type: ignore[misc]
        }
        yield from timed(f"FID, d = {d}", ways)


def neighbours() -> Iterator[Timed]:
    for d in (128, 512):
        x, y = features(d)
        ways: Mapping[str, Callable[[], float]] = {
            "ganstudy: P, R, D, C": lambda x=x, y=y: (  # type: ignore[misc]
                precision_recall_density_coverage(y, x, 5).precision
            ),
            "prdc: P, R, D, C": lambda x=x, y=y: silent(  # type: ignore[misc]
                lambda: compute_prdc(y, x, nearest_k=5)["precision"]
            ),
            "torch-fidelity: P, R": lambda x=x, y=y: prc_features_to_metric(  # type: ignore[misc]
                torch.from_numpy(x),
                torch.from_numpy(y),
                prc_neighborhood=5,
                prc_batch_size=10_000,
                save_cpu_ram=False,
                verbose=False,
            )["precision"],
        }
        yield from timed(f"neighbours, d = {d}", ways)


def kernel() -> Iterator[Timed]:
    for d in (128, 2048):
        x, y = features(d)
        y, x = (s.astype(np.float32) for s in standardize(y, x))
        ways: Mapping[str, Callable[[], float]] = {
            "ganstudy, all pairs": lambda x=x, y=y: kernel_distance(x, y),  # type: ignore[misc]
            "torch-fidelity, 100 subsets of 1,000": lambda x=x, y=y: kid_features_to_metric(  # type: ignore[misc]
                torch.from_numpy(x),
                torch.from_numpy(y),
                kid_subsets=100,
                kid_subset_size=1000,
                kid_kernel="poly",
                kid_kernel_poly_degree=3,
                kid_kernel_poly_gamma=None,
                kid_kernel_poly_coef0=1,
                rng_seed=0,
                verbose=False,
            )["kernel_inception_distance_mean"],
        }
        yield from timed(f"KID, d = {d}", ways)


def timed(task: str, ways: Mapping[str, Callable[[], Any]]) -> Iterator[Timed]:
    for way, compute in ways.items():
        began = time.perf_counter()
        value = float(compute())
        found = Timed(task, way, time.perf_counter() - began, value)
        log(f"{task}: {way}: {found.seconds:.2f} s, {found.value:.6g}")
        yield found


def features(d: int) -> tuple[Floats, Floats]:
    rng = numpy_generator(0, f"benchmark features {d}")
    scales = 1 / np.sqrt(1 + np.arange(d))
    turn, _ = np.linalg.qr(rng.normal(size=(d, d)))
    x, y = ((rng.normal(size=(SAMPLES, d)) * scales) @ turn for _ in range(2))
    return np.maximum(x, -0.5).astype(np.float32), np.maximum(1.1 * y, -0.5).astype(np.float32)


def by_sqrtm(x: Floats, y: Floats) -> float:
    (m, s), (n, t) = ((f.mean(0), np.cov(f.astype(np.float64), rowvar=False)) for f in (x, y))
    root = np.asarray(sqrtm(s @ t))
    return float(np.sum((m - n) ** 2) + np.trace(s) + np.trace(t) - 2 * np.trace(root).real)


def by_eigenvalues(x: Floats, y: Floats) -> float:
    statistics = (fid_features_to_statistics(torch.from_numpy(f)) for f in (x, y))
    return float(fid_statistics_to_metric(*statistics, False)["frechet_inception_distance"])


def silent(compute: Callable[[], float]) -> float:
    with contextlib.redirect_stdout(io.StringIO()):
        return compute()
