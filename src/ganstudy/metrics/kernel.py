"""Kernel distance (KID): the squared maximum mean discrepancy under a cubic polynomial kernel.

Bińkowski et al. 2018 (arXiv:1801.01401), the unbiased estimator, with k(a, b) = (aᵀb / d + 1)³.
"""

from typing import Any

import numpy as np

from ganstudy.metrics.checks import Array, as_features, same_width

_BLOCK = 2048  # rows and columns of the kernel matrix held at a time


def kernel_distance(x: Any, y: Any) -> float:
    """Unbiased squared MMD over all pairs (full U-statistic); 0 in expectation at equality.

    `x`, `y`: float (N, d), N >= 2 each, used as given: features on a large scale dominate, so
    `standardize` them first. Negative values are honest estimates near 0 and are not clipped.
    The cost is of order N·d³ for few dimensions, else N²·d; both ways are exact to rounding.
    """
    x, y = as_features(x, "x", minimum=2), as_features(y, "y", minimum=2)
    same_width(x, y, "x and y")
    # k(a, b) = (uᵀv)³ with u = (a / sqrt(d), 1), v = (b / sqrt(d), 1).
    u, v = (np.hstack([s / np.sqrt(s.shape[1]), np.ones((len(s), 1))]) for s in (x, y))
    few_dimensions = u.shape[1] ** 2 < len(u) + len(v)
    sums = _sums_by_moments(u, v) if few_dimensions else _sums_by_blocks(u, v)
    (n, m), (uu, vv, uv) = (len(u), len(v)), sums
    return (
        (uu - _diagonal(u)) / (n * (n - 1)) + (vv - _diagonal(v)) / (m * (m - 1)) - 2 * uv / n / m
    )


def standardize(reference: Any, *others: Any) -> tuple[Array, ...]:
    """`reference` and `others`, each centred and scaled by the reference's mean and deviation.

    All float (N, d), the reference with N >= 2; returns float64 arrays in the order given.
    A feature that is constant in the reference is centred and left unscaled.
    """
    reference = as_features(reference, "reference", minimum=2)
    arrays = [as_features(other, f"others[{index}]") for index, other in enumerate(others)]
    for index, array in enumerate(arrays):
        same_width(reference, array, f"reference and others[{index}]")
    mean, deviation = reference.mean(axis=0), reference.std(axis=0)
    # By range, not by deviation: a constant's deviation is rounding noise, not always 0.
    constant = (np.ptp(reference, axis=0) == 0) | (deviation == 0)
    scale = np.where(constant, 1.0, deviation)
    return tuple((array - mean) / scale for array in (reference, *arrays))


def _diagonal(u: Array) -> float:
    return float(np.sum(np.einsum("nd,nd->n", u, u) ** 3))


def _sums_by_moments(u: Array, v: Array) -> tuple[float, float, float]:
    """Sums of the kernel over all pairs of (u, u), (v, v) and (u, v), from third moments.

    The sum of (aᵀb)³ over a in A, b in B is the inner product of the tensors of third moments of A
    and B. They are symmetric: slice i is computed for j, k >= i only, and counted as often as its
    entries occur in the whole.
    """
    sums = np.zeros(3)
    columns = [np.ascontiguousarray(s.T) for s in (u, v)]
    for i in range(u.shape[1]):
        a, b = ((s[i] * s[i:]) @ s[i:].T for s in columns)
        times = np.full(a.shape, 3.0)
        times[0], times[:, 0], times[0, 0] = 1.5, 1.5, 1.0
        sums += [np.sum(times * a * a), np.sum(times * b * b), np.sum(times * a * b)]
    return float(sums[0]), float(sums[1]), float(sums[2])


def _sums_by_blocks(u: Array, v: Array) -> tuple[float, float, float]:
    """The same sums, from the kernel's matrix block by block."""
    return _block_sum(u, u, True), _block_sum(v, v, True), _block_sum(u, v, False)


def _block_sum(u: Array, v: Array, symmetric: bool) -> float:
    """Sum of the kernel over all pairs; `symmetric` (v is u) computes half of the blocks."""
    total = 0.0
    for row in range(0, len(u), _BLOCK):
        for column in range(row if symmetric else 0, len(v), _BLOCK):
            products = u[row : row + _BLOCK] @ v[column : column + _BLOCK].T
            cubes = products * products
            cubes *= products
            total += float(cubes.sum()) * (2 if symmetric and column > row else 1)
    return total
