"""Networks from image to image: shapes, what they can see, and what rebuilds them."""

import pytest
import torch

from ganstudy.errors import InputError
from ganstudy.networks import NetworkSpec, specs
from ganstudy.spaces import Image, Label, Points, Score

KINDS = ["unet", "resnet"]


def spec(kind: str, source: Image, target: Image, norm: str = "instance") -> NetworkSpec:
    return NetworkSpec(f"{kind}.translator", {"source": source}, target, 4, norm)


def images(space: Image, count: int = 2) -> torch.Tensor:
    return torch.rand(count, *space.size, generator=torch.manual_seed(0)) * 2 - 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("side", [8, 9, 15, 28, 33, 128])
def test_any_side_is_kept_and_channels_change(kind: str, side: int) -> None:
    source, target = Image(1, side, side), Image(3, side, side)
    made = spec(kind, source, target).build()(images(source))
    assert made.shape == (2, 3, side, side)
    assert made.abs().max() <= 1


@pytest.mark.parametrize("kind", KINDS)
def test_images_need_not_be_square(kind: str) -> None:
    space = Image(3, 12, 20)
    assert spec(kind, space, space).build()(images(space)).shape == (2, 3, 12, 20)


@pytest.mark.parametrize("norm", ["none", "instance", "batch"])
@pytest.mark.parametrize("side", [8, 28, 64])
def test_every_output_pixel_of_the_u_net_sees_every_input_pixel(side: int, norm: str) -> None:
    space = Image(1, side, side)
    network = spec("unet", space, space, norm).build().eval()
    for corner in ((0, 0), (-1, -1)):
        x = images(space, 1).requires_grad_()
        network(x)[0, 0][corner].backward()
        opposite = x.grad[0, 0][tuple(-1 - index for index in corner)]
        assert opposite != 0


@pytest.mark.parametrize("kind", KINDS)
def test_an_upsampler_adds_to_what_interpolation_makes(kind: str) -> None:
    network = spec(kind, Image(1, 8, 8), Image(1, 16, 16), "none").build()
    x = images(Image(1, 8, 8))
    for weights in network.body.last.parameters():
        torch.nn.init.zeros_(weights)
    expected = torch.nn.functional.interpolate(x, (16, 16), mode="bicubic")
    torch.testing.assert_close(network(x), expected)


@pytest.mark.parametrize(
    ("source", "target", "told"),
    [
        (Image(1, 4, 4), Image(1, 4, 4), "sides of 8 to 128 pixels; these are 4×4"),
        (Image(1, 8, 8), Image(1, 256, 256), "sides of 8 to 128 pixels; these are 256×256"),
        (Image(1, 16, 16), Image(1, 8, 8), "16×16 cannot become smaller ones, of 8×8"),
    ],
)
def test_sizes_that_do_not_work_are_told(source: Image, target: Image, told: str) -> None:
    with pytest.raises(InputError, match=told):
        spec("unet", source, target).build()


@pytest.mark.parametrize("family", ["dcgan", "resnet", "mlp"])
def test_d_reads_both_the_images_and_their_condition(family: str) -> None:
    inputs = {"x": Image(3, 16, 16), "condition": Image(1, 16, 16)}
    critic = NetworkSpec(f"{family}.discriminator", inputs, Score(), 4).build()
    x, y = images(inputs["x"]).requires_grad_(), images(inputs["condition"]).requires_grad_()
    scores = critic(x, y)
    assert scores.shape == (2,)
    scores.sum().backward()
    assert x.grad.abs().sum() > 0
    assert y.grad.abs().sum() > 0


def test_specs_survive_json_whatever_a_network_is_called() -> None:
    image = Image(3, 16, 16)
    told = {
        "translator": spec("unet", Image(1, 16, 16), image),
        "discriminator": NetworkSpec(
            "dcgan.discriminator", {"x": image, "condition": Image(1, 16, 16)}, Score(), 4
        ),
        "discriminator_a": NetworkSpec("dcgan.discriminator", {"x": image}, Score(), 4),
    }
    assert specs.from_json(specs.to_json(told)) == told
    # A network that its role's few arguments tell is written as those alone, as ever.
    plain = {
        "discriminator": NetworkSpec(
            "mlp.discriminator", {"x": Points(2, 1.5), "y": Label(3)}, Score(), 4
        )
    }
    written = specs.to_json(plain)
    assert "networks" not in written
    assert specs.from_json(written) == plain
