"""Alarms: each sign by a planted history, its terms by their definitions, and games that die."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn

from ganstudy.errors import DivergedError
from ganstudy.models.gan import GAN
from ganstudy.networks import discriminator_spec, generator_spec
from ganstudy.params import LossParams
from ganstudy.training.alarms import (
    DIVERSITY,
    SEPARATION,
    SIGNS,
    SPREAD,
    WINDOW,
    alarms,
    game_terms,
)
from ganstudy.training.batches import Batches
from ganstudy.training.player import Batch, Terms
from ganstudy.training.trainer import EXPLODED, Callbacks, Settings, Trainer
from training.tiny import dataset

CPU = torch.device("cpu")
HEALTHY = {SEPARATION: 0.8, DIVERSITY: 0.9, SPREAD: 1.5}
SICK = {
    "D too strong": {SEPARATION: 0.999},
    "D too weak": {SEPARATION: 0.5, DIVERSITY: 0.6},
    "D is constant": {SPREAD: 0.0},
    "collapse": {DIVERSITY: 0.02},
}
BUDGET = 64 * 4000  # images
each_sign = pytest.mark.parametrize("name", SICK)


def history(*stretches: tuple[int, dict[str, float]], step: int = 5) -> list[dict[str, float]]:
    """Rows every `step` rounds: stretches of so many, each healthy but for what it says."""
    rows = [HEALTHY | terms for count, terms in stretches for _ in range(count)]
    rounds = [float(step * (index + 1)) for index in range(len(rows))]
    return [{"round": n, "images": 64 * n} | row for n, row in zip(rounds, rows, strict=True)]


def names(rows: list[dict[str, float]]) -> list[str]:
    return [alarm.name for alarm in alarms(rows, BUDGET)]


# Signs


def test_there_is_a_planted_history_for_every_sign() -> None:
    assert set(SICK) == {sign.name for sign in SIGNS}


def test_a_healthy_game_is_silent() -> None:
    assert alarms(history((400, {})), BUDGET) == []
    assert alarms([], BUDGET) == []


def test_a_balanced_game_with_full_diversity_is_no_weak_d() -> None:
    # At the optimum D tells nothing and G's samples are as diverse as real ones.
    assert alarms(history((400, {SEPARATION: 0.5, DIVERSITY: 1.0})), BUDGET) == []


@each_sign
def test_each_sign_is_raised_by_its_own_history_alone(name: str) -> None:
    assert names(history((30, {}), (WINDOW, SICK[name]))) == [name]


@each_sign
def test_a_sign_must_hold_for_the_whole_window_on_end(name: str) -> None:
    sick = SICK[name]
    assert names(history((30, {}), (WINDOW - 1, sick), (30, {}))) == []
    broken = [(WINDOW - 1, sick), (1, {})] * 5
    assert names(history(*broken)) == []
    assert names(history(*broken, (WINDOW, sick))) == [name]


@each_sign
def test_it_began_where_the_first_whole_window_did(name: str) -> None:
    sick = SICK[name]
    rows = history((10, {}), (3, sick), (7, {}), (WINDOW + 5, sick), (15, {}), (WINDOW, sick))
    (alarm,) = alarms(rows, BUDGET)  # once, though it came back
    assert alarm.round == rows[20]["round"] == 105
    assert alarm.progress == pytest.approx(rows[20]["images"] / BUDGET)
    assert isinstance(alarm.round, int)


def test_only_a_dead_d_and_a_collapse_are_fatal() -> None:
    rows = history(*((WINDOW, sick) for sick in SICK.values()))
    found = {alarm.name: alarm.fatal for alarm in alarms(rows, BUDGET)}
    assert found["D is constant"]
    assert found["collapse"]
    assert not found["D too strong"]
    assert not found["D too weak"]
    assert all(alarm.meaning for alarm in alarms(rows, BUDGET))


def test_a_model_without_a_game_has_no_alarms() -> None:
    rows = [{"round": float(r), "images": 8.0 * r, "vae/loss": 0.1} for r in range(1, 100)]
    assert alarms(rows, BUDGET) == []


# Terms


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def terms(real: Tensor, fake: Tensor, x: Tensor | None = None, y: Tensor | None = None):
    x = normal(len(real), 2) if x is None else x
    found = game_terms(real, fake, x, x if y is None else y)
    return {name: value.item() for name, value in found.items()}


@pytest.mark.parametrize("shift", [-3.0, 0.0, 0.7, 10.0])
@pytest.mark.parametrize("digits", [0, 3])
def test_separation_is_the_area_under_the_roc_curve_ties_and_all(shift: float, digits: int) -> None:
    real = (normal(80) + shift).round(decimals=digits)
    fake = normal(80, seed=1).round(decimals=digits)
    labels = np.repeat([1, 0], 80)
    expected = roc_auc_score(labels, torch.cat([real, fake]).numpy())
    assert terms(real, fake)["separation"] == pytest.approx(expected, abs=1e-6)


def test_separation_is_one_half_for_a_constant_d() -> None:
    assert terms(torch.ones(5), torch.ones(5))["separation"] == pytest.approx(0.5)
    assert terms(torch.ones(5), torch.zeros(5))["separation"] == 1
    assert terms(torch.zeros(5), torch.ones(5))["separation"] == 0


@pytest.mark.parametrize("size", [(2,), (1, 4, 4)], ids=["points", "images"])
def test_diversity_is_the_ratio_of_variances(size: tuple[int, ...]) -> None:
    scores, x = normal(60), normal(60, *size) + 0.3
    for fake, expected in (
        (x, 1.0),
        (x.flip(0), 1.0),
        (0.5 * x + 3, 0.25),  # wherever it is
        (x[:1].expand_as(x), 0.0),  # one sample
    ):
        assert terms(scores, scores, x, fake)["diversity"] == pytest.approx(expected, abs=1e-4)
    other = normal(60, *size, seed=2)
    expected = (other.var(0).sum() / x.var(0).sum()).item()
    assert terms(scores, scores, x, other)["diversity"] == pytest.approx(expected, rel=1e-4)


def test_half_the_modes_of_two_are_seen_in_the_diversity() -> None:
    x = torch.tensor([[-1.0, 0.0], [1.0, 0.0]]).repeat(30, 1) + 0.01 * normal(60, 2)
    one = torch.tensor([[1.0, 0.0]]).repeat(60, 1) + 0.01 * normal(60, 2)
    assert terms(normal(60), normal(60), x, one)["diversity"] < 0.001


def test_constant_real_samples_give_no_division_by_nothing() -> None:
    x = torch.ones(8, 2)
    assert np.isfinite(terms(normal(8), normal(8), x, x)["diversity"])


def test_spread_is_that_of_ds_scores_and_nothing_for_a_constant_one() -> None:
    real, fake = 3 * normal(50), normal(50, seed=1)
    expected = (real.std() + fake.std()).item()
    assert terms(real, fake)["spread"] == pytest.approx(expected, rel=1e-5)
    assert terms(real + 9, fake - 9)["spread"] == pytest.approx(expected, rel=1e-4)
    assert terms(torch.full((9,), 7.0), torch.full((9,), 7.0))["spread"] == 0


def test_terms_carry_no_gradient() -> None:
    scores, x = normal(6).requires_grad_(), normal(6, 2).requires_grad_()
    assert not any(value.requires_grad for value in game_terms(scores, scores, x, x).values())


# Games that die

ADAM = {"learning_rate": 0.002, "betas": (0.0, 0.99)}


def game(loss: str = "wgan", rate: float = 0.002, **recipe) -> GAN:
    """A game whose G is diverse from the start."""
    adam = ADAM | {"learning_rate": rate}
    model = GAN(
        loss,
        LossParams.model_validate({"generator": ADAM, "discriminator": adam, **recipe}),
        generator_spec("mlp", (8, 8, 1), 1.0, 4, 8, "none", 0),
        discriminator_spec("mlp", (8, 8, 1), 1.0, 8, "none", 0),
        [],
        0,
    )
    with torch.no_grad():
        for weight in model.generator.parameters():
            weight.mul_(4)
    return model


def trainer(model: GAN, rounds: int, *, stop_on_alarm: bool = False) -> Trainer:
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 1)).astype(np.uint8)
    batches = Batches(dataset(images), 8, 0, CPU)
    settings = Settings(8 * rounds, 0.0, 0.9, stop_on_alarm=stop_on_alarm)
    return Trainer(model, batches, settings, CPU)


def clipped_to_nothing() -> GAN:
    """A critic whose weights are all (nearly) 0."""
    return game(clip=1e-9)


def of_one_image() -> GAN:
    """A G whose code goes nowhere: it starts at one image, and every step moves that one."""
    model = game("non_saturating")
    stem = model.generator.body[0]
    nn.utils.parametrize.register_parametrization(stem, "weight", _Nothing())
    return model


class _Nothing(nn.Module):
    def forward(self, weight: Tensor) -> Tensor:
        return 0 * weight


DYING: dict[str, Callable[[], GAN]] = {
    "D is constant": clipped_to_nothing,
    "collapse": of_one_image,
}
dying = pytest.mark.parametrize("name", DYING)


@dying
def test_a_real_training_that_dies_raises_its_alarm_and_goes_on(name: str) -> None:
    subject = trainer(DYING[name](), 40)
    subject.fit(None, Callbacks())
    assert len(subject.history) == 40
    assert name in names(subject.history)


@dying
def test_stop_on_alarm_ends_it_at_the_end_of_the_window(name: str) -> None:
    subject = trainer(DYING[name](), 200, stop_on_alarm=True)
    with pytest.raises(DivergedError, match=name):
        subject.fit(None, Callbacks())
    assert len(subject.history) <= 2 * WINDOW  # it was dead from (nearly) the first row


def test_a_healthy_game_is_not_stopped() -> None:
    subject = trainer(game("non_saturating"), 60, stop_on_alarm=True)
    subject.fit(None, Callbacks())
    assert len(subject.history) == 60


def state(subject: Trainer) -> dict[str, Tensor]:
    """All weights and buffers of a trainer."""
    parts = {player.name: player.network for player in subject.players}
    parts["average"] = subject.average
    return {
        f"{part} {name}": tensor.detach().clone()
        for part, network in parts.items()
        for name, tensor in network.state_dict().items()
    }


def test_a_training_that_explodes_is_left_at_its_last_sound_row() -> None:
    # A critic without bounds at a rate of .3: its scores grow without end.
    subject = trainer(game(rate=0.3), 400)
    with pytest.raises(DivergedError, match=r"discriminator/\w+.*not finite, or exploding"):
        subject.fit(None, Callbacks())
    rows = subject.history
    assert 3 < len(rows) < 400
    assert all(abs(value) < EXPLODED for row in rows for value in row.values())
    found = state(subject)
    assert all(tensor.isfinite().all() for tensor in found.values())

    # It is where a training stands that ends, well, with that row.
    short = trainer(game(rate=0.3), len(rows))
    short.fit(None, Callbacks())
    assert short.history == rows
    expected = state(short)
    assert found.keys() == expected.keys()
    for name, tensor in found.items():
        assert torch.equal(tensor, expected[name]), name


def test_a_gradient_that_is_not_a_number_is_caught_before_it_is_kept() -> None:
    model = game()
    players = list(model.players())

    def poisoned(batch: Batch) -> Terms:
        loss = players[1].objective(batch)["loss"]
        hidden = (loss * 0).abs().sqrt()  # 0, but its gradient is not finite
        return {"loss": loss + hidden if batch.round == 7 else loss}

    subject = trainer(model, 30)  # G moves last: no term of the round sees its weights
    subject.game.players = [players[0], replace(players[1], objective=poisoned)]
    with pytest.raises(DivergedError, match="weights of generator not finite"):
        subject.fit(None, Callbacks())
    assert len(subject.history) == 7
    assert all(tensor.isfinite().all() for tensor in state(subject).values())


def test_a_training_that_fails_at_once_is_left_as_it_began() -> None:
    subject = trainer(game(), 30)
    before = state(subject)
    broken = subject.players[0].objective

    def never_a_number(batch: Batch) -> Terms:
        return broken(batch) | {"loss": broken(batch)["loss"] * float("nan")}

    subject.game.players = [
        replace(subject.players[0], objective=never_a_number),
        subject.players[1],
    ]
    with pytest.raises(DivergedError, match=r"discriminator/loss.* not finite"):
        subject.fit(None, Callbacks())
    assert subject.history == []
    for name, tensor in state(subject).items():
        assert torch.equal(tensor, before[name]), name
