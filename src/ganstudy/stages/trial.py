"""Stage `trial`: one variant of a recipe, trained and measured on validation images alone.

Recipes are chosen by trials, so the test split takes no part in the choice.
"""

from dataclasses import asdict
from pathlib import Path

import numpy as np

from ganstudy import layout, params, variants
from ganstudy.data.images import Split, load_info, load_split
from ganstudy.errors import DivergedError, InputError, nearest
from ganstudy.files import read_json, sha256_json, write_json
from ganstudy.models import RunKey, build, identity
from ganstudy.models.base import balanced_labels, codes, decode, settle
from ganstudy.models.playing import make_trainer, world_of
from ganstudy.progress import say
from ganstudy.protocols import PROTOCOLS
from ganstudy.seeding import numpy_generator
from ganstudy.training import device as devices
from ganstudy.training.checkpoint import CheckpointStore
from ganstudy.training.precision import precision
from ganstudy.training.trainer import Watch


def run(name: str, table: Path, out: Path) -> None:
    """Trains the variant `name` and writes what it reached as `out`, a flat JSON: fid, fid_floor,
    precision, recall and coverage of as many samples as there are validation images."""
    known = variants.read(table)
    if name not in known:
        raise InputError(f"{table}: there is no variant {name!r}; {nearest(name, known)}")
    variant = known[name]
    settings = params.load(changes=variant.set)
    key = RunKey.parse(f"{variant.run}-{variant.seed}")
    device = devices.choose(settings.runtime)
    info = load_info(layout.PREPARED)
    world = world_of(settings, info)
    model = build(settings, key, world)
    protocol = PROTOCOLS[info.kind](settings, device)
    held = load_split(layout.PREPARED, "validation")
    floor = protocol.growth(_real(len(held.images))).get("fid")
    if floor is None:
        raise InputError(
            f"trials are measured by FID to validation images under the judge; {info.name} by "
            f"{settings.evaluate.extractor} gives none"
        )
    trainer = make_trainer(settings, key, model, load_split(layout.PREPARED, "train"), device)
    numerics = read_json(layout.output(layout.NUMERICS / f"{variant.run}.json", "numerics"))
    arithmetic = precision(settings, device)
    digest = sha256_json(
        [identity(settings, key), arithmetic, info.sha256_train, asdict(world), numerics]
    )
    store = CheckpointStore(layout.state("trial", digest))
    failed = False
    with store.locked():
        try:
            trainer.fit(store, Watch(f"trial {name}"))
        except DivergedError as error:
            say(f"trial {name} failed: {error}")
            failed = True
        generator, count = trainer.average.module, len(held.images)
        settle(generator, model.spec.latent, world.classes, key.seed)
        samples = decode(
            generator,
            model.spec.shape,
            codes(model.spec.latent, count, key.seed),
            balanced_labels(count, world.classes),
        )
        values = dict(protocol.growth(Split(samples, None)))
        values |= {
            "fid_floor": floor,
            "images": settings.train.images,
            "seconds": round(trainer.seconds, 1),
            "failed": failed,
        }
        write_json(out, values | devices.describe(device))
        store.clear()
    say(f"{out}: FID {values['fid'] / values['fid_floor']:.1f} x the floor")


def _real(count: int) -> Split:
    """Real training images, as many as are measured."""
    train = load_split(layout.PREPARED, "train")
    rows = numpy_generator(0, "trial rows").permutation(len(train.images))[:count]
    return Split(train.images[np.sort(rows)], None)
