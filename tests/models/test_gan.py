"""The GAN as players: what each minimises, on which images, with which condition."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from ganstudy.errors import InputError
from ganstudy.keys import RunKey
from ganstudy.models import build, identity
from ganstudy.models.gan import GAN
from ganstudy.networks import discriminator_spec, generator_spec
from ganstudy.objectives.adversarial import LOSSES
from ganstudy.objectives.penalties import DRAWN_AS, PENALTIES
from ganstudy.params import LossParams
from ganstudy.spaces import labelled
from ganstudy.training.player import Batch
from ganstudy.training.trainer import Callbacks
from training.tiny import ADAM, STORED, batches, params, trainer, weights


def gan(run: str = "gan-non_saturating-0", classes: int = 0, **changes) -> GAN:
    model = build(params(**changes), RunKey.parse(run), labelled(STORED, classes=classes))
    assert isinstance(model, GAN)
    return model


def objectives(model: GAN):
    return [player.objective for player in model.players()]


def codes(batch, purpose: str) -> Tensor:
    return torch.randn(len(batch), 4, generator=batch.rng(purpose))


def swapped_labels(batch: Batch) -> Batch:
    """The same of two classes, each label the other one."""
    return replace(batch, fields={"x": batch["x"], "y": 1 - batch["y"]})


def test_d_moves_first_and_as_often_as_its_recipe_says() -> None:
    players = gan("gan-wgan-0", losses__wgan__critic_steps=5).players()
    assert [(p.name, p.steps) for p in players] == [("discriminator", 5), ("generator", 1)]
    assert players[0].projection is not None
    assert players[1].projection is None
    assert players[0].optimizer.learning_rate == ADAM["learning_rate"]


@pytest.mark.parametrize("loss", ["non_saturating", "wgan", "wgan_gp", "relativistic"])
def test_the_objectives_are_loss_plus_weighted_penalties(loss: str) -> None:
    model = gan(f"gan-{loss}-0")
    batch = batches().draw(0, 0)
    recipe = params().losses[loss]
    G, D = model.generator, model.adversary.network

    fake = G(codes(batch, "z for D")).detach()
    expected = adversarial = LOSSES[loss].discriminator(D(batch["x"]), D(fake))
    for name, settings in recipe.penalties.items():
        value = PENALTIES[name](
            D, batch["x"], fake, batch.rng(f"penalty {DRAWN_AS.get(name, name)}")
        )
        expected = expected + settings.weight * settings.interval * value
    terms = objectives(model)[0](batch)
    torch.testing.assert_close(terms["loss"], expected)
    torch.testing.assert_close(terms["adversarial"], adversarial)
    signs = {"separation", "diversity", "spread"}
    assert set(terms) == {"loss", "adversarial", "real", "fake", *signs, *recipe.penalties}

    scores = D(G(codes(batch, "z for G")))
    terms = objectives(model)[1](batch)
    torch.testing.assert_close(terms["loss"], LOSSES[loss].generator(D(batch["x"]), scores))


@pytest.mark.parametrize("interval", [1, 3])
def test_a_lazy_penalty_comes_every_so_many_rounds_and_as_many_times_as_strong(
    interval: int,
) -> None:
    weight = 1000.0  # as large as the loss beside it, so that their difference keeps its digits
    penalties = {"r1": {"weight": weight, "interval": interval}}
    lazy = gan(losses__non_saturating__penalties=penalties)
    bare = gan(losses__non_saturating__penalties={})
    source = batches()
    for index in range(7):
        batch = source.draw(index, index)
        terms = objectives(lazy)[0](batch)
        extra = terms["loss"] - objectives(bare)[0](batch)["loss"]
        value = PENALTIES["r1"](lazy.adversary.network, batch["x"], batch["x"], batch.rng("none"))
        if index % interval:
            assert extra == 0
            assert "r1" not in terms
        else:
            assert extra.item() == pytest.approx(weight * interval * value.item(), rel=1e-4)
            assert terms["r1"].item() == pytest.approx(value.item(), rel=1e-5)


def test_ds_turn_sends_no_gradient_to_g_and_gs_turn_reaches_all_of_g() -> None:
    model = gan("gan-relativistic-0")
    batch = batches().draw(0, 0)
    objectives(model)[0](batch)["loss"].backward()
    assert all(weight.grad is None for weight in model.generator.parameters())
    model.adversary.network.zero_grad()
    objectives(model)[1](batch)["loss"].backward()
    assert all(weight.grad.abs().sum() > 0 for weight in model.generator.parameters())


@pytest.mark.parametrize("network", ["mlp", "dcgan"])
@pytest.mark.parametrize("loss", ["non_saturating", "wgan_gp"])
def test_a_conditional_game_is_played_on_the_labels_of_the_batch(loss: str, network: str) -> None:
    model = gan(f"gan-{loss}-0", classes=2, network__name=network)
    source = batches(labels=True)
    batch = source.draw(0, 0)
    swapped = swapped_labels(batch)
    for objective in objectives(model):
        before = objective(batch)["loss"]
        assert before != objective(swapped)["loss"]
    objectives(model)[0](batch)["loss"].backward()
    assert model.adversary.network.condition.table.weight.grad.abs().sum() > 0
    objectives(model)[1](batch)["loss"].backward()
    tables = [m.weight for m in model.generator.modules() if isinstance(m, nn.Embedding)]
    assert tables
    assert all(table.grad.abs().sum() > 0 for table in tables)


def test_initial_weights_depend_on_the_seed_and_the_network_and_not_on_the_loss() -> None:
    first, other_loss, other_seed = (
        gan(run) for run in ("gan-non_saturating-0", "gan-wgan-0", "gan-wgan-1")
    )
    for part in ("generator", "discriminator"):
        assert weights(first.networks[part]) == weights(other_loss.networks[part])
        assert weights(first.networks[part]) != weights(other_seed.networks[part])


def test_building_leaves_torchs_own_generator_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    gan()
    assert torch.equal(torch.rand(3), expected)


def test_a_loss_or_penalty_that_no_table_has_is_named_with_the_nearest() -> None:
    recipe = LossParams.model_validate_json(
        '{"generator": {"learning_rate": 0.1, "betas": [0, 0.9]},'
        ' "discriminator": {"learning_rate": 0.1, "betas": [0, 0.9]},'
        ' "penalties": {"wgan_g": {"weight": 1}}}'
    )
    generator = generator_spec("mlp", STORED, 1.0, 4, 8, "batch", 0)
    discriminator = discriminator_spec("mlp", STORED, 1.0, 8, "none", 0)
    with pytest.raises(InputError, match=r"losses\.wgann: no such loss; did you mean 'wgan'\?"):
        GAN("wgann", recipe, generator, discriminator, [], 0)
    with pytest.raises(InputError, match=r"penalties\.wgan_g: .* did you mean 'wgan_gp'\?"):
        GAN("wgan", recipe, generator, discriminator, [], 0)


class Blind(nn.Module):
    """A D that takes a condition and ignores it."""

    def __init__(self, sighted: nn.Module) -> None:
        super().__init__()
        self.sighted = sighted

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return self.sighted(x, torch.zeros_like(y))


def test_the_test_of_conditions_would_catch_a_d_that_ignores_them() -> None:
    model = gan(classes=2)
    model.adversary.network = Blind(model.adversary.network)
    batch = batches(labels=True).draw(0, 0)
    swapped = swapped_labels(batch)
    fixed = model.generator(codes(batch, "z"), batch["y"])
    assert torch.equal(
        model.adversary.score(fixed, batch["y"]), model.adversary.score(fixed, swapped["y"])
    )
    sighted = gan(classes=2)
    assert not torch.equal(
        sighted.adversary.score(fixed, batch["y"]), sighted.adversary.score(fixed, swapped["y"])
    )


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_every_row_of_the_table_trains(name: str) -> None:
    recipes = params().model_dump(mode="json")["losses"]
    needed = LOSSES[name].needs
    extra = {} if needed is None else {needed: {"weight": 1.0}}
    recipes[name] = recipes["relativistic"] | {
        "penalties": recipes["relativistic"]["penalties"] | extra
    }
    chosen = params(losses=recipes, train__loss=name)
    subject = trainer(chosen, f"gan-{name}-0")
    before = [matrices(player.network) for player in subject.players]
    subject.fit(None, Callbacks())
    for player, old in zip(subject.players, before, strict=True):
        for was, now in zip(old, matrices(player.network), strict=True):
            assert not torch.equal(was, now)
            assert now.isfinite().all()


def matrices(network: nn.Module) -> list[Tensor]:
    """All weights but the biases: D's last one cancels in differences of scores."""
    return [weight.detach().clone() for weight in network.parameters() if weight.ndim > 1]


# Reuse


@pytest.mark.parametrize(("run", "each"), [("gan-non_saturating-0", 1), ("gan-wgan-0", 2)])
def test_with_reuse_g_runs_once_fewer_each_round(run: str, each: int) -> None:
    passes = {}
    for reuse in (False, True):
        subject = trainer(params(train__reuse_fakes=reuse), run)
        calls = []
        subject.players[1].network.register_forward_hook(lambda *_, calls=calls: calls.append(1))
        subject.game.run_round(0, 1.0)
        passes[reuse] = len(calls)
    assert passes == {False: each + 1, True: each}


@pytest.mark.parametrize("run", ["gan-non_saturating-0", "gan-wgan-0", "gan-relativistic-0"])
def test_with_reuse_g_moves_on_ds_samples_as_the_moved_d_judges_them(run: str) -> None:
    subject = trainer(params(train__reuse_fakes=True), run)
    D, G = subject.players
    game = subject.game
    batches = [game.batches.draw(index, 0) for index in range(game.draws)]
    for batch in batches:
        game.move(D, batch)
    z = torch.randn(len(batch), 4, generator=batch.rng("z for D"))
    model = D.objective.__self__
    scores = D.network(G.network(z)), D.network(batch["x"])
    expected = torch.autograd.grad(
        model.adversary._loss.generator(scores[1], scores[0]), list(G.network.parameters())
    )
    game.move(G, batch)
    for weight, gradient in zip(G.network.parameters(), expected, strict=True):
        torch.testing.assert_close(weight.grad, gradient)


def test_reuse_is_part_of_a_games_identity_and_of_no_other() -> None:
    plain, reusing = params(), params(train__reuse_fakes=True)
    gan, vae = RunKey.parse("gan-wgan-0"), RunKey.parse("vae-elbo-0")
    assert identity(plain, gan) != identity(reusing, gan)
    assert identity(plain, vae) == identity(reusing, vae)
