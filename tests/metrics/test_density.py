"""Densities on a grid against closed forms."""

import numpy as np
import pytest

from ganstudy import metrics

GRID = metrics.grid_points(8.0, 200)


def gaussian(sigma: float, center: float = 0.0) -> np.ndarray:
    return metrics.mixture_log_density(GRID, [[center, 0.0]], sigma)


def test_cells_lie_evenly_and_within() -> None:
    points = metrics.grid_points(1.0, 2)
    assert points.tolist() == [[-0.5, -0.5], [0.5, -0.5], [-0.5, 0.5], [0.5, 0.5]]


def test_a_mixture_integrates_to_one() -> None:
    density = np.exp(metrics.mixture_log_density(GRID, metrics.ring_centers(radius=3), 0.5))
    assert density.sum() * (16 / 200) ** 2 == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(("sigma", "shift"), [(1.0, 0.0), (1.5, 0.0), (1.0, 1.0), (0.7, 0.5)])
def test_kl_of_gaussians_is_the_closed_form(sigma: float, shift: float) -> None:
    """In two dimensions: log s² + (1 + shift²/2) / s² - 1, s the model's deviation."""
    expected = np.log(sigma**2) + (1 + shift**2 / 2) / sigma**2 - 1
    found = metrics.density_kl(gaussian(1.0), gaussian(sigma, shift))
    assert found == pytest.approx(expected, abs=1e-6)


def test_constants_do_not_matter_and_a_flipped_sign_does() -> None:
    truth, energy = gaussian(1.0), gaussian(1.2)
    assert metrics.density_kl(truth, energy + 40) == pytest.approx(
        metrics.density_kl(truth, energy)
    )
    assert metrics.density_kl(truth, -energy) > 10  # the planted mistake: E for -E


def test_a_missing_mode_costs_as_much_as_its_share() -> None:
    centers = metrics.ring_centers(radius=4.0)
    truth = metrics.mixture_log_density(GRID, centers, 0.3)
    model = metrics.mixture_log_density(GRID, centers[:4], 0.3)
    assert metrics.density_kl(model, truth) == pytest.approx(np.log(2), abs=1e-3)
    assert metrics.density_kl(truth, model) > 1


def test_what_is_no_density_is_refused() -> None:
    with pytest.raises(ValueError, match="same cells"):
        metrics.density_kl(np.zeros(3), np.zeros(4))
    with pytest.raises(ValueError, match="not finite"):
        metrics.density_kl(np.zeros(3), np.array([0, np.nan, 0]))
