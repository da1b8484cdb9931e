"""The 3-D GAN: D waits while it is too good, and that is state."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ganstudy import models
from ganstudy.errors import InputError
from ganstudy.keys import RunKey
from ganstudy.metrics import shapes
from ganstudy.models.gan3d import Patience, accuracy
from ganstudy.models.saved import load_model, save_model
from ganstudy.models.snapshots import snapshot
from ganstudy.spaces import Voxels, labelled
from ganstudy.training.batches import Batches
from ganstudy.training.checkpoint import CheckpointStore
from ganstudy.training.cuda_graphs import recorded
from ganstudy.training.trainer import Callbacks, Row, Settings, Trainer
from models.boxes import SPACES, boxes
from training.test_cuda_graphs import Again
from training.tiny import ADAM, CPU, params, weights

RUN = "gan3d-non_saturating"
GAME = {"generator": ADAM, "discriminator": ADAM}


def trainer(rounds: int = 12, patience: float = 0.8, **settings) -> Trainer:
    recipe = {"game": GAME, "patience": patience}
    small = {"name": "dcgan", "latent": 4, "generator_width": 4, "discriminator_width": 4}
    chosen = params(models={RUN: recipe}, network=small)
    model = models.build(chosen, RunKey.parse(f"{RUN}-0"), SPACES)
    whole = {"images": 8 * rounds, "lr_decay": 0.5, "ema": 0.9} | settings
    return Trainer(model, Batches(boxes(), 8, 0, CPU), Settings(**whole), CPU)


def everything(subject: Trainer) -> list[bytes]:
    model = subject.game.model
    return weights(*model.networks.values(), *model.state.values(), *subject.game.averages.values())


def test_accuracy_is_the_share_of_scores_of_the_right_sign() -> None:
    told = accuracy(torch.tensor([2.0, -1.0, 3.0, 1.0]), torch.tensor([-1.0, -2.0, 5.0, -0.5]))
    assert told["accuracy"].item() == 0.75


def test_d_moves_exactly_while_its_accuracy_on_the_batch_before_was_at_most_the_limit() -> None:
    subject = trainer(40)
    before, told, waited = None, 0.0, 0
    for round_index in range(40):
        before = weights(subject.game.model.networks["discriminator"])
        moves = dict(subject.game.run_round(round_index, 1.0))
        due = told <= 0.8
        assert moves["discriminator/moves"].item() == float(due)
        assert (weights(subject.game.model.networks["discriminator"]) != before) == due
        told = moves["discriminator/accuracy"].item()
        waited += not due
    assert 0 < waited < 40


def test_with_all_patience_it_is_a_plain_game() -> None:
    subject = trainer(12, patience=1.0)
    subject.fit(None, Callbacks())
    assert all(row["discriminator/moves"] == 1 for row in subject.history)


class StoppedError(Exception):
    """What ends a run early."""


@pytest.mark.parametrize("kept", [True, False])
def test_resumed_it_is_the_uninterrupted_run_only_with_what_decides(
    tmp_path: Path, kept: bool
) -> None:
    straight, store = trainer(30), CheckpointStore(tmp_path)
    straight.fit(None, Callbacks())
    moved = [row["discriminator/moves"] for row in straight.history]
    stop_at = moved.index(0.0)  # the row after which D waits: what decides is in the checkpoint

    def stop(rows: list[Row]) -> None:
        if rows[-1]["round"] == stop_at:
            raise StoppedError

    with pytest.raises(StoppedError):
        trainer(30, checkpoint_seconds=-1).fit(store, Callbacks(log=stop))
    resumed = trainer(30)
    if not kept:
        del resumed.game.model.state["patience"]  # it starts anew
    resumed.fit(store, Callbacks())
    assert (resumed.history == straight.history) == kept
    assert (everything(resumed)[:4] == everything(straight)[:4]) == kept


def learnt(patience: float) -> np.ndarray:
    """Solids of a training of seconds on boxes."""
    game = {**GAME, "penalties": {"r1": {"weight": 3.0, "interval": 1}}}
    width = {"name": "dcgan", "latent": 8, "generator_width": 8, "discriminator_width": 8}
    chosen = params(models={RUN: {"game": game, "patience": patience}}, network=width)
    model = models.build(chosen, RunKey.parse(f"{RUN}-0"), SPACES)
    subject = Trainer(model, Batches(boxes(), 24, 0, CPU), Settings(24 * 300, 0.5, 0.95), CPU)
    subject.fit(None, Callbacks())
    return snapshot(subject.networks(), model, 200, 0, 8).numpy()


def test_boxes_are_learnt_by_a_d_that_moves_and_by_one_that_always_waits_they_are_not() -> None:
    boxes_made, nothing = learnt(1.0), learnt(0.01)
    assert (shapes.one_piece(boxes_made) & shapes.on_floor(boxes_made)).mean() >= 0.8
    assert (shapes.one_piece(nothing) & shapes.on_floor(nothing)).mean() <= 0.3


def test_its_rounds_can_be_recorded() -> None:
    eager, replayed = trainer(20), trainer(20)
    replayed._play = recorded(replayed.game, Again(replayed.game))
    for subject in (eager, replayed):
        subject.fit(None, Callbacks())
    assert everything(eager) == everything(replayed)
    assert eager.history == replayed.history


def test_saved_and_loaded_it_makes_the_same_solids(tmp_path: Path) -> None:
    subject = trainer(3)
    subject.fit(None, Callbacks())
    meta = {"params": {"run": f"{RUN}-0"}}
    save_model(tmp_path, subject.networks(), subject.game.model.specs, meta)
    made = load_model(tmp_path).sample(5, 0)["x"]
    assert (made.shape, made.dtype) == ((5, 8, 8, 8), np.bool_)


def test_grids_that_do_not_double_and_other_data_are_refused() -> None:
    chosen = params(models={RUN: {"game": GAME}})
    key = RunKey.parse(f"{RUN}-0")
    for sides in ((12, 12, 12), (8, 8, 16), (4, 4, 4)):
        with pytest.raises(InputError, match=r"cubes of 8, 16, 32, … cells a side"):
            models.build(chosen, key, {"x": Voxels(*sides)})
    with pytest.raises(InputError, match="it learns voxels, x"):
        models.build(chosen, key, labelled((8, 8, 1)))
    with pytest.raises(InputError, match="it learns one field of samples"):
        models.build(chosen, RunKey.parse("gan-wgan-0"), SPACES)
    clipped = params(models={RUN: {"game": {**GAME, "clip": 0.1}}})
    with pytest.raises(InputError, match=r"clip: D's steps may be taken back"):
        models.build(clipped, key, SPACES)


def test_patience_takes_back_what_was_not_due() -> None:
    network = torch.nn.Linear(2, 1)
    patience, first = Patience(network, 0.8), weights(network)
    patience.tell(torch.tensor(0.9))
    assert patience.decide(network).item() == 0
    with torch.no_grad():
        network.weight.add_(1)
    patience.keep(network)
    assert weights(network) == first
    patience.tell(torch.tensor(0.8))
    assert patience.decide(network).item() == 1
    with torch.no_grad():
        network.weight.add_(1)
    patience.keep(network)
    assert weights(network) != first
