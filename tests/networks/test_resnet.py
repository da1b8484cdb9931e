"""The residual networks: every size, a D without batch norm, and shapes that are refused."""

import pytest
import torch
from torch import Tensor, nn

from ganstudy.errors import InputError
from ganstudy.networks import discriminator_spec, encoder_spec, generator_spec, mlp
from ganstudy.networks.resnet import Discriminator, Encoder, Generator
from ganstudy.spaces import Image, Points

SIZES = [(8, 8), (16, 16), (28, 28), (32, 32), (64, 64), (28, 56)]
SMALL = Image(1, 8, 8)
BatchNorm = nn.modules.batchnorm._BatchNorm


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def fixed(make) -> nn.Module:
    """A network with the same weights at every call."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return make()


def norms(network: nn.Module) -> list[nn.Module]:
    return [module for module in network.modules() if isinstance(module, BatchNorm)]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("norm", ["batch", "none"])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_one_class_serves_every_size(channels: int, norm: str, size: tuple[int, int]) -> None:
    shape = Image(channels, *size)
    G = fixed(lambda: Generator(shape, 5, 4, 3, norm))
    D, encoder = fixed(lambda: Discriminator(shape, 4, 3)), fixed(lambda: Encoder(shape, 5, 4))
    y = torch.tensor([0, 2, 1])
    images = G(5 * normal(3, 5), y)
    assert images.shape == (3, channels, *size)
    assert images.abs().max() <= 1
    assert (images.flatten(1).std(1) > 1e-3).all()
    assert D(images, y).shape == (3,)
    assert all(part.shape == (3, 5) for part in encoder(images))


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_block_for_each_doubling_brings_the_base_to_the_image(size: tuple[int, int]) -> None:
    shape = Image(1, *size)
    G, D = Generator(shape, 5, 4), Discriminator(shape, 4)
    doublings = len(shape.pyramid()) - 1
    assert len(G.blocks) == doublings
    base = G.stem(normal(2, 5)).shape[2:]
    assert tuple(side << doublings for side in base) == size
    assert D.trunk(normal(2, 1, *size)).shape[2:] == base


def test_d_and_the_encoder_have_no_batch_norm_and_g_only_if_asked() -> None:
    assert norms(Discriminator(SMALL, 4, 3)) == []
    assert norms(Encoder(SMALL, 5, 4)) == []
    for classes in (0, 3):
        assert norms(Generator(SMALL, 5, 4, classes, "none")) == []
        # two in each block and one before the last convolution
        assert len(norms(Generator(SMALL, 5, 4, classes, "batch"))) == 3
        assert len(norms(Generator(Image(1, 32, 32), 5, 4, classes, "batch"))) == 7


@pytest.mark.parametrize("norm", ["batch", "spectral"])
def test_a_norm_of_ds_maps_is_refused_saying_what_there_is(norm: str) -> None:
    with pytest.raises(InputError, match="discriminator_norm to none or spectral"):
        Discriminator(SMALL, 4, 0, norm)


def test_batch_norm_in_d_is_refused_through_its_spec_and_spectral_is_not() -> None:
    with pytest.raises(InputError, match=r"resnet: D has no batch norm"):
        discriminator_spec("resnet", (8, 8, 1), 1.0, 4, "batch", 0).build()
    network = discriminator_spec("resnet", (8, 8, 1), 1.0, 4, "spectral", 0).build()
    assert network(normal(2, 1, 8, 8)).shape == (2,)


def test_d_scores_each_image_on_its_own_but_for_the_spread_of_the_batch() -> None:
    D, images = fixed(lambda: Discriminator(SMALL, 4)), normal(6, 1, 8, 8)
    torch.testing.assert_close(D.trunk(images)[:2], D.trunk(images[:2]))
    assert not torch.allclose(D(images)[:2], D(images[:2]), atol=1e-7)


def test_a_block_starts_close_to_its_shortcut_where_no_norm_holds_it() -> None:
    shape = Image(1, 16, 16)
    for norm, near in (("none", True), ("batch", False)):
        block = fixed(lambda norm=norm: Generator(shape, 5, 4, 0, norm)).blocks[-1]
        x = normal(8, block.shortcut.in_channels, 8, 8)
        shortcut = nn.functional.interpolate(block.shortcut(x), scale_factor=2)
        added = block(x, None) - shortcut
        branch = added.std((0, 2, 3)).mean() / shortcut.std((0, 2, 3)).mean()  # biases apart
        assert bool(branch < 0.1) is near
        assert branch > 1e-3  # 0 would have no direction to grow in and no spectral norm


def test_the_shortcut_carries_the_image_through_ds_blocks() -> None:
    D, x = fixed(lambda: Discriminator(SMALL, 4)), normal(4, 1, 8, 8)
    with torch.no_grad():
        for name, weight in D.trunk.named_parameters():
            if "shortcut" not in name:
                weight.zero_()
    block = D.trunk[0]
    pooled = x.unflatten(2, (4, 2)).unflatten(4, (4, 2)).mean((3, 5))
    torch.testing.assert_close(block(x), block.shortcut(pooled))


def test_every_weight_is_used() -> None:
    y = torch.tensor([0, 1, 2, 0])
    for norm in ("batch", "none"):
        G = fixed(lambda norm=norm: Generator(SMALL, 5, 4, 3, norm))
        D, encoder = fixed(lambda: Discriminator(SMALL, 4, 3)), fixed(lambda: Encoder(SMALL, 5, 4))
        images = G(normal(4, 5), y)
        (D(images, y).sum() + sum(part.square().sum() for part in encoder(images))).backward()
        for network in (G, D, encoder):
            for name, weight in network.named_parameters():
                assert weight.grad is not None, name
                assert weight.grad.abs().sum() > 0 or name.endswith("bias"), name


@pytest.mark.parametrize("norm", ["batch", "none"])
def test_g_wants_labels_with_classes_and_none_without(norm: str) -> None:
    z, y = normal(2, 5), torch.tensor([0, 1])
    with pytest.raises(ValueError, match="3 classes: it takes labels y"):
        Generator(SMALL, 5, 4, 3, norm)(z)
    with pytest.raises(ValueError, match="0 classes: it takes y=None"):
        Generator(SMALL, 5, 4, 0, norm)(z, y)


# Points


@pytest.mark.parametrize("family", ["dcgan", "resnet"])
def test_convolutional_networks_of_points_are_refused_naming_the_mlp(family: str) -> None:
    specs = (
        generator_spec(family, (2,), 1.0, 4, 4, "batch", 0),
        discriminator_spec(family, (2,), 1.0, 4, "none", 0),
        encoder_spec(family, (2,), 1.0, 4, 4, False),
    )
    for spec in specs:
        with pytest.raises(InputError, match=r"points.*network\.name mlp"):
            spec.build()


def test_the_mlp_makes_points_without_bounds() -> None:
    shape = Points(2, 2.83)
    G = fixed(lambda: mlp.Generator(shape, 4, 8, 0, "none"))
    with torch.no_grad():
        for weight in G.parameters():
            weight.mul_(5)
    points = G(normal(50, 4))
    assert points.shape == (50, 2)
    assert points.abs().max() > 1  # no tanh
    assert fixed(lambda: mlp.Discriminator(shape, 8, 0, "none"))(points).shape == (50,)
    assert all(p.shape == (50, 3) for p in mlp.Encoder(shape, 3, 8)(points))
