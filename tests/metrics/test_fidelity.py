"""L1, PSNR, SSIM, saturation: values that can be worked out by hand."""

import numpy as np
import pytest

from ganstudy import metrics


def flat(value: int, count: int = 3, channels: int = 1) -> np.ndarray:
    return np.full((count, 8, 8, channels), value, np.uint8)


def test_a_uniform_error_has_the_l1_and_psnr_of_its_size() -> None:
    assert metrics.mean_absolute_error(flat(51), flat(0)) == pytest.approx(0.2)
    # MSE .2² on the scale 0 … 1: 20 log10(5).
    assert metrics.peak_signal_to_noise(flat(51), flat(0)) == pytest.approx(20 * np.log10(5))
    assert metrics.mean_absolute_error(flat(0), flat(51)) == pytest.approx(0.2)  # no wrap around


def test_psnr_is_of_the_mean_error_so_that_one_exact_image_does_not_count_for_ever() -> None:
    made = np.concatenate([flat(51, 1), flat(0, 1)])
    assert metrics.peak_signal_to_noise(made, flat(0, 2)) == pytest.approx(10 * np.log10(50))
    assert metrics.peak_signal_to_noise(flat(7), flat(7)) == 100


def test_ssim_is_one_for_equal_images_and_less_the_less_structure_is_kept() -> None:
    image = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3)).astype(np.uint8)
    brighter = (image // 2 + 100).astype(np.uint8)
    noise = np.random.default_rng(1).integers(0, 256, image.shape).astype(np.uint8)
    values = [metrics.structural_similarity(x, image) for x in (image, brighter, noise)]
    assert values[0] == pytest.approx(1)
    assert 1 > values[1] > values[2]


def test_saturation_is_the_spread_of_colours_and_0_of_grey() -> None:
    red = flat(0, channels=3)
    red[..., 0] = 255
    assert metrics.saturation(red) == 1
    assert metrics.saturation(flat(200, channels=3)) == 0
    assert metrics.saturation(np.concatenate([red, flat(9, channels=3)])) == 0.5


def test_what_cannot_be_compared_is_told() -> None:
    with pytest.raises(ValueError, match="one shape"):
        metrics.mean_absolute_error(flat(0, 2), flat(0, 3))
    with pytest.raises(ValueError, match="at least 7×7"):
        metrics.structural_similarity(flat(0)[:, :6], flat(0)[:, :6])
