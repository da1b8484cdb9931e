"""From params, a model and data to a trainer that can play."""

import torch

from ganstudy.data.images import DataInfo, Split
from ganstudy.errors import InputError
from ganstudy.models import RunKey, World
from ganstudy.models.base import GenerativeModel
from ganstudy.params import Params
from ganstudy.training.batches import Batches
from ganstudy.training.precision import precision
from ganstudy.training.trainer import Settings, Trainer


def world_of(params: Params, info: DataInfo) -> World:
    """What a model of these params is made for. Raises `InputError` where it is to know classes
    that the data does not have."""
    if not params.train.conditional:
        return World(info.shape, info.scale)
    if info.classes is None:
        raise InputError(
            "train.conditional: true needs labels, and this data has none; set it to false or sort "
            "the images into one sub-folder a class"
        )
    return World(info.shape, info.scale, len(info.classes))


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
            bfloat16=precision(params, device) == "bfloat16",
            snapshots=train.snapshots,
            checkpoint_seconds=params.runtime.checkpoint_seconds,
            stop_on_alarm=train.stop_on_alarm,
            graphs=params.runtime.graphs,
        ),
        device,
    )
