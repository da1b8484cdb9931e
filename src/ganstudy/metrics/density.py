"""Densities on a grid, where the truth is known: mixtures of Gaussians."""

from typing import Any

import numpy as np

from ganstudy.metrics.checks import Array, as_features, same_width


def grid_points(reach: float, side: int) -> Array:
    """The centres of side² equal cells of the square [-reach, reach]², float64 (side², 2)."""
    line = ((np.arange(side) + 0.5) / side * 2 - 1) * reach
    return np.column_stack([np.tile(line, side), np.repeat(line, side)])


def mixture_log_density(points: Any, centers: Any, sigma: float) -> Array:
    """The log density (N,) at `points` (N, 2) of Gaussians of deviation `sigma` and equal weight
    around `centers` (K, 2)."""
    from scipy.special import logsumexp

    points, centers = as_features(points, "points"), as_features(centers, "centers")
    same_width(points, centers, "points and centers")
    squares = ((points[:, None] - centers[None]) ** 2).sum(2)
    found: Array = logsumexp(-squares / (2 * sigma**2), axis=1)
    found -= np.log(2 * np.pi * sigma**2 * len(centers))
    return found


def density_kl(log_truth: Any, log_model: Any) -> float:
    """KL(truth || model) in nats of two densities at the same cells, each known but for a constant
    and normalised over them: float (N,) each. For an energy E, `log_model` is -E."""
    from scipy.special import log_softmax

    truth, model = (np.asarray(log, np.float64) for log in (log_truth, log_model))
    if truth.ndim != 1 or truth.shape != model.shape:
        raise ValueError(f"densities at the same cells; these are {truth.shape} and {model.shape}")
    if not (np.isfinite(truth).all() and np.isfinite(model).all()):
        raise ValueError("a log density is not finite")
    log_p, log_q = log_softmax(truth), log_softmax(model)
    return max(0.0, float((np.exp(log_p) * (log_p - log_q)).sum()))
