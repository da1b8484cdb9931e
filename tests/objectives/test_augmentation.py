"""DiffAugment: what each row does to an image, that gradients pass, and that both sides get it."""

import pytest
import torch
from torch import Tensor, nn

from ganstudy.errors import InputError
from ganstudy.models.gan import GAN
from ganstudy.networks import discriminator_spec, generator_spec
from ganstudy.objectives.augmentation import AUGMENTATIONS, augmentation
from ganstudy.params import LossParams
from ganstudy.training.player import Batch

ROWS = pytest.mark.parametrize("name", sorted(AUGMENTATIONS))
SIDES = pytest.mark.parametrize("size", [(8, 8), (16, 8), (7, 7), (28, 28)], ids=str)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def images(count: int, channels: int = 3, size: tuple[int, int] = (8, 8)) -> Tensor:
    """Noise in [-1, 1] without a zero."""
    noise = 2 * torch.rand(count, channels, *size, generator=rng(9), dtype=torch.float64) - 1
    return torch.where(noise.abs() < 1e-3, 0.5, noise)


# All rows


@ROWS
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@SIDES
def test_shape_and_dtype_stay_and_the_batch_is_left_alone(name, channels, dtype, size) -> None:
    x = images(4, channels, size).to(dtype)
    before = x.clone()
    found = AUGMENTATIONS[name](x, rng())
    assert found.shape == x.shape
    assert found.dtype == dtype
    assert found.isfinite().all()
    assert torch.equal(x, before)


@ROWS
def test_equal_draws_repeat_and_others_differ(name: str) -> None:
    x = images(16)
    assert torch.equal(AUGMENTATIONS[name](x, rng(3)), AUGMENTATIONS[name](x, rng(3)))
    assert not torch.equal(AUGMENTATIONS[name](x, rng(3)), AUGMENTATIONS[name](x, rng(4)))


@ROWS
def test_each_image_of_a_batch_has_a_draw_of_its_own(name: str) -> None:
    one = images(1).expand(64, -1, -1, -1)
    found = AUGMENTATIONS[name](one, rng())
    # a shift of 8 pixels has 9 values, a cut 81 places
    assert len(found.flatten(1).unique(dim=0)) >= 8


@ROWS
def test_the_gradient_is_that_of_finite_differences_and_reaches_the_image(name: str) -> None:
    x = images(2, 3, (4, 4)).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: AUGMENTATIONS[name](x, rng(1)), x)
    (slope,) = torch.autograd.grad(AUGMENTATIONS[name](x, rng(1)).square().sum(), x)
    assert (slope.flatten(1).abs().sum(1) > 0).all()


# Translation


def shifted(x: Tensor, down: int, right: int) -> Tensor:
    """An image (C, H, W) moved, with zeros coming in: written out pixel by pixel."""
    _, height, width = x.shape
    moved = torch.zeros_like(x)
    for row in range(height):
        for column in range(width):
            if 0 <= row - down < height and 0 <= column - right < width:
                moved[:, row, column] = x[:, row - down, column - right]
    return moved


@pytest.mark.parametrize(("size", "most"), [((8, 8), (1, 1)), ((16, 8), (2, 1)), ((4, 24), (1, 3))])
def test_translation_moves_by_up_to_an_eighth_of_each_side_and_zeros_come_in(size, most) -> None:
    (x,) = images(1, 2, size)
    shifts = [
        (down, right)
        for down in range(-most[0], most[0] + 1)
        for right in range(-most[1], most[1] + 1)
    ]
    known = {shifted(x, *shift).numpy().tobytes(): shift for shift in shifts}
    assert len(known) == len(shifts)
    found = AUGMENTATIONS["translation"](x.expand(400, -1, -1, -1), rng())
    seen = {known[one.contiguous().numpy().tobytes()] for one in found}  # no other one occurs
    assert seen == set(shifts)


def test_translation_of_28_pixels_goes_to_4() -> None:  # 3.5 rounded as in the paper's code
    x = torch.ones(500, 1, 28, 28)
    rows = AUGMENTATIONS["translation"](x, rng())[:, 0].amax(2).sum(1)
    assert rows.min() == 28 - 4
    assert rows.max() == 28


# Cutout


@pytest.mark.parametrize(("size", "cut"), [((8, 8), (4, 4)), ((16, 8), (8, 4)), ((6, 7), (3, 4))])
def test_cutout_sets_one_rectangle_of_half_the_sides_to_zero_and_nothing_else(size, cut) -> None:
    x = images(300, 3, size)
    found = AUGMENTATIONS["cutout"](x, rng())
    gone = found == 0
    assert torch.equal(found[~gone], x[~gone])
    assert torch.equal(gone, gone[:, :1].expand_as(gone))  # all channels alike
    for axis, side in enumerate(size):
        lines = gone[:, 0].any(2 - axis)
        assert lines.any(1).all()  # something is cut of every image
        first = lines.int().argmax(1)
        last = side - 1 - lines.flip(1).int().argmax(1)
        length = lines.sum(1)
        assert torch.equal(last - first + 1, length)  # without gaps
        inside = (first > 0) & (last < side - 1)
        assert (length[inside] == cut[axis]).all()
        assert length.max() == cut[axis]
        assert length.min() < cut[axis]  # clipped at a border
        assert {int(f) for f in first} >= set(range(side - cut[axis]))  # anywhere
    rectangle = gone[:, 0].any(2)[:, :, None] & gone[:, 0].any(1)[:, None, :]
    assert torch.equal(gone[:, 0], rectangle)


# Color


def test_color_of_a_grey_image_moves_its_mean_and_stretches_it_by_one_factor() -> None:
    x = images(400, 1)
    found = AUGMENTATIONS["color"](x, rng()).flatten(1)
    x = x.flatten(1)
    moved = found.mean(1) - x.mean(1)
    ratio = (found - found.mean(1, keepdim=True)) / (x - x.mean(1, keepdim=True))
    torch.testing.assert_close(ratio, ratio[:, :1].expand_as(ratio))
    for drawn, low, high in ((moved, -0.5, 0.5), (ratio[:, 0], 0.5, 1.5)):
        assert low <= drawn.min() < low + 0.05
        assert high - 0.05 < drawn.max() <= high
        assert drawn.mean().item() == pytest.approx((low + high) / 2, abs=0.06)
    assert abs(torch.corrcoef(torch.stack([moved, ratio[:, 0]]))[0, 1]) < 0.2  # two draws


def test_color_stretches_what_is_grey_by_the_contrast_and_hues_by_the_saturation_too() -> None:
    x = images(400, 3)
    found = AUGMENTATIONS["color"](x, rng())

    def parts(images: Tensor) -> tuple[Tensor, Tensor]:
        """Deviations of the grey picture from its mean; deviations of colours from grey."""
        grey = images.mean(1, keepdim=True)
        return (grey - grey.mean((2, 3), keepdim=True)).flatten(1), (images - grey).flatten(1)

    contrast, both = (a / b for a, b in zip(parts(found), parts(x), strict=True))
    for ratio in (contrast, both):
        middle = ratio.median(1, keepdim=True).values
        torch.testing.assert_close(ratio, middle.expand_as(ratio), rtol=1e-6, atol=1e-6)
    saturation = both[:, 0] / contrast[:, 0]
    assert -1e-9 < saturation.min() < 0.1
    assert 1.9 < saturation.max() <= 2 + 1e-9
    assert contrast.min() >= 0.5 - 1e-9
    assert contrast.max() <= 1.5 + 1e-9


# In the game

ADAM = {"learning_rate": 0.002, "betas": (0.0, 0.99)}


class ZeroShare(nn.Module):
    """A D that scores the share of zeros, which generators and noise never make."""

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return (x == 0).to(x.dtype).flatten(1).mean(1)


class Brightness(nn.Module):
    """A D that scores the mean."""

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return x.flatten(1).mean(1)


def game(augment: list[str], loss: str = "wgan", stored: tuple[int, ...] = (8, 8, 3)) -> GAN:
    return GAN(
        loss,
        LossParams.model_validate({"generator": ADAM, "discriminator": ADAM}),
        generator_spec("mlp", stored, 1.0, 4, 8, "none", 0),
        discriminator_spec("mlp", stored, 1.0, 8, "none", 0),
        augment,
        0,
    )


def batch(real: Tensor) -> Batch:
    return Batch({"x": real}, 0, 0, 0)


@pytest.mark.parametrize("loss", ["wgan", "relativistic"])
def test_real_and_generated_images_are_augmented_alike_for_d_and_for_g(loss: str) -> None:
    real = images(64).float()
    for augment, (low, high) in (([], (0.0, 0.0)), (["cutout"], (0.1, 0.25))):
        model = game(augment, loss)
        model.adversary.network = ZeroShare()
        d, g = model.players()
        terms = d.objective(batch(real))
        assert low <= terms["real"] <= high
        assert low <= terms["fake"] <= high
        score = g.objective(batch(real))["loss"]
        if loss == "wgan":  # minus the mean score of what G made
            assert low <= -score <= high
        else:  # softplus of real minus generated: log 2 only where both are cut
            assert score.item() == pytest.approx(0.693, abs=0.02)


def test_an_augmented_real_image_would_show_if_the_generated_one_were_not() -> None:
    # A planted fault: what the relativistic term of G is when one side alone is cut.
    real = images(64).float()
    cut = AUGMENTATIONS["cutout"](real, rng())
    scores = ZeroShare()(cut), ZeroShare()(real)
    assert torch.nn.functional.softplus(scores[0] - scores[1]).mean() > 0.75


def test_augmented_images_are_those_of_the_row_by_the_draw_of_the_batch() -> None:
    real = images(5).float()
    model = game(["color", "translation"])
    seen = []

    class Witness(nn.Module):
        def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
            seen.append(x.detach().clone())
            return x.flatten(1).mean(1)

    model.adversary.network = Witness()
    model.players()[0].objective(batch(real))
    expected = AUGMENTATIONS["color"](real, batch(real).rng("color of real"))
    expected = AUGMENTATIONS["translation"](expected, batch(real).rng("translation of real"))
    assert torch.equal(seen[0], expected)
    assert seen[1].shape == real.shape


def test_gs_gradient_passes_through_what_d_sees() -> None:
    model = game(["color", "translation", "cutout"])
    model.adversary.network = Brightness()
    model.players()[1].objective(batch(images(6).float()))["loss"].backward()
    for name, weight in model.generator.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
        assert weight.grad.abs().sum() > 0, name


def test_cutout_changes_ds_terms_and_an_empty_list_changes_nothing() -> None:
    real = images(8).float()
    plain, empty, cut = (game(a).players()[0].objective(batch(real)) for a in ([], [], ["cutout"]))
    assert plain["loss"] == empty["loss"]
    assert plain["real"] != cut["real"]
    assert plain["fake"] != cut["fake"]


def test_an_unknown_augmentation_names_the_nearest() -> None:
    with pytest.raises(InputError, match=r"no 'cutuot'; did you mean 'cutout'"):
        augmentation("cutuot")
    with pytest.raises(InputError, match=r"train\.augment: no 'cutuot'"):
        game(["color", "cutuot"])


def test_points_are_not_augmented() -> None:
    with pytest.raises(InputError, match=r"train\.augment is for images, not points"):
        game(["color"], stored=(2,))
    game([], stored=(2,))
