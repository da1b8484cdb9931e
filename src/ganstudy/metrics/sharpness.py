"""Sharpness of images: the variance of their Laplacian."""

from typing import Any

import numpy as np

from ganstudy.metrics.checks import Array, as_images

_CHUNK = 1024  # images in float32 at a time
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601


def sharpness(images: Any) -> Array:
    """Variance of the Laplacian of each image (Pech-Pacheco et al. 2000), float64 (N,), >= 0.

    `images`: uint8 (N, H, W, C), C in {1, 3}, sides >= 3; of three channels the luma (BT.601) is
    taken, on the scale 0 … 255. The Laplacian is the four-neighbour one, at inner pixels only, so
    that no border rule enters. A flat image has 0, noise the highest values: read the distribution
    beside that of real images.
    """
    images = as_images(images, "images", smallest=3)
    parts = [images[start : start + _CHUNK] for start in range(0, len(images), _CHUNK)]
    return np.concatenate([_laplacian_variance(part) for part in parts])


def sharpness_ratio(generated: Any, real: Any) -> float:
    """Median sharpness of `generated` over that of `real` images: below 1 is blurred.

    Both uint8 (N, H, W, C). Raises `ValueError` when the real images' median sharpness is 0.
    """
    reference = float(np.median(sharpness(real)))
    if reference == 0:
        raise ValueError("real images must have edges; the median of their sharpness is 0")
    return float(np.median(sharpness(generated))) / reference


def _laplacian_variance(images: Any) -> Array:
    grey = images.astype(np.float32)
    grey = grey[..., 0] if grey.shape[3] == 1 else grey @ _LUMA
    inner = grey[:, 1:-1, 1:-1]
    around = grey[:, :-2, 1:-1] + grey[:, 2:, 1:-1] + grey[:, 1:-1, :-2] + grey[:, 1:-1, 2:]
    return np.asarray((around - 4 * inner).var(axis=(1, 2), dtype=np.float64))
