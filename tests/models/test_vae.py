"""The baseline: its decoder is the GAN's generator, its budget the GAN's, its loss the bound."""

import pytest
import torch

from ganstudy.errors import InputError
from ganstudy.keys import RunKey
from ganstudy.models import build, identity
from ganstudy.objectives.reconstruction import gaussian_kl, gaussian_nll, reparameterize
from ganstudy.spaces import labelled
from ganstudy.training.trainer import Callbacks
from training.tiny import STORED, batches, one_image, params, trainer, weights


@pytest.mark.parametrize("network", ["mlp", "dcgan"])
@pytest.mark.parametrize("classes", [0, 3])
def test_its_decoder_is_the_gans_generator(network: str, classes: int) -> None:
    chosen, world = params(network__name=network), labelled((16, 16, 3), classes=classes)
    gan, vae = (
        build(chosen, RunKey.parse(run), world) for run in ("gan-non_saturating-0", "vae-elbo-0")
    )
    assert type(vae.networks["generator"]) is type(gan.networks["generator"])
    assert weights(vae.networks["generator"]) == weights(
        gan.networks["generator"]
    )  # the same initial weights, so also sizes
    assert [m.__class__ for m in vae.networks["generator"].modules()] == [
        m.__class__ for m in gan.networks["generator"].modules()
    ]


def test_both_are_shown_the_same_images() -> None:
    chosen = params()
    gan, vae = (trainer(chosen, run) for run in ("gan-non_saturating-0", "vae-elbo-0"))
    assert gan.rounds * gan.images_per_round == vae.rounds * vae.images_per_round == 48


def test_its_loss_is_the_negative_bound_in_nats_per_pixel() -> None:
    model = build(params(vae__beta=0.7), RunKey.parse("vae-elbo-0"), labelled(STORED))
    batch = batches().draw(0, 0)
    (player,) = model.players()
    terms = player.objective(batch)
    mean, log_variance = model.encoder(batch["x"])
    z = reparameterize(mean, log_variance, batch.rng("z of the VAE"))
    nll, kl = gaussian_nll(batch["x"], model.decoder(z)), gaussian_kl(mean, log_variance)
    torch.testing.assert_close(terms["reconstruction"], nll)
    torch.testing.assert_close(terms["kl"], kl)
    torch.testing.assert_close(terms["loss"], (nll + 0.7 * kl) / 64)


def test_its_one_player_moves_encoder_and_decoder() -> None:
    subject = trainer(params(), "vae-elbo-0")
    (player,) = subject.players
    before = dict(player.network.named_parameters())
    before = {name: weight.detach().clone() for name, weight in before.items()}
    subject.game.move(player, subject.game.batches.draw(0, 0))
    for name, weight in player.network.named_parameters():
        assert not torch.equal(weight, before[name]), name


def test_it_learns_a_single_image() -> None:
    chosen = params(
        train__images=4 * 150, vae__optimizer={"learning_rate": 0.01, "betas": [0.9, 0.99]}
    )
    subject = trainer(chosen, "vae-elbo-0")
    subject.game.batches = one_image()
    subject.fit(None, Callbacks())
    assert subject.history[-1]["vae/reconstruction"] < subject.history[0]["vae/reconstruction"] - 50


def test_it_has_one_loss() -> None:
    with pytest.raises(InputError, match="one loss, elbo; not 'wgan'"):
        identity(params(), RunKey("vae", "wgan", 0))


def test_it_may_have_a_code_of_its_own_size() -> None:
    for latent, size in ((None, 4), (3, 3)):
        model = build(params(vae__latent=latent), RunKey.parse("vae-elbo-0"), labelled(STORED))
        assert model.specs["generator"].latent == size
        mean, log_variance = model.encoder(torch.zeros(2, 1, 8, 8))
        assert mean.shape == log_variance.shape == (2, size)
        assert model.decoder(mean).shape == (2, 1, 8, 8)
