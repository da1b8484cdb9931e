"""What every family of networks promises: shapes, ranges, conditions, and what D may not have."""

import pytest
import torch
from torch import Tensor, nn

from ganstudy.networks import discriminator_spec, encoder_spec, generator_spec
from ganstudy.spaces import Image

FAMILIES = ["dcgan", "mlp", "resnet"]
SIZES = [(8, 8), (16, 16), (28, 28), (32, 32), (64, 64), (28, 56)]
SMALL = Image(1, 8, 8)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def discriminator(family: str, shape: Image = SMALL, classes: int = 0) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return discriminator_spec(family, shape.stored, 1.0, 4, "none", classes).build()


def generator(family: str, shape: Image = SMALL, classes: int = 0) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return generator_spec(family, shape.stored, 1.0, 5, 4, "batch", classes).build()


def encoder(family: str, shape: Image = SMALL) -> nn.Module:
    return encoder_spec(family, shape.stored, 1.0, 5, 4, standardized=False).build()


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_one_class_serves_every_size_and_channel(family, channels, size) -> None:
    shape = Image(channels, *size)
    images = generator(family, shape)(10 * normal(3, 5))
    assert images.shape == (3, channels, *size)
    assert images.abs().max() <= 1
    assert images.std() > 0
    assert discriminator(family, shape)(images).shape == (3,)
    mean, log_variance = encoder(family, shape)(images)
    assert mean.shape == log_variance.shape == (3, 5)


@pytest.mark.parametrize("family", FAMILIES)
def test_g_reaches_both_ends_of_the_range(family: str) -> None:
    network = generator(family)
    with torch.no_grad():
        for weight in network.parameters():
            weight.mul_(10)
    images = network(normal(16, 5))
    assert images.min() < -0.99
    assert images.max() > 0.99


@pytest.mark.parametrize("family", FAMILIES)
def test_scores_are_raw_and_unbounded(family: str) -> None:
    network = discriminator(family)
    with torch.no_grad():
        for weight in network.parameters():
            weight.mul_(10)
    scores = network(normal(16, 1, 8, 8))
    assert scores.abs().max() > 1.5
    assert scores.std() > 0


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("shape", [SMALL, Image(3, 28, 28)], ids=str)
def test_d_and_the_encoder_have_no_batch_norm(family: str, shape: Image) -> None:
    for network in (discriminator(family, shape, 3), encoder(family, shape)):
        norms = [m for m in network.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
        assert norms == []


def test_mlp_d_scores_each_image_on_its_own() -> None:
    network, images = discriminator("mlp"), normal(6, 1, 8, 8)
    torch.testing.assert_close(network(images)[:2], network(images[:2]))


@pytest.mark.parametrize("family", ["dcgan", "resnet"])
def test_a_convolutional_d_scores_each_image_on_its_own_but_for_the_spread_of_the_batch(
    family: str,
) -> None:
    network, images = discriminator(family), normal(6, 1, 8, 8)
    torch.testing.assert_close(network.trunk(images)[:2], network.trunk(images[:2]))
    assert not torch.allclose(network(images)[:2], network(images[:2]), atol=1e-7)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_weight_is_used(family: str) -> None:
    y = torch.tensor([0, 1, 2, 0])
    G, D = generator(family, classes=3), discriminator(family, classes=3)
    q = encoder(family)
    images = G(normal(4, 5), y)
    (D(images, y).sum() + sum(part.square().sum() for part in q(images))).backward()
    for network in (G, D, q):
        for name, weight in network.named_parameters():
            assert weight.grad is not None, name
            assert weight.grad.abs().sum() > 0 or name.endswith("bias"), name


# Conditions


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("part", ["generator", "discriminator"])
def test_labels_are_required_with_classes_and_refused_without(family: str, part: str) -> None:
    make = generator if part == "generator" else discriminator
    x, y = (normal(2, 5) if part == "generator" else normal(2, 1, 8, 8)), torch.tensor([0, 1])
    with pytest.raises(ValueError, match="3 classes: it takes labels y"):
        make(family, classes=3)(x)
    with pytest.raises(ValueError, match="0 classes: it takes y=None"):
        make(family)(x, y)


@pytest.mark.parametrize("family", FAMILIES)
def test_d_reads_its_condition(family: str) -> None:
    network, images = discriminator(family, classes=3), normal(4, 1, 8, 8)
    scores = torch.stack([network(images, torch.full((4,), c)) for c in range(3)])
    assert (scores.var(0) > 1e-6).all()  # of the same images, only y differs


@pytest.mark.parametrize("family", FAMILIES)
def test_d_is_a_projection_score_plus_inner_product(family: str) -> None:
    network, images = discriminator(family, classes=3), normal(4, 1, 8, 8)
    y = torch.tensor([0, 1, 2, 1])
    if family == "mlp":
        features = scored = network.body(images)
    elif family == "dcgan":
        features = scored = network.head(network.trunk(images))
    else:  # its linear layer sees the maps and their spread, the condition their means
        maps = network.trunk(images)
        features, scored = maps.mean((2, 3)), network.spread(maps).flatten(1)
    expected = network.score(scored)[:, 0] + (features * network.condition.table(y)).sum(1)
    torch.testing.assert_close(network(images, y), expected)


@pytest.mark.parametrize("family", FAMILIES)
def test_g_reads_its_condition(family: str) -> None:
    network, z = generator(family, classes=3).eval(), normal(4, 5)
    for seed, module in enumerate(network.modules()):
        if isinstance(module, nn.Embedding):  # gains and shifts are alike at first
            module.weight.data = normal(*module.weight.shape, seed=seed)
    images = torch.stack([network(z, torch.full((4,), c)) for c in range(3)])
    assert images.var(0).amax() > 1e-8


@pytest.mark.parametrize("family", FAMILIES)
def test_each_image_gets_the_condition_of_its_own_label(family: str) -> None:
    network, images = discriminator(family, classes=3), normal(4, 1, 8, 8)
    y = torch.tensor([2, 0, 1, 1])
    order = torch.tensor([3, 1, 0, 2])
    torch.testing.assert_close(network(images[order], y[order]), network(images, y)[order])
