"""From params, a model and data to a trainer that can play."""

import torch

from ganstudy.data.labels import few_labels, labelled_alone
from ganstudy.dataset import Dataset
from ganstudy.errors import InputError, naming
from ganstudy.keys import RunKey
from ganstudy.models import model_class
from ganstudy.models.base import GenerativeModel
from ganstudy.params import Params
from ganstudy.training.batches import Batches
from ganstudy.training.precision import precision
from ganstudy.training.trainer import Settings, Trainer


def seen(params: Params, key: RunKey, data: Dataset) -> Dataset:
    """Of `data` what the run `key` sees: labels only where it is conditional or cannot learn
    without any, and no more of them than `data.labels_per_class`, drawn for its seed; a conditional
    model then sees the labelled samples alone. Raises `InputError` where it is to know classes that
    the data does not have."""
    conditional, few = params.train.conditional, params.data.labels_per_class
    plain = data.only(data.fields.keys() - {"y"})
    if not conditional and model_class(key.model).unfit(plain.spaces) is None:
        return plain
    if few is not None:
        partly = few_labels(data, few, key.seed)
        return labelled_alone(partly) if conditional else partly
    if conditional and "y" not in data.fields:
        raise InputError(
            "train.conditional: true needs labels, and this data has none; set it to false or sort "
            "the images into one sub-folder a class"
        )
    return data if conditional else plain


def make_trainer(
    params: Params, key: RunKey, model: GenerativeModel, data: Dataset, device: torch.device
) -> Trainer:
    """The trainer of the run `key` on `data`; its networks move to `device`."""
    for module in (*model.networks.values(), *model.state.values()):
        module.to(device)
    train = params.train
    with naming("train.batch"):
        batches = Batches(data, train.batch, key.seed, device)
    return Trainer(
        model,
        batches,
        Settings(
            images=train.images,
            lr_decay=train.lr_decay,
            ema=train.ema,
            bfloat16=precision(params, device) == "bfloat16",
            snapshots=train.snapshots,
            checkpoint_seconds=params.runtime.checkpoint_seconds,
            stop_on_alarm=train.stop_on_alarm,
            graphs=params.runtime.graphs,
        ),
        device,
    )
