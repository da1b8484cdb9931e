"""What a study is about to do: its runs, how long they will take here, what it needs."""

import math
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch

from ganstudy import judges
from ganstudy.data.fielded import spaces_of
from ganstudy.data.images import load_info
from ganstudy.data.native import DOWNLOADS, stored_shape
from ganstudy.dataset import Dataset, random_rows
from ganstudy.errors import InputError
from ganstudy.files import read_json
from ganstudy.keys import RunKey
from ganstudy.models import build, identity, playing
from ganstudy.models.saved import MODEL
from ganstudy.params import Params
from ganstudy.spaces import Space, labelled
from ganstudy.study import layout
from ganstudy.training import device as devices
from ganstudy.training.precision import precision
from ganstudy.training.trainer import Trainer

PROBE_SECONDS = 2.0  # of all recipes together
WARM_UP = 3  # rounds: the first ones choose kernels
CLASSES = 10  # of a probe whose networks are told of classes
# Beside training, for a run: start-up, pictures, sampling, metrics. Seconds on two cores.
BESIDE_RUN, BESIDE_STUDY = 45, 60
SNAPSHOT = 2000  # samples, of each of the growth's moments


def run(params: Params) -> str:
    """The plan in a few lines. Trains for two seconds, on noise, to know this machine's rate."""
    device = devices.choose(params.runtime)
    data = _prepared()
    keys = [key for key in params.run_keys() if not _is_there(params, key, device, data)]
    if not keys:
        return (
            "plan: every run was trained with these params; what changed in code is made anew, "
            "and what depends on it"
        )
    families = Counter(RunKey.parse(key).family for key in keys)
    rates = {family: _rate(params, family, device, len(families)) for family in families}
    training = sum(params.train.images * n / rates[family] for family, n in families.items())
    beside = BESIDE_RUN * len(keys) + BESIDE_STUDY
    rate = ", ".join(f"{family} {value:,.0f}/s" for family, value in rates.items())
    return "\n".join(
        [
            f"plan: {len(keys)} run{'s' * (len(keys) > 1)} of {params.train.images:,} images each, "
            f"in {precision(params, device)} on {device.type}: {_named(keys)}",
            f"      about {_minutes(training + beside)} in all, {_minutes(training)} of training "
            f"(tried just now for {PROBE_SECONDS:.0f} s: {rate})",
            f"      judge: {_judge(params, data)}; {_data(params)}; "
            f"about {_megabytes(params, keys):,} MB of disk",
        ]
    )


def _is_there(params: Params, key: str, device: torch.device, data: str | None) -> bool:
    """Whether the run was trained with these params, in this precision, on data of that hash."""
    try:
        known: dict[str, object] = read_json(layout.RUNS / key / MODEL)
    except InputError:
        return False
    wanted: dict[str, object] = {
        "params": identity(params, RunKey.parse(key)),
        "precision": precision(params, device),
    }
    if data is not None:
        wanted["data_sha256"] = data
    return all(known.get(name) == value for name, value in wanted.items())


def _prepared() -> str | None:
    """The hash of the training split, where it is prepared."""
    try:
        return load_info(layout.PREPARED).sha256_train
    except InputError:
        return None


def _rate(params: Params, family: str, device: torch.device, families: int) -> float:
    """Images/s of training `family`, on noise."""
    key = RunKey.parse(f"{family}-0")
    data = playing.seen(params, key, _noise(params))
    trainer = playing.make_trainer(params, key, build(params, key, data.spaces), data, device)
    for index in range(WARM_UP):
        _play(trainer, index, device)
    began, rounds = time.monotonic(), 0
    while time.monotonic() - began < PROBE_SECONDS / families or not rounds:
        _play(trainer, WARM_UP + rounds, device)
        rounds += 1
    return rounds * trainer.images_per_round / (time.monotonic() - began)


def _noise(params: Params) -> Dataset:
    """Rows in the shape of the study's data."""
    count = max(2 * params.train.batch, CLASSES * (params.data.labels_per_class or 0))
    rows = random_rows(spaces(params), np.random.default_rng(0), count)
    if "y" not in rows.fields:
        return rows
    y = np.arange(count) % CLASSES  # each class as often as the others
    return replace(rows, fields={**rows.fields, "y": y})


def spaces(params: Params) -> Mapping[str, Space]:
    """What the study's data are, as far as params tell; images have `CLASSES` classes."""
    if params.data.traits.fields:
        return spaces_of(params.data)
    return labelled(stored_shape(params.data), 1.0, CLASSES)


def _play(trainer: Trainer, index: int, device: torch.device) -> None:
    trainer.try_out(index)
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _judge(params: Params, data: str | None) -> str:
    recipe = params.judge
    if params.data.traits.points:
        return "the mixture itself"
    if recipe is None:
        return "the test split itself"
    there = judges.hashes(params.data.name) if data is None else judges.find(data)
    if recipe.weights == "released" and there:
        return "the released one"
    return f"trained on {recipe.images:,} images first, which is not in this estimate"


def _data(params: Params) -> str:
    name = params.data.name
    if (layout.RAW / "train.npz").is_file() or name not in DOWNLOADS:
        return f"data: {name}, from this machine"
    size = DOWNLOADS[name] / 1e6
    return f"data: {name}, from this machine or a download of {size:.0f} MB"


def _megabytes(params: Params, keys: list[str]) -> int:
    """Of what the runs leave, twice: DVC keeps a copy."""
    sample = sum(math.prod(space.size) for space in spaces(params).values())
    each = sample * (params.sample.count + params.train.snapshots * SNAPSHOT)
    return round(2 * each * len(keys) / 1e6)


def _named(keys: list[str]) -> str:
    return ", ".join(keys) if len(keys) < 5 else f"{', '.join(keys[:3])}, …, {keys[-1]}"


def _minutes(seconds: float) -> str:
    minutes = max(1, round(seconds / 60))
    return f"{minutes} minute{'s' * (minutes > 1)}"
