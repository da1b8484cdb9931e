"""From params, a model and data to a trainer that can play."""

from collections.abc import Mapping

import torch

from ganstudy.data.images import DataInfo
from ganstudy.dataset import Dataset
from ganstudy.errors import InputError
from ganstudy.keys import RunKey
from ganstudy.models.base import GenerativeModel
from ganstudy.params import Params
from ganstudy.spaces import Space, labelled
from ganstudy.training.batches import Batches
from ganstudy.training.precision import precision
from ganstudy.training.trainer import Settings, Trainer


def spaces_for(params: Params, info: DataInfo) -> Mapping[str, Space]:
    """The fields that a model of these params is made for. Raises `InputError` where it is to know
    classes that the data does not have."""
    if not params.train.conditional:
        return labelled(info.shape, info.scale)
    if info.classes is None:
        raise InputError(
            "train.conditional: true needs labels, and this data has none; set it to false or sort "
            "the images into one sub-folder a class"
        )
    return labelled(info.shape, info.scale, len(info.classes))


def make_trainer(
    params: Params, key: RunKey, model: GenerativeModel, data: Dataset, device: torch.device
) -> Trainer:
    """The trainer of the run `key` on `data`; its networks move to `device`."""
    for module in (*model.networks.values(), *model.state.values()):
        module.to(device)
    train = params.train
    return Trainer(
        model,
        Batches(data, train.batch, key.seed, device),
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
