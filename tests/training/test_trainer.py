"""The game: who moves when and on what, what history says, and how it ends when it diverges."""

from collections import Counter
from collections.abc import Mapping

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ganstudy.errors import DivergedError
from ganstudy.training.checkpoint import CheckpointStore
from ganstudy.training.player import Adam, Batch, Player
from ganstudy.training.trainer import ROWS, Callbacks, Row, Settings, Trainer
from training.tiny import CPU, Played, batches, one_image, params, snapshot, trainer, weights


class Point(nn.Module):
    """A network of one weight."""

    def __init__(self, value: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([value]))


class Recorder:
    """An objective that notes its batches and pulls the weight of its network to zero."""

    def __init__(self, network: Point) -> None:
        self.network, self.batches = network, []

    def __call__(self, batch: Batch) -> dict[str, Tensor]:
        self.batches.append(batch)
        return {
            "loss": self.network.weight.square().sum(),
            "round": torch.tensor(batch.round * 1.0),
        }


def play(rounds: int, steps: dict[str, int], **settings) -> tuple[Trainer, dict[str, Recorder]]:
    """Trains players that record, for so many rounds; the trainer and what was recorded."""
    networks = {name: Point() for name in steps}
    records = {name: Recorder(network) for name, network in networks.items()}
    players = [
        Player(name, networks[name], records[name], Adam(0.01, (0.0, 0.99)), count)
        for name, count in steps.items()
    ]
    whole = {"images": rounds * max(steps.values()) * 4, "lr_decay": 0.0, "ema": 0.5} | settings
    subject = Trainer(Played(players), batches(4), Settings(**whole), CPU)
    subject.fit(None, Callbacks())
    return subject, records


# Turns


def test_players_make_their_steps_and_share_the_last_batch_of_a_round() -> None:
    subject, records = play(6, {"critic": 5, "generator": 1})
    assert subject.rounds == 6
    critic, generator = (records[name].batches for name in ("critic", "generator"))
    assert Counter(batch.round for batch in critic) == dict.fromkeys(range(6), 5)
    assert [batch.round for batch in generator] == list(range(6))
    assert [batch.index for batch in critic] == list(range(30))
    assert [batch.index for batch in generator] == [4, 9, 14, 19, 24, 29]


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_the_budget_is_images_shown_however_many_steps_the_critic_makes(steps: int) -> None:
    subject, records = play(0, {"critic": steps, "generator": 1}, images=200)
    shown = sum(len(batch) for batch in records["critic"].batches)
    assert shown == 200
    assert subject.history[-1]["images"] == 200


def test_the_next_player_sees_what_the_one_before_has_done() -> None:
    first, second = Point(), Point()
    seen = []

    def watch(batch: Batch) -> dict[str, Tensor]:
        seen.append(first.weight.item())
        return {"loss": second.weight.square().sum()}

    players = [
        Player("first", first, Recorder(first), Adam(0.1, (0.0, 0.99))),
        Player("second", second, watch, Adam(0.1, (0.0, 0.99))),
    ]
    Trainer(Played(players), batches(4), Settings(12, 0, 0), CPU).fit(None, Callbacks())
    np.testing.assert_allclose(seen, [0.9, 0.8, 0.7], atol=0.02)


@pytest.mark.parametrize("run", ["gan-non_saturating-0", "gan-wgan_gp-0", "gan-relativistic-0"])
@pytest.mark.parametrize("network", ["mlp", "dcgan"])
def test_players_move_only_their_own_weights(run: str, network: str) -> None:
    subject = trainer(params(network__name=network), run)
    buffers = {"running_mean", "running_var", "num_batches_tracked"}  # G's forward updates them
    for index in range(len(subject.players)):
        player, other = subject.players[index], subject.players[1 - index]
        before = {
            name: tensor.clone()
            for name, tensor in other.network.state_dict().items()
            if name.rsplit(".")[-1] not in buffers
        }
        own = weights(player.network)
        subject.game.move(player, subject.game.batches.draw(0, 0))
        assert weights(player.network) != own
        after = other.network.state_dict()
        assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
        assert all(weight.grad is None for weight in other.network.parameters()) or index


def test_a_player_that_holds_still_gathers_no_gradient() -> None:
    subject = trainer(params(), "gan-relativistic-0")
    D, G = subject.players
    batch = subject.game.batches.draw(0, 0)
    subject.game.move(D, batch)
    assert all(weight.grad is None for weight in G.network.parameters())
    own = [weight.grad.clone() for weight in D.network.parameters()]
    subject.game.move(G, batch)  # through D, and past its weights
    assert all(map(torch.equal, own, (weight.grad for weight in D.network.parameters())))


def test_the_projection_is_applied_after_each_step() -> None:
    subject = trainer(params(losses__wgan__clip=0.01), "gan-wgan-0")
    bounds = []
    move = subject.game.move

    def watched(player, *rest):
        terms = move(player, *rest)
        bounds.append((player.name, max(w.abs().max().item() for w in player.network.parameters())))
        return terms

    subject.game.move = watched
    subject.fit(None, Callbacks())
    assert [name for name, _ in bounds[:3]] == ["discriminator", "discriminator", "generator"]
    assert all(bound <= 0.01 for name, bound in bounds if name == "discriminator")
    assert all(bound > 0.01 for name, bound in bounds if name == "generator")


def test_learning_rates_fall_to_zero_at_the_end() -> None:
    network, rates = Point(), []
    player = Player("one", network, Recorder(network), Adam(0.5, (0.0, 0.99)))
    subject = Trainer(Played([player]), batches(4), Settings(40, 0.4, 0), CPU)
    step = subject.game.optimizers["one"].step
    subject.game.optimizers["one"].step = lambda: (
        rates.append(subject.game.optimizers["one"].param_groups[0]["lr"]),
        step(),
    )
    subject.fit(None, Callbacks())
    np.testing.assert_allclose(rates, [0.5] * 7 + [0.375, 0.25, 0.125])


def test_adam_is_adam() -> None:
    network = Point(2.0)
    player = Player("one", network, Recorder(network), Adam(0.05, (0.5, 0.9)))
    Trainer(Played([player]), batches(4), Settings(5 * 4, 0, 0), CPU).fit(None, Callbacks())
    weight, m, v = 2.0, 0.0, 0.0
    for t in range(1, 6):
        g = 2 * weight
        m, v = 0.5 * m + 0.5 * g, 0.9 * v + 0.1 * g * g
        weight -= 0.05 * (m / (1 - 0.5**t)) / ((v / (1 - 0.9**t)) ** 0.5 + 1e-8)
    assert network.weight.item() == pytest.approx(weight, rel=1e-5)


def test_the_average_follows_the_sampler_once_a_round() -> None:
    subject, _ = play(6, {"critic": 5, "generator": 1}, ema=0.0)
    assert int(subject.average.n_averaged) == 6
    assert subject.average.module.weight.item() == subject.players[1].network.weight.item()


# History


def test_rows_are_means_over_rounds_and_steps() -> None:
    rounds = 3 * ROWS
    subject, records = play(rounds, {"critic": 2, "generator": 1})
    assert len(subject.history) == ROWS
    for index in (0, 1, ROWS - 1):
        row = subject.history[index]
        assert row["round"] == 3 * (index + 1)
        assert row["images"] == row["round"] * 8
        middle = 3 * index + 1
        assert row["critic/round"] == row["generator/round"] == middle
    assert set(subject.history[0]) == {
        "round",
        "images",
        *(f"{name}/{term}" for name in records for term in ("loss", "round")),
    }


def test_the_last_row_is_the_last_round_even_where_rows_do_not_divide_it() -> None:
    subject, _ = play(2 * ROWS + 1, {"one": 1})
    last, before = subject.history[-1], subject.history[-2]
    assert last["round"] == 2 * ROWS + 1
    assert last["round"] - before["round"] == 1
    assert last["one/round"] == 2 * ROWS


def test_a_lazy_penalty_has_its_mean_in_history_and_its_cadence_in_play() -> None:
    subject = trainer(params(train__images=4 * 9), "gan-non_saturating-0")
    subject.fit(None, Callbacks())
    present = [row["round"] - 1 for row in subject.history if "discriminator/r1" in row]
    assert present == [0, 3, 6]


def test_snapshots_are_taken_at_the_end_of_equal_parts() -> None:
    taken = []
    subject = trainer(params(), "gan-non_saturating-0", snapshots=4)

    def picture(networks: Mapping[str, nn.Module]) -> Tensor:
        taken.append(subject.history[-1]["round"])
        return torch.zeros(1)

    subject.fit(None, Callbacks(snapshot=picture))
    assert taken == [3, 6, 9, 12]
    assert len(subject.snapshots) == 4


def test_the_log_gets_every_row_once() -> None:
    told = []
    subject = trainer(params(), "gan-non_saturating-0", checkpoint_seconds=-1)
    subject.fit(None, Callbacks(log=told.extend))
    assert told == subject.history
    assert [row["round"] for row in told] == list(range(1, 13))


def test_what_is_measured_of_a_snapshot_is_logged_with_its_row_and_kept_out_of_history() -> None:
    told: list[Row] = []
    subject = trainer(params(), "gan-non_saturating-0", snapshots=3, checkpoint_seconds=-1)
    watch = Callbacks(
        log=told.extend,
        snapshot=lambda networks: torch.full((1,), subject.history[-1]["round"]),
        measure=lambda samples: {"fid": 100 / samples.item()},
    )
    subject.fit(None, watch)
    assert {row["round"]: row["live/fid"] for row in told if "live/fid" in row} == {
        4: 25.0,
        8: 12.5,
        12: pytest.approx(100 / 12),
    }
    assert [row["round"] for row in told] == list(range(1, 13))
    assert not any(name.startswith("live/") for row in subject.history for name in row)
    seconds = [moment["live/seconds"] for moment in subject.moments]
    assert seconds == sorted(seconds)
    assert [moment["images"] for moment in subject.moments] == [16, 32, 48]


# Same results


def run_once(chosen, run: str, store=None, classes: int = 0, picture=None, **settings) -> Trainer:
    subject = trainer(chosen, run, classes=classes, **settings)
    subject.fit(store, Callbacks(snapshot=picture))
    return subject


@pytest.mark.parametrize("run", ["gan-non_saturating-0", "gan-wgan-0", "vae-elbo-0"])
def test_a_run_repeats_bit_for_bit_whatever_is_logged_or_kept(run: str, tmp_path) -> None:
    chosen = params(network__name="dcgan")
    plain = run_once(chosen, run)
    watched = run_once(
        chosen,
        run,
        CheckpointStore(tmp_path / "store"),
        picture=lambda networks: next(networks["generator"].parameters()).detach()[:1].clone(),
        checkpoint_seconds=-1,
    )
    assert weights(plain.average) == weights(watched.average)
    assert snapshot(plain.players) == snapshot(watched.players)
    assert plain.history == watched.history


def test_the_state_of_torchs_own_generator_does_not_matter() -> None:
    found = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        found.append(weights(run_once(params(), "vae-elbo-0").average))
    assert found[0] == found[1]


def test_two_losses_at_one_seed_see_the_same_data_in_the_same_order() -> None:
    seen = {}
    for run in ("gan-non_saturating-0", "gan-relativistic-0", "vae-elbo-0", "gan-relativistic-1"):
        subject = trainer(params(), run)
        draw, by_index = subject.game.batches.draw, {}

        def noted(index: int, round_index: int, draw=draw, by_index=by_index) -> Batch:
            batch = draw(index, round_index)
            by_index[index] = batch["x"].numpy().tobytes()
            return batch

        subject.game.batches.draw = noted
        subject.fit(None, Callbacks())
        assert sorted(by_index) == list(range(12))
        seen[run] = by_index
    assert seen["gan-non_saturating-0"] == seen["gan-relativistic-0"] == seen["vae-elbo-0"]
    assert seen["gan-relativistic-0"] != seen["gan-relativistic-1"]


# Divergence


def diverging(bad_round: int, make_bad) -> Trainer:
    """A player whose loss is `make_bad(weight)` from `bad_round` on."""
    network = Point()

    def objective(batch: Batch) -> dict[str, Tensor]:
        good = network.weight.square().sum()
        loss = good + make_bad(network.weight).sum() if batch.round >= bad_round else good
        return {"loss": loss, "other": torch.tensor(3.5)}

    player = Player("critic", network, objective, Adam(0.01, (0.0, 0.99)))
    settings = Settings(10 * 4, 0, 0.5, checkpoint_seconds=-1)
    return Trainer(Played([player]), batches(4), settings, CPU)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_term_that_is_not_finite_stops_the_run_with_round_terms_and_advice(
    value: float, tmp_path
) -> None:
    store = CheckpointStore(tmp_path)
    subject = diverging(6, lambda weight: weight * value)
    with pytest.raises(DivergedError, match=r"round 7 of 10: critic/loss not finite") as caught:
        subject.fit(store, Callbacks())
    message = str(caught.value)
    assert "critic/other = 3.5" in message
    assert "Lower the learning rates" in message
    assert "\n" not in message
    last = store.latest()
    assert last.meta["round"] == 6
    assert all(tensor.isfinite().all() for tensor in last.tensors.values())


def test_batches_of_identical_images_are_no_divergence() -> None:
    subject = trainer(params(), "gan-non_saturating-0")
    subject.game.batches = one_image()
    subject.fit(None, Callbacks())
    assert len(subject.history) == 12


def test_weights_that_are_not_finite_are_never_the_last_good_checkpoint(tmp_path) -> None:
    # The slope of √0 is infinite: the loss of that round is a number, the step is not.
    store = CheckpointStore(tmp_path)
    subject = diverging(6, lambda weight: (weight * 0).sqrt())
    with pytest.raises(DivergedError, match="round 7 of 10: weights of critic not finite"):
        subject.fit(store, Callbacks())
    last = store.latest()
    assert last.meta["round"] == 6
    assert all(tensor.isfinite().all() for tensor in last.tensors.values())


def test_weights_that_are_not_finite_after_the_last_step_are_no_result() -> None:
    subject = diverging(9, lambda weight: (weight * 0).sqrt())
    with pytest.raises(DivergedError, match="round 10 of 10: weights of critic"):
        subject.fit(None, Callbacks())
