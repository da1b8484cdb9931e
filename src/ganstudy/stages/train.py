"""Stage `train`: one run of the grid, resumable, with the same budget for every model."""

from pathlib import Path

import pandas as pd
import torch
from torch import Tensor, nn

from ganstudy import layout, runs
from ganstudy.data.images import load_info, load_split
from ganstudy.errors import InputError
from ganstudy.files import read_json, replacing, sha256_json, write_json, write_npz
from ganstudy.models import RunKey, build, identity
from ganstudy.models.base import balanced_labels, generate, settle
from ganstudy.models.saved import MODEL, WEIGHTS, GeneratorSpec, save_generator
from ganstudy.networks import ImageShape
from ganstudy.params import Params
from ganstudy.progress import say
from ganstudy.reports.pictures import save_grid
from ganstudy.tracking import tracked_run
from ganstudy.training import device as devices
from ganstudy.training.batches import Batches
from ganstudy.training.checkpoint import CheckpointStore
from ganstudy.training.trainer import Settings, Trainer, Watch

PICTURE = 64  # images of a snapshot, always from the same codes


def run(params: Params, key: RunKey, out: Path) -> None:
    """Trains the run `key` on the prepared data and writes its folder `out`: model.json,
    generator.safetensors (moving average), history.csv, grid.png, snapshots.npz."""
    recipe = identity(params, key)
    device = devices.choose(params.runtime)
    info = load_info(layout.PREPARED)
    data = load_split(layout.PREPARED, "train")
    classes = _classes(params, info.classes)
    shape = ImageShape(info.channels, *info.resolution)
    numerics = layout.output(layout.NUMERICS / f"{key.model}-{key.loss}.json", "numerics")
    digest = sha256_json([recipe, info.sha256_train, read_json(numerics)])

    model = build(params, key, shape, classes)
    sampler = model.sampler.to(device)
    players = model.players()
    for player in players:
        player.network.to(device)
    labels = data.labels if classes else None
    trainer = Trainer(
        players,
        sampler,
        Batches(data.images, labels, params.train.batch, key.seed, device),
        Settings(
            images=params.train.images,
            decay=params.train.decay,
            ema=params.train.ema,
            bfloat16=params.train.precision == "bfloat16",
            snapshots=params.train.snapshots,
            checkpoint_seconds=params.runtime.checkpoint_seconds,
        ),
        device,
    )

    def picture(average: nn.Module) -> Tensor:
        settle(average, params.network.latent, classes, key.seed)
        cells = balanced_labels(PICTURE, classes)
        return torch.from_numpy(generate(average, params.network.latent, cells, PICTURE, key.seed))

    if params.train.precision == "bfloat16" and devices.slow_bfloat16(device):
        say("this CPU has no bfloat16 instructions; faster here: -S train.precision=float32")
    hardware = devices.describe(device)
    meta = {
        "key": digest,
        "params": recipe,
        "data": info.name,
        "data_sha256": info.sha256_train,
    }
    store = CheckpointStore(layout.state("train", digest))
    with store.locked(), tracked_run(str(key), meta) as tracker:
        trainer.fit(store, Watch(f"train {key}", tracker.log_rows, picture))
        settle(trainer.average.module, params.network.latent, classes, key.seed)
        spec = GeneratorSpec(
            params.network.name,
            (shape.channels, shape.height, shape.width),
            params.network.latent,
            params.network.generator_width,
            classes,
        )
        save_generator(out, trainer.average.module, spec, meta)
        with replacing(out / runs.HISTORY) as temporary:
            pd.DataFrame(trainer.history).to_csv(temporary, index=False)
        write_npz(out / runs.SNAPSHOTS, torch.stack(trainer.snapshots).numpy())
        save_grid(out / runs.GRID, trainer.snapshots[-1].numpy())
        timing = {"seconds": round(trainer.seconds, 1)} | hardware
        write_json(runs.timing_path(digest), timing)
        tracker.log_metrics(timing)
        names = (runs.GRID, runs.HISTORY, MODEL, WEIGHTS)
        tracker.log_files(*(out / name for name in names))
        store.clear()


def _classes(params: Params, names: tuple[str, ...] | None) -> int:
    if not params.train.conditional:
        return 0
    if names is None:
        raise InputError(
            "train.conditional: true needs labels, and this data has none; set it to false or sort "
            "the images into one sub-folder a class"
        )
    return len(names)
