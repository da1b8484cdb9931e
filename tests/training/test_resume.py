"""A run that was stopped and resumed is the uninterrupted run, bit for bit."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from ganstudy.keys import RunKey
from ganstudy.models import build, snapshots
from ganstudy.models.base import SETTLE_BATCHES, Networks
from ganstudy.params import Params
from ganstudy.spaces import Label
from ganstudy.training.checkpoint import CheckpointStore
from ganstudy.training.trainer import Callbacks, Row, Trainer
from training.tiny import SHAPE, params, snapshot, trainer, weights

RUNS = ["gan-non_saturating-0", "gan-wgan-0", "gan-wgan_gp-0", "gan-relativistic-0", "vae-elbo-0"]


class StoppedError(Exception):
    """What ends a run early in these tests."""


def picture(classes: int):
    """Pictures as the stage takes them: the average is settled, which touches its buffers."""
    space = {"x": SHAPE} | ({"y": Label(classes)} if classes else {})
    model = build(params(), RunKey("gan", "wgan", 0), space)

    def take(networks: Networks) -> Tensor:
        return snapshots.snapshot(networks, model, 4, 0, SETTLE_BATCHES)

    return take


def straight(chosen: Params, run: str, classes: int = 0) -> Trainer:
    subject = trainer(chosen, run, classes=classes)
    subject.fit(None, Callbacks(snapshot=picture(classes)))
    return subject


def interrupted(
    chosen: Params, run: str, folder: Path, stops: tuple[int, ...], classes: int = 0
) -> Trainer:
    """Stopped after the checkpoint of each of these rounds, resumed by a fresh trainer."""
    store = CheckpointStore(folder)
    for stop in stops:

        def log(rows: list[Row], stop: int = stop) -> None:
            if rows[-1]["round"] >= stop:
                raise StoppedError

        subject = trainer(chosen, run, classes=classes, checkpoint_seconds=-1)
        with pytest.raises(StoppedError):
            subject.fit(store, Callbacks(log=log, snapshot=picture(classes)))
        assert store.latest().meta["round"] == stop
    subject = trainer(chosen, run, classes=classes, checkpoint_seconds=-1)
    subject.fit(store, Callbacks(snapshot=picture(classes)))
    return subject


def assert_same(one: Trainer, two: Trainer) -> None:
    assert one.history == two.history
    assert weights(one.average) == weights(two.average)
    assert snapshot(one.players) == snapshot(two.players)
    assert len(one.snapshots) == len(two.snapshots) > 0
    assert [m["round"] for m in one.moments] == [m["round"] for m in two.moments]
    assert len(one.moments) == len(one.snapshots)
    assert all(torch.equal(a, b) for a, b in zip(one.snapshots, two.snapshots, strict=True))
    for player in one.players:
        states = [t.game.optimizers[player.name].state_dict()["state"] for t in (one, two)]
        for index, values in states[0].items():
            for name, tensor in values.items():
                assert torch.equal(tensor, states[1][index][name]), (player.name, index, name)


@pytest.mark.parametrize("network", ["mlp", "dcgan"])
@pytest.mark.parametrize("run", RUNS)
def test_a_resumed_run_is_the_uninterrupted_run(run: str, network: str, tmp_path: Path) -> None:
    chosen = params(network__name=network)
    rounds = trainer(chosen, run).rounds
    stops = (1, rounds // 2, rounds - 1)
    assert_same(straight(chosen, run), interrupted(chosen, run, tmp_path, stops))


def test_also_with_classes_and_in_bfloat16(tmp_path: Path) -> None:
    chosen = params(
        network__name="dcgan",
        train__precision="bfloat16",
        train__conditional=True,
        train__reuse_fakes=True,
    )
    run = "gan-non_saturating-0"
    assert_same(straight(chosen, run, 2), interrupted(chosen, run, tmp_path, (5,), 2))


def test_also_from_the_checkpoint_before_a_damaged_one(tmp_path: Path, capsys) -> None:
    chosen, run = params(network__name="dcgan"), "gan-wgan_gp-0"
    store = CheckpointStore(tmp_path)
    subject = trainer(chosen, run, checkpoint_seconds=-1)

    def log(rows: list[Row]) -> None:
        if rows[-1]["round"] == 4:
            raise StoppedError

    with pytest.raises(StoppedError):
        subject.fit(store, Callbacks(log=log, snapshot=picture(0)))
    path = max(tmp_path.glob("*.safetensors"))
    content = bytearray(path.read_bytes())
    content[-5] ^= 64
    path.write_bytes(bytes(content))
    resumed = trainer(chosen, run)
    resumed.fit(store, Callbacks(snapshot=picture(0)))
    assert "resuming at round 3 of 6" in capsys.readouterr().err
    assert_same(straight(chosen, run), resumed)


def test_also_when_it_was_stopped_between_checkpoints(tmp_path: Path) -> None:
    chosen, run = params(network__name="dcgan"), "gan-non_saturating-0"
    subject = trainer(chosen, run, checkpoint_seconds=-1)
    shots = []

    def stopping(networks: Networks) -> Tensor:
        if len(shots) == 2:  # while round 12's picture is taken; round 11 is the last one kept
            raise StoppedError
        shots.append(None)
        return picture(0)(networks)

    store = CheckpointStore(tmp_path)
    with pytest.raises(StoppedError):
        subject.fit(store, Callbacks(snapshot=stopping))
    assert store.latest().meta["round"] == 11
    resumed = trainer(chosen, run)
    resumed.fit(store, Callbacks(snapshot=picture(0)))
    assert_same(straight(chosen, run), resumed)


def test_a_finished_run_is_only_read_back(tmp_path: Path) -> None:
    chosen, run, store = params(), "gan-wgan-0", CheckpointStore(tmp_path)
    first = trainer(chosen, run)
    first.fit(store, Callbacks(snapshot=picture(0)))
    again = trainer(chosen, run)
    again.game.batches.draw = None  # nothing is left to draw
    again.fit(store, Callbacks(snapshot=picture(0)))
    assert_same(first, again)
    assert again.seconds == first.seconds


def test_a_resumed_run_logs_every_row_again_for_a_tracker_that_missed_some(tmp_path: Path) -> None:
    chosen, run, store, told = params(), "gan-wgan-0", CheckpointStore(tmp_path), []

    def down(rows: list[Row]) -> None:
        if rows[-1]["round"] == 3:
            raise StoppedError

    with pytest.raises(StoppedError):
        trainer(chosen, run, checkpoint_seconds=-1).fit(store, Callbacks(log=down))
    resumed = trainer(chosen, run)
    resumed.fit(store, Callbacks(log=told.extend))
    assert told == resumed.history == straight(chosen, run).history
