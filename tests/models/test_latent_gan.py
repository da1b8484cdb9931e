"""The game on codes: whitening, whose gradients go where, and what D sees."""

import pytest
import torch
from torch import Tensor

from ganstudy.errors import InputError
from ganstudy.fingerprints.values import in_float64
from ganstudy.keys import RunKey
from ganstudy.models import build
from ganstudy.models.latent_gan import LatentGAN
from ganstudy.networks.latent import Whitening
from ganstudy.spaces import labelled
from ganstudy.training.trainer import Callbacks
from training.tiny import ADAM, STORED, batches, params, trainer

RUN = "latent_gan-non_saturating-0"
GAME = {"generator": ADAM, "discriminator": ADAM}


def recipe(**changes) -> dict:
    own = {"optimizer": ADAM, "encoder_width": 8, "latent": 3, "critic_width": 8, "game": GAME}
    return {"latent_gan-non_saturating": own | changes}


def made(network: str = "mlp", **changes) -> LatentGAN:
    chosen = params(models=recipe(**changes), network__name=network)
    return build(chosen, RunKey.parse(RUN), labelled(STORED))


def codes(count: int = 2000) -> Tensor:
    """Of scales a thousand times apart, and correlated."""
    drawn = torch.randn(count, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    mixed = drawn @ torch.tensor([[30.0, 0, 0], [20, 0.5, 0], [0, 0.2, 0.03]]).double()
    return mixed + torch.tensor([5.0, -1.0, 0.1]).double()


def spread(x: Tensor) -> float:
    """How far mean and covariance are from 0 and I."""
    covariance = torch.cov(x.T, correction=0)
    return max(x.mean(0).abs().max(), (covariance - torch.eye(3)).abs().max()).item()


def test_whitened_codes_have_mean_0_and_covariance_1_and_come_back() -> None:
    with in_float64():
        subject, x = Whitening(3), codes()
        subject.follow(x)
        apart = x - x.mean(0)
        torch.testing.assert_close(subject.covariance, apart.T @ apart / len(x))
        assert spread(x) > 100  # the planted mistake: unwhitened
        # The floor under thin directions is a ten-thousandth of the mean variance.
        wide = x * torch.tensor([0.1, 1.0, 10.0])
        fresh = Whitening(3)
        fresh.follow(wide)
        assert spread(fresh.whitened(wide)) < 0.1
        torch.testing.assert_close(fresh(fresh.whitened(wide)), wide)


def test_the_mean_runs_after_codes_that_drift() -> None:
    subject = Whitening(1)
    for step in range(400):
        subject.follow(torch.full((4, 1), float(step)))
    assert 250 < subject.mean.item() < 399  # the last hundred batches count
    equal = subject.whitened(torch.full((4, 1), 3.0))
    assert equal.isfinite().all()


def test_the_game_moves_neither_encoder_nor_decoder() -> None:
    model, batch = made(), batches().draw(0, 0)
    ae, d, g = (player.objective(batch)["loss"] for player in model.players())
    for name, network in (("encoder", model.encoder), ("decoder", model.generator.decoder)):
        weights = list(network.parameters())
        for loss in (d, g):
            slopes = torch.autograd.grad(loss, weights, allow_unused=True, retain_graph=True)
            assert all(slope is None for slope in slopes), name
        assert any(
            slope is not None
            for slope in torch.autograd.grad(ae, weights, allow_unused=True, retain_graph=True)
        ), name


@pytest.mark.parametrize("network", ["mlp", "dcgan", "resnet"])
def test_the_generator_decodes_what_the_mapping_makes(network: str) -> None:
    model = made(network)
    model.generator.eval()
    for step in range(5):
        model.generator.whitening.follow(model._codes(batches().draw(step, step)["x"]))
    z = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
    whitening = model.generator.whitening
    expected = model.generator.decoder(
        whitening.mean + (z + model.generator.mapping(z)) @ whitening.factor.T
    )
    torch.testing.assert_close(model.generator(z), expected)
    assert expected.shape == (4, 1, 8, 8)


def test_d_sees_codes_of_the_spread_of_noise() -> None:
    chosen = params(models=recipe(), train__images=4 * 150)
    subject = trainer(chosen, RUN)
    subject.fit(None, Callbacks())
    model = subject.game.model
    real = subject.game.batches.draw(0, 0)["x"]
    every = torch.cat([subject.game.batches.draw(i, i)["x"] for i in range(5)] + [real])
    with torch.no_grad():
        found = model.generator.whitening.whitened(model._codes(every))
    assert found.mean(0).abs().max() < 0.5
    assert found.std(0).log().abs().max() < 0.7  # between half and twice


def test_it_knows_no_classes_and_its_d_no_batch_norm() -> None:
    with pytest.raises(InputError, match="it knows no classes"):
        build(params(models=recipe()), RunKey.parse(RUN), labelled(STORED, classes=2))
    with pytest.raises(InputError, match="its D has no batch norm"):
        made(game={**GAME, "discriminator_norm": "batch"})
