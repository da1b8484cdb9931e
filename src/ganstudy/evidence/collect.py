"""What a run's own files tell beside its metrics, by its networks and its protocol."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ganstudy.data.images import Split
from ganstudy.evaluation import MeasuringProtocol
from ganstudy.evidence.limits import BESIDE, LOOKED_AT, REACH, SHOWN, SIDE
from ganstudy.files import Images, Samples
from ganstudy.models import latent_traversal
from ganstudy.models.saved import load_companion, load_generator
from ganstudy.training.alarms import WINDOW, alarms

Rows = Sequence[Mapping[str, float]]


def rows_of(history: pd.DataFrame) -> Rows:
    """A history as alarms read it."""
    return [{str(k): float(v) for k, v in row.items()} for row in history.to_dict("records")]


def raised(rows: Rows, images: int) -> list[dict[str, Any]]:
    """The alarms of a training on so many `images`: name, share of training at which it began, and
    what it means."""
    return [
        {"name": alarm.name, "progress": alarm.progress, "meaning": alarm.meaning}
        for alarm in alarms(rows, images)
    ]


def failure(rows: Rows, images: int, diverged: str | None) -> str | None:
    """Why a run counts as failed: it `diverged`, or a fatal alarm holds at the end of training. A
    game that recovered has not failed: its last state is what was measured."""
    if diverged is not None:
        return diverged
    return next((alarm.name for alarm in alarms(rows[-WINDOW:], images) if alarm.fatal), None)


def growth(protocol: MeasuringProtocol, snapshots: Samples) -> list[dict[str, Any]]:
    """Metrics, numbers alone, at each of `snapshots` (T, N, ...), as many as the protocol tells."""
    found = [protocol.snapshot_metrics(Split(snapshot, None)) for snapshot in snapshots]
    return [
        {name: value for name, value in values.items() if isinstance(value, int | float)}
        for values in found
        if values
    ]


def walk(folder: Path, test: Split) -> tuple[Images, Images]:
    """Interpolations between codes and traversals along dimensions of a run's generator, both
    (rows, steps, H, W, C)."""
    generator, companion = load_generator(folder), load_companion(folder)
    ends = latent_traversal.endpoints(generator, companion, test.images, test.labels)
    return latent_traversal.interpolation(generator, ends), latent_traversal.traversal(generator)


def neighbours(
    protocol: MeasuringProtocol, samples: Samples, train: Samples
) -> tuple[Images, Images] | None:
    """The first samples, and those of the first LOOKED_AT that are closest to a training image,
    each in front of the training images nearest to it: both (rows, 1 + BESIDE, H, W, C). None where
    the protocol knows no nearness."""
    looked = samples[:LOOKED_AT]
    nearest = protocol.nearest(looked, min(BESIDE, len(train)))
    if nearest is None:
        return None
    closest = np.argsort(nearest.distances[:, 0], kind="stable")[:SHOWN]

    def beside(rows: npt.NDArray[Any]) -> Images:
        both = [looked[rows][:, None], train[nearest.indices[rows]]]
        return np.concatenate(both, axis=1).astype(np.uint8, copy=False)

    return beside(np.arange(min(SHOWN, len(looked)))), beside(closest)


def landscape(folder: Path, farthest: float) -> npt.NDArray[np.uint16] | None:
    """The ranks of D's scores on a square grid around points whose `farthest` coordinate is given,
    (SIDE, SIDE), rows upwards. None without a D, and of a conditional one, which has a landscape
    for each class."""
    companion = load_companion(folder)
    if companion.role != "discriminator" or companion.spec.classes:
        return None
    scores = latent_traversal.landscape(companion, companion.spec.shape, REACH * farthest, SIDE)
    return scores.ravel().argsort(kind="stable").argsort().reshape(scores.shape).astype(np.uint16)
