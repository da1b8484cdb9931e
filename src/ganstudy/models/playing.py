"""From params, a model and data to a trainer that can play."""

import torch

from ganstudy.data.images import Split
from ganstudy.models import RunKey
from ganstudy.models.base import GenerativeModel
from ganstudy.params import Params
from ganstudy.training.batches import Batches
from ganstudy.training.trainer import Settings, Trainer


def make_trainer(
    params: Params, key: RunKey, model: GenerativeModel, data: Split, device: torch.device
) -> Trainer:
    """The trainer of the run `key` on the training split `data`; its networks move to `device`."""
    labels = data.labels if model.spec.classes else None
    sampler = model.sampler.to(device)
    players = model.players()
    for player in players:
        player.network.to(device)
    train = params.train
    return Trainer(
        players,
        sampler,
        Batches(data.images, labels, model.spec.shape, train.batch, key.seed, device),
        Settings(
            images=train.images,
            decay=train.decay,
            ema=train.ema,
            bfloat16=train.precision == "bfloat16",
            snapshots=train.snapshots,
            checkpoint_seconds=params.runtime.checkpoint_seconds,
            stop_on_alarm=train.stop_on_alarm,
            graphs=params.runtime.graphs,
        ),
        device,
    )
