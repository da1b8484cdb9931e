"""Models beside the GAN and the auto-encoders: stopped and resumed, recorded, and told of nothing
that their state does not hold."""

from pathlib import Path

import pytest
import torch

from ganstudy.models import snapshots
from ganstudy.training.checkpoint import CheckpointStore
from ganstudy.training.cuda_graphs import recorded
from ganstudy.training.trainer import Callbacks, Row, Trainer
from training.test_cuda_graphs import Again
from training.tiny import ADAM, params, trainer, weights

WALK = {"steps": 3, "first": 0.1, "last": 0.01}
GAME = {
    "generator": ADAM,
    "discriminator": ADAM,
    "penalties": {"r1": {"weight": 0.1, "interval": 2}},
}
MODELS = {
    "vae_gan-non_saturating": {
        "encoder": ADAM,
        "encoder_width": 8,
        "layer": 1,
        "gamma": 0.5,
        "game": GAME,
    },
    "energy-contrastive": {
        "optimizer": ADAM,
        "width": 8,
        "alpha": 0.1,
        "buffer": 12,
        "training": WALK,
        "sampling": WALK,
    },
    "latent_gan-non_saturating": {
        "optimizer": ADAM,
        "encoder_width": 8,
        "latent": 3,
        "critic_width": 8,
        "game": GAME,
    },
}
RUNS = [f"{family}-0" for family in MODELS]


class StoppedError(Exception):
    """What ends a run early."""


def subject(run: str, **settings) -> Trainer:
    return trainer(params(models=MODELS), run, **settings)


def watch(of: Trainer, **more) -> Callbacks:
    model = of.game.model

    def picture(networks) -> torch.Tensor:
        return snapshots.snapshot(networks, model, 4, 0)

    return Callbacks(snapshot=picture, **more)


def everything(of: Trainer) -> list[bytes]:
    model = of.game.model
    return weights(*model.networks.values(), *model.state.values(), *of.game.averages.values())


@pytest.mark.parametrize("run", RUNS)
def test_stopped_and_resumed_it_is_the_uninterrupted_run(run: str, tmp_path: Path) -> None:
    straight, store = subject(run), CheckpointStore(tmp_path)
    straight.fit(None, watch(straight))

    def stop(rows: list[Row]) -> None:
        if rows[-1]["round"] == 5:
            raise StoppedError

    stopped = subject(run, checkpoint_seconds=-1)
    with pytest.raises(StoppedError):
        stopped.fit(store, watch(stopped, log=stop))
    resumed = subject(run)
    resumed.fit(store, watch(resumed))
    assert everything(resumed) == everything(straight)
    assert resumed.history == straight.history
    assert all(map(torch.equal, resumed.snapshots, straight.snapshots))


@pytest.mark.parametrize("run", RUNS)
def test_without_its_state_in_the_checkpoint_it_would_not_be(run: str, tmp_path: Path) -> None:
    straight = subject(run)
    if not straight.game.model.state:
        return
    straight.fit(None, Callbacks())
    store = CheckpointStore(tmp_path)

    def stop(rows: list[Row]) -> None:
        if rows[-1]["round"] == 5:
            raise StoppedError

    with pytest.raises(StoppedError):
        subject(run, checkpoint_seconds=-1).fit(store, Callbacks(log=stop))
    resumed = subject(run)
    resumed.game.model.state.clear()
    resumed.fit(store, Callbacks())
    assert resumed.history != straight.history


@pytest.mark.parametrize("run", RUNS)
def test_its_rounds_can_be_recorded(run: str) -> None:
    eager, replayed = subject(run), subject(run)
    replayed._play = recorded(replayed.game, Again(replayed.game))
    for each in (eager, replayed):
        each.fit(None, Callbacks())
    assert everything(eager) == everything(replayed)
    assert eager.history == replayed.history
