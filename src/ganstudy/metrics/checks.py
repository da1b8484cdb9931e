"""Input checks that every metric shares, and the one place where a tensor becomes an array.

Each check returns the array the formulas want, or raises a `ValueError` that says what was
expected and what was found.
"""

import sys
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

Scalar = TypeVar("Scalar", bound=np.generic)
Array = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]
Images = npt.NDArray[np.uint8]

# Any float32 is allowed, and sums of cubes of products of such values stay finite in float64.
LARGEST = 1e40


def as_features(value: Any, name: str, *, minimum: int = 1) -> Array:
    """`value` as finite float64 (N, d) with N >= `minimum`; a NumPy or torch float array.

    Integers are refused: pixels or labels given for features are a mistake more often than not.
    """
    array = _as_numpy(value)
    if array.dtype.kind != "f":
        raise ValueError(f"{name} must be a float array (N, d); its dtype is {array.dtype}")
    if array.ndim != 2 or array.shape[1] == 0:
        raise ValueError(f"{name} must have shape (N, d) with d >= 1; it is {array.shape}")
    if len(array) < minimum:
        raise ValueError(f"{name} needs at least {minimum} samples; it has {len(array)}")
    array = np.ascontiguousarray(array, dtype=np.float64)
    # The negation is true for NaN too.
    if not np.abs(array).max() <= LARGEST:
        row, column = np.argwhere(~(np.abs(array) <= LARGEST))[0]
        raise ValueError(
            f"{name} must be finite and within ±{LARGEST:.0e}; "
            f"it is {array[row, column]} at row {row}, column {column}"
        )
    return array


def same_width(x: Array, y: Array, names: str) -> None:
    """Raises when the feature dimensions of `x` and `y`, called `names`, differ."""
    if x.shape[1] != y.shape[1]:
        raise ValueError(
            f"{names} must have the same feature dimension; found {x.shape[1]} and {y.shape[1]}"
        )


def as_posteriors(value: Any, name: str) -> Array:
    """`value` as class probabilities (N, K), rows in [0, 1] that sum to 1, in float64."""
    array = as_features(value, name)
    low, sums = array.min(), array.sum(axis=1)
    worst = sums[np.abs(sums - 1).argmax()]
    if low < 0 or abs(worst - 1) > 1e-3:  # float16 posteriors of 1,000 classes still pass
        raise ValueError(
            f"{name} must be probabilities, rows >= 0 that sum to 1 (softmax of the logits); "
            f"the smallest value is {low:.4g} and a row sums to {worst:.4g}"
        )
    posteriors: Array = array / sums[:, None]
    return posteriors


def as_shares(value: Any, name: str, count: int) -> Array:
    """`value` as `count` class or mode shares, each >= 0, that sum to 1, in float64 (K,)."""
    array = _as_numpy(value)
    if array.dtype.kind != "f" or array.shape != (count,):
        raise ValueError(
            f"{name} must be a float array ({count},); it is {array.dtype} {array.shape}"
        )
    shares: Array = array.astype(np.float64)
    if not (shares.min() >= 0 and abs(shares.sum() - 1) <= 1e-3):
        raise ValueError(
            f"{name} must be >= 0 and sum to 1; "
            f"the smallest is {shares.min():.4g} and the sum {shares.sum():.4g}"
        )
    shares /= shares.sum()
    return shares


def as_labels(value: Any, name: str, shape: tuple[int, ...], classes: int) -> Integers:
    """`value` as int64 labels of `shape`, each in 0 … `classes` - 1."""
    array = _as_numpy(value)
    if array.dtype.kind not in "iu" or array.shape != shape:
        raise ValueError(
            f"{name} must be integer labels of shape {shape}; it is {array.dtype} {array.shape}"
        )
    if array.size and not (array.min() >= 0 and array.max() < classes):
        raise ValueError(
            f"{name} must be in 0 … {classes - 1}; found {array.min()} … {array.max()}"
        )
    return array.astype(np.int64)


def as_images(value: Any, name: str, *, smallest: int = 1) -> Images:
    """`value` as uint8 images (N, H, W, C), C in {1, 3}, N >= 1, sides >= `smallest`."""
    array = _as_numpy(value)
    if array.dtype != np.uint8 or array.ndim != 4 or array.shape[3] not in (1, 3):
        raise ValueError(
            f"{name} must be uint8 images (N, H, W, C) with 1 or 3 channels; "
            f"it is {array.dtype} {array.shape}"
        )
    if len(array) == 0 or min(array.shape[1:3]) < smallest:
        raise ValueError(
            f"{name} needs at least 1 image of at least {smallest}×{smallest} pixels; "
            f"its shape is {array.shape}"
        )
    return array


def as_count(value: Any, name: str, low: int, high: int | None = None) -> int:
    """`value` as an integer in `low` … `high`."""
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < low or (high is not None and value > high):
        wanted = f">= {low}" if high is None else f"in {low} … {high}"
        raise ValueError(f"{name} must be an integer {wanted}; it is {value!r}")
    return int(value)


def read_only(array: npt.NDArray[Scalar]) -> npt.NDArray[Scalar]:
    """`array`, made read-only: for the fields of frozen records."""
    array.flags.writeable = False
    return array


def _as_numpy(value: Any) -> npt.NDArray[Any]:
    # Only a program that has imported torch can hold a tensor; importing it here would be slow.
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        return np.asarray(value.float() if value.dtype == torch.bfloat16 else value)
    return np.asarray(value)
