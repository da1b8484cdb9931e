import sys

import numpy as np
import pytest
from scipy.ndimage import convolve, gaussian_filter

from ganstudy.metrics import sharpness, sharpness_ratio

KERNEL = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])


def noise(n: int = 20, side: int = 12, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, side, side, channels), dtype=np.uint8)


def test_it_is_the_variance_of_the_filtered_inner_pixels():
    images = noise()
    expected = [
        convolve(image[..., 0].astype(np.float64), KERNEL)[1:-1, 1:-1].var() for image in images
    ]
    np.testing.assert_allclose(sharpness(images), expected, rtol=1e-6)


def test_flat_images_have_none_and_slopes_neither():
    flat = np.full((2, 5, 5, 1), 200, dtype=np.uint8)
    slope = np.tile(np.arange(5, dtype=np.uint8) * 10, (2, 5, 1))[..., None]
    assert sharpness(flat).tolist() == sharpness(slope).tolist() == [0, 0]


def test_blur_lowers_the_ratio():
    images = noise()
    blurred = gaussian_filter(images.astype(float), (0, 1, 1, 0)).astype(np.uint8)
    assert sharpness_ratio(images, images) == 1
    assert sharpness_ratio(blurred, images) < 0.1
    assert sharpness_ratio(images, blurred) > 10


def test_grey_images_with_three_channels_are_as_sharp_as_with_one():
    images = noise()
    np.testing.assert_allclose(sharpness(images.repeat(3, axis=3)), sharpness(images), rtol=1e-5)


def test_images_are_measured_alone(monkeypatch):
    images = noise(9, channels=3)
    whole = sharpness(images)
    monkeypatch.setattr(sys.modules["ganstudy.metrics.sharpness"], "_CHUNK", 2)
    np.testing.assert_array_equal(sharpness(images[::-1]), whole[::-1])


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (noise().astype(np.float32), "uint8 images"),
        (noise()[..., 0], "uint8 images"),
        (noise().repeat(2, axis=3), "1 or 3 channels"),
        (noise()[:0], "at least 1 image"),
        (noise()[:, :2], "3×3 pixels"),
    ],
)
def test_wrong_images_are_refused(images, message):
    with pytest.raises(ValueError, match=message):
        sharpness(images)


def test_flat_real_images_are_refused():
    with pytest.raises(ValueError, match="real images must have edges"):
        sharpness_ratio(noise(), np.zeros((3, 5, 5, 1), dtype=np.uint8))
