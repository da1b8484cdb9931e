"""VAE-GAN: whose gradients go where, and that it is the VAE where its error looks at pixels."""

import pytest
import torch
from torch import Tensor, nn

from ganstudy.errors import InputError
from ganstudy.fingerprints.values import in_float64
from ganstudy.keys import RunKey
from ganstudy.models import build
from ganstudy.models.vae_gan import VAEGAN, depth
from ganstudy.networks import discriminator_spec
from ganstudy.spaces import labelled
from ganstudy.training.trainer import Callbacks, Trainer
from training.tiny import ADAM, STORED, batches, params, trainer, weights

RUN = "vae_gan-non_saturating-0"
GAME = {
    "generator": ADAM,
    "discriminator": ADAM,
    "penalties": {"r1": {"weight": 0.1, "interval": 2}},
}


def recipe(**changes) -> dict:
    own = {"encoder": ADAM, "encoder_width": 8, "layer": 1, "gamma": 0.5, "game": GAME}
    return {"vae_gan-non_saturating": own | changes}


def made(network: str = "mlp", **changes) -> VAEGAN:
    chosen = params(models=recipe(**changes), network__name=network)
    return build(chosen, RunKey.parse(RUN), labelled(STORED))


def gradients(loss: Tensor, network: nn.Module) -> list[Tensor]:
    found = torch.autograd.grad(loss, list(network.parameters()), allow_unused=True)
    return [torch.zeros(()) if each is None else each for each in found]


def objectives(model: VAEGAN) -> dict:
    return {player.name: player.objective for player in model.players()}


# Known answers


def test_on_pixels_and_without_its_game_it_is_the_vae_of_unit_variance() -> None:
    with in_float64():
        chosen = params(models=recipe(layer=0), vae__variance=1.0)
        ours, vae = (
            build(chosen, RunKey.parse(run), labelled(STORED)) for run in (RUN, "vae-elbo-0")
        )
        batch, ratio = batches().draw(0, 0), 64  # the VAE's loss is a mean over pixels
        (player,) = vae.players()
        bound = player.objective(batch)["loss"] * ratio
        terms = objectives(ours)["encoder"](batch)
        constant = 0.5 * ratio * torch.log(torch.tensor(2 * torch.pi))
        torch.testing.assert_close(terms["loss"] + constant, bound, rtol=1e-12, atol=0)
        pairs = zip(
            gradients(terms["loss"], ours.encoder), gradients(bound, vae.encoder), strict=True
        )
        for own, other in pairs:
            torch.testing.assert_close(own, other, rtol=1e-9, atol=1e-12)
        decoded = objectives(ours)["generator"](batch)["reconstruction"]
        for own, other in zip(
            gradients(decoded, ours.decoder),
            gradients(player.objective(batch)["loss"] * ratio, vae.decoder),
            strict=True,
        ):
            torch.testing.assert_close(own, other, rtol=1e-9, atol=1e-12)


def test_the_decoder_minimises_gamma_times_the_error_and_both_games() -> None:
    model, batch = made(gamma=0.5), batches().draw(0, 0)
    terms = objectives(model)["generator"](batch)
    copied, drawn = model._fakes(batch)
    features = [model.adversary.network.hidden(x)[0] for x in (batch["x"], copied)]
    error = 0.5 * (features[0] - features[1]).square().sum(1).mean()
    games = [nn.functional.softplus(-model.adversary.score(x)).mean() for x in (copied, drawn)]
    torch.testing.assert_close(terms["loss"], 0.5 * error + (games[0] + games[1]) / 2)


def test_d_plays_against_copies_and_samples_in_equal_parts() -> None:
    model, batch = made(), batches().draw(1, 1)  # a round without penalty
    terms = objectives(model)["discriminator"](batch)
    copied, drawn = model._fakes(batch)
    real, *fakes = (model.adversary.score(x) for x in (batch["x"], copied, drawn))
    softplus = nn.functional.softplus
    expected = softplus(-real).mean() + sum(softplus(fake).mean() for fake in fakes) / 2
    torch.testing.assert_close(terms["loss"], expected)
    torch.testing.assert_close(terms["reconstructed"], fakes[0].mean())


# Whose gradients go where


def moved(subject: Trainer) -> dict[str, list[bytes]]:
    subject.fit(None, Callbacks())
    return {name: weights(network) for name, network in subject.game.model.networks.items()}


def first_step_of_d(**changes) -> list[bytes]:
    subject = trainer(params(models=recipe(**changes)), RUN)
    game = subject.game
    game.move(subject.players[0], game.batches.draw(0, 0))
    return weights(game.model.networks["discriminator"])


def test_the_error_moves_encoder_and_decoder_and_never_d() -> None:
    plain = first_step_of_d()
    assert first_step_of_d(gamma=1e4, layer=2) == plain
    model, batch = made(), batches().draw(0, 0)
    steps = objectives(model)
    without = gradients(steps["discriminator"](batch)["loss"], model.adversary.network)
    planted = steps["discriminator"](batch)["loss"] + model._error(
        batch["x"], model._fakes(batch)[0]
    )
    wrong = gradients(planted, model.adversary.network)  # D shrinking what the error sees
    assert not all(map(torch.equal, without, wrong))


def test_every_network_moves_and_the_encoder_by_no_game() -> None:
    subject = trainer(params(models=recipe()), RUN)
    before = {n: weights(net) for n, net in subject.game.model.networks.items()}
    after = moved(subject)
    assert all(after[name] != before[name] for name in before)
    model, batch = made(), batches().draw(0, 0)
    error = objectives(model)["encoder"](batch)
    expected = gradients(error["reconstruction"] + error["kl"], model.encoder)
    found = gradients(objectives(model)["encoder"](batch)["loss"], model.encoder)
    assert all(map(torch.equal, expected, found))


def test_an_error_of_ds_final_score_is_blind_to_what_the_hidden_layer_sees() -> None:
    """The planted mistake: a score is one number, and samples of one score may differ."""
    model = made()
    D = model.adversary.network
    one, other = torch.randn(2, 1, 1, 8, 8, generator=torch.manual_seed(0))
    for _ in range(50):  # Newton's steps bring the other to the score of the one
        other = other.detach().requires_grad_()
        gap = D(other)[0] - D(one)[0].detach()
        (slope,) = torch.autograd.grad(gap, other)
        other = other - gap.detach() * slope / slope.square().sum()
    assert 0.5 * (D(other) - D(one)).square().sum() < 1e-8
    assert model._error(one, other.detach()) > 0.01


# The house


@pytest.mark.parametrize("network", ["mlp", "dcgan", "resnet"])
def test_every_hidden_layer_of_every_family_can_measure(network: str) -> None:
    most = depth(discriminator_spec(network, STORED, 1.0, 8, "none", 0))
    for layer in range(most + 1):
        model, batch = made(network, layer=layer), batches().draw(0, 0)
        terms = objectives(model)["encoder"](batch)
        assert terms["reconstruction"] > 0
        assert any(g.abs().sum() > 0 for g in gradients(terms["reconstruction"], model.encoder))
    with pytest.raises(InputError, match=rf"layer: {most + 1}: this D has layers 0 to {most}"):
        made(network, layer=most + 1)


def test_conditional_it_trains_too() -> None:
    subject = trainer(params(models=recipe(), train__conditional=True), RUN, classes=2)
    subject.fit(None, Callbacks())
    assert subject.history[-1].keys() >= {"encoder/kl", "generator/reconstruction"}
