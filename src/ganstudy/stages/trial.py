"""Stage `trial`: one variant of a recipe, trained like any run and measured on validation images.

Recipes are chosen by trials, so the test split takes no part in the choice.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ganstudy.data.images import Split, load_info, load_split
from ganstudy.errors import InputError, nearest
from ganstudy.evaluation import PROTOCOLS, MeasuringProtocol
from ganstudy.files import read_json, sha256_json, write_json
from ganstudy.keys import RunKey
from ganstudy.models.saved import MODEL, load_generator
from ganstudy.params import Params, load
from ganstudy.progress import log
from ganstudy.seeding import numpy_generator
from ganstudy.study import layout, runs, variants
from ganstudy.training import device as devices


def untried(table: Path) -> list[str]:
    """The variants without a result, in the order of the table."""
    return [name for name in variants.read(table) if not variants.result(name, table).is_file()]


def run(name: str, table: Path, train: Callable[[Params, RunKey, Path], None]) -> None:
    """Trains the variant `name` by the stage `train` and writes what it reached, a flat JSON: fid,
    fid_floor, precision, recall and coverage of as many samples as there are validation images."""
    known = variants.read(table)
    if name not in known:
        raise InputError(f"{table}: there is no variant {name!r}; {nearest(name, known)}")
    variant = known[name]
    settings = load(changes=variant.set | {"train.failure": "keep"})
    key = RunKey.parse(f"{variant.run}-{variant.seed}")
    device = devices.choose(settings.runtime)
    protocol = PROTOCOLS[load_info(layout.PREPARED).kind](settings, device)
    count = len(load_split(layout.PREPARED, "validation").images)
    floor = _measured(protocol, _real(count))["fid"]
    folder = layout.state("trial", sha256_json([name, settings.model_dump(mode="json")]))
    train(settings, key, folder)
    meta = read_json(folder / MODEL)
    samples = load_generator(folder, device).sample(count, key.seed)
    values = _measured(protocol, Split(samples, None)) | {
        "fid_floor": floor,
        "images": settings.train.images,
        "seconds": runs.read_timing(meta["key"])["seconds"],
        "failed": "failure" in meta,
    }
    write_json(variants.result(name, table), values | devices.describe(device))
    log(f"{name}: FID {values['fid'] / values['fid_floor']:.1f} x the floor")


def _measured(protocol: MeasuringProtocol, samples: Split) -> dict[str, Any]:
    values = dict(protocol.snapshot_metrics(samples))
    if "fid" not in values:
        raise InputError(
            "trials are measured by FID to validation images under the judge, which gives none here"
        )
    return values


def _real(count: int) -> Split:
    """Real training images, as many as are measured."""
    images = load_split(layout.PREPARED, "train").images
    rows = numpy_generator(0, "trial rows").permutation(len(images))[:count]
    return Split(images[np.sort(rows)], None)
