"""How close images are to what they should be, image by image: L1, PSNR, SSIM; and saturation.

Images are uint8 (N, H, W, C), C in {1, 3}; of two sets row i is compared with row i.
"""

from typing import Any

import numpy as np

from ganstudy.metrics.checks import Images, as_images

EXACT = 100.0  # dB, of images that are equal
SMALLEST = 7  # the window of SSIM


def mean_absolute_error(made: Any, truth: Any) -> float:
    """The mean over all values of |made - truth|, in [0, 1]."""
    one, other = _pairs(made, truth)
    return float(np.abs(one.astype(np.float64) - other).mean() / 255)


def peak_signal_to_noise(made: Any, truth: Any) -> float:
    """10 log₁₀(1 / MSE) in dB, of the mean squared error over all images on the scale 0 … 1; 100
    where they are equal or nearly so.

    Of the mean over images and not as a mean over images, in which one that is met exactly would
    count for ever.
    """
    from skimage.metrics import peak_signal_noise_ratio

    one, other = _pairs(made, truth)
    if np.array_equal(one, other):
        return EXACT
    return min(EXACT, float(peak_signal_noise_ratio(other, one, data_range=255)))


def structural_similarity(made: Any, truth: Any) -> float:
    """The mean over images of SSIM (Wang et al. 2004) in windows of 7 pixels, by scikit-image: 1
    for equal images. Sides >= 7."""
    from skimage.metrics import structural_similarity as ssim

    one, other = _pairs(made, truth, SMALLEST)
    values = [ssim(y, x, data_range=255, channel_axis=2) for x, y in zip(one, other, strict=True)]
    return float(np.mean(values))


def saturation(images: Any) -> float:
    """The mean over pixels of the largest less the smallest of the three colours, in [0, 1]: 0 for
    grey. Averages of several colours, which L1 alone makes, have little."""
    whole = as_images(images, "images").astype(np.int64)
    return float((whole.max(3) - whole.min(3)).mean() / 255)


def _pairs(made: Any, truth: Any, smallest: int = 1) -> tuple[Images, Images]:
    one, other = as_images(made, "made", smallest=smallest), as_images(truth, "truth")
    if one.shape != other.shape:
        raise ValueError(f"made and truth must have one shape; found {one.shape} and {other.shape}")
    return one, other
