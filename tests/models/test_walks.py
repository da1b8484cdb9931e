"""Walks through codes that are their own pictures, and landscapes of a D that is a coordinate."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ganstudy.models.base import latents
from ganstudy.models.latent_traversal import (
    DIMENSIONS,
    PAIRS,
    REACH,
    SEED,
    STEPS,
    endpoints,
    interpolation,
    landscape,
    traversal,
)
from ganstudy.models.saved import Companion, SavedGenerator
from ganstudy.networks import discriminator_spec, encoder_spec, generator_spec
from ganstudy.spaces import Points

LATENT = 8


class Picture(nn.Module):
    """A G whose 2×4 pixels are a tenth of its code times `gains`; a class makes them brighter."""

    def __init__(self, gains: Tensor | None = None) -> None:
        super().__init__()
        self.gains = nn.Parameter(torch.ones(LATENT) if gains is None else gains)

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        images = 0.1 * (z * self.gains).reshape(-1, 1, 2, 4)
        return images if y is None else images + 0.2 * y[:, None, None, None].to(z.dtype)


def generator(gains: Tensor | None = None, classes: int = 0) -> SavedGenerator:
    spec = generator_spec("mlp", (2, 4, 1), 1.0, LATENT, 1, "none", classes)
    return SavedGenerator(Picture(gains), spec, {})


def pixels(z: Tensor, y: float = 0.0) -> np.ndarray:
    """The picture of one code, by the formula of the picture and of the pixel."""
    values = (0.1 * z.numpy().astype(np.float64).reshape(2, 4, 1) + 0.2 * y + 1) * 127.5
    return np.clip(np.rint(values), 0, 255)


def close(found: np.ndarray, expected: np.ndarray) -> bool:
    """Equal up to the rounding of one pixel value."""
    return bool(np.abs(found.astype(float) - expected).max() <= 1)


def ends() -> Tensor:
    return 2 * torch.randn(2 * PAIRS, LATENT, generator=torch.Generator().manual_seed(1))


# Interpolation


def test_the_ends_decode_the_end_codes_and_the_middle_half_of_each() -> None:
    found, z = interpolation(generator(), ends()), ends()
    assert found.shape == (PAIRS, STEPS, 2, 4, 1)
    assert found.dtype == np.uint8
    for pair in range(PAIRS):
        a, b = z[2 * pair], z[2 * pair + 1]
        assert close(found[pair, 0], pixels(a))
        assert close(found[pair, -1], pixels(b))
        assert close(found[pair, STEPS // 2], pixels(0.5 * a + 0.5 * b))
        assert not close(found[pair, 0], pixels(b))


def test_the_steps_are_even() -> None:
    found, z = interpolation(generator(), ends()), ends()
    for step in range(STEPS):
        share = step / (STEPS - 1)
        assert close(found[1, step], pixels((1 - share) * z[2] + share * z[3]))


def test_each_pair_walks_in_a_class_of_its_own() -> None:
    found, z = interpolation(generator(classes=2), ends()), ends()
    for pair, label in enumerate([0, 1, 0]):
        for step, code in ((0, z[2 * pair]), (STEPS - 1, z[2 * pair + 1])):
            assert close(found[pair, step], pixels(code, label))
            assert not close(found[pair, step], pixels(code, 1 - label))


class Halves(nn.Module):
    """An encoder whose code is the image, halved; beside it the log-variance of a VAE."""

    def __init__(self, *, spread: bool) -> None:
        super().__init__()
        self.spread = spread

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        mean = 0.5 * x.flatten(1)
        return (mean, 100 + mean) if self.spread else mean


@pytest.mark.parametrize("spread", [True, False], ids=["vae", "ae"])
def test_with_an_encoder_the_ends_are_codes_of_the_first_reference_images(spread: bool) -> None:
    reference = np.random.default_rng(0).integers(0, 256, (20, 2, 4, 1)).astype(np.uint8)
    spec = encoder_spec("mlp", (2, 4, 1), 1.0, LATENT, 1, standardized=not spread)
    found = endpoints(
        generator(), Companion("encoder", spec, Halves(spread=spread)), reference, None
    )
    expected = 0.5 * (reference[: 2 * PAIRS].reshape(-1, LATENT) / 127.5 - 1)
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("labels", "rows"),
    [
        ([0, 1, 0, 1, 0], [0, 2, 1, 3, 0, 2]),
        ([0, 1, 0], [0, 2, 1, 1, 0, 2]),  # one image of a class stands at both ends
        ([1, 1], [0, 1, 0, 1, 0, 1]),  # a class without any borrows
        ([1], [0] * 6),
    ],
    ids=str,
)
def test_a_class_of_few_reference_images_has_its_walk_too(labels, rows) -> None:
    reference = np.random.default_rng(0).integers(0, 256, (len(labels), 2, 4, 1)).astype(np.uint8)
    spec = encoder_spec("mlp", (2, 4, 1), 1.0, LATENT, 1, standardized=True)
    encoder = Companion("encoder", spec, Halves(spread=False))
    found = endpoints(generator(classes=2), encoder, reference, np.array(labels))
    expected = 0.5 * (reference.reshape(-1, LATENT) / 127.5 - 1)[rows]
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-6)


def test_fewer_reference_images_than_ends_are_used_again() -> None:
    reference = np.random.default_rng(0).integers(0, 256, (2, 2, 4, 1)).astype(np.uint8)
    spec = encoder_spec("mlp", (2, 4, 1), 1.0, LATENT, 1, standardized=True)
    encoder = Companion("encoder", spec, Halves(spread=False))
    found = endpoints(generator(), encoder, reference, None)
    assert len(found) == 2 * PAIRS
    assert torch.equal(found[0], found[2])


def test_without_one_they_are_random_and_the_same_for_every_run() -> None:
    spec = discriminator_spec("mlp", (2, 4, 1), 1.0, 1, "none", 0)
    found = endpoints(
        generator(), Companion("discriminator", spec, nn.Identity()), np.zeros((0,)), None
    )
    assert torch.equal(found, latents(LATENT, 2 * PAIRS, SEED))
    assert len(found.unique(dim=0)) == 2 * PAIRS


# Traversal


def test_the_dimension_that_matters_comes_first_and_is_the_one_that_moves() -> None:
    gains = torch.zeros(LATENT)
    gains[5] = 3.0
    found = traversal(generator(gains)).reshape(DIMENSIONS, STEPS, LATENT).astype(float)
    line = np.linspace(-REACH, REACH, STEPS)
    np.testing.assert_allclose(found[0, :, 5], (0.3 * line + 1) * 127.5, atol=1)
    # Nothing else moves, in this row or in another.
    assert (found[0, :, [0, 1, 2, 3, 4, 6, 7]] == 128).all()
    assert all((row == row[0]).all() for row in found[1:])


def test_dimensions_come_in_the_order_of_what_they_change() -> None:
    gains = torch.tensor([0.5, 2.0, 0.0, 1.0, 3.0, 0.2, 1.5, 0.1])
    found = traversal(generator(gains)).reshape(DIMENSIONS, STEPS, LATENT).astype(float)
    start = latents(LATENT, 1, SEED)[0]
    for row, dimension in enumerate([4, 1, 6, 3, 0]):
        moves = found[row].max(0) - found[row].min(0)
        assert np.flatnonzero(moves).tolist() == [dimension]
        for step, value in enumerate(np.linspace(-REACH, REACH, STEPS)):
            z = start.clone()
            z[dimension] = value
            assert close(found[row, step], pixels(z * gains).ravel())


def test_a_traversal_stays_in_one_class() -> None:
    gains = torch.zeros(LATENT)
    found = traversal(generator(gains, classes=3))
    assert close(found, np.full(found.shape, 127.5))  # class 0 is the darkest


# Landscape


class Coordinate(nn.Module):
    """A D that scores one coordinate."""

    def __init__(self, axis: int) -> None:
        super().__init__()
        self.axis = axis

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return x[:, self.axis]


def seen_by(network: nn.Module, scale: float = 1.0, reach: float = 3.0) -> np.ndarray:
    spec = discriminator_spec("mlp", (2,), scale, 1, "none", 0)
    companion = Companion("discriminator", spec, network)
    return landscape(companion, Points(2, scale), reach, side=7)


def test_rows_go_upwards_and_columns_to_the_right() -> None:
    line = np.array([-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0])
    np.testing.assert_allclose(seen_by(Coordinate(1)), np.tile(line[:, None], 7), atol=1e-6)
    np.testing.assert_allclose(seen_by(Coordinate(0)), np.tile(line, (7, 1)), atol=1e-6)


def test_d_sees_points_in_the_units_it_was_trained_in() -> None:
    np.testing.assert_allclose(seen_by(Coordinate(1), 2.0)[:, 0], np.linspace(-1.5, 1.5, 7))


class Bump(nn.Module):
    """A D that is high around the data's point (2, -1)."""

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return -(2.0 * x - torch.tensor([2.0, -1.0])).square().sum(1)


def test_the_peak_is_where_the_points_are() -> None:
    found = seen_by(Bump(), scale=2.0)
    assert np.unravel_index(found.argmax(), found.shape) == (2, 5)  # y = -1, x = 2
