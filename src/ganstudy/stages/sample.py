"""Stage `sample`: images or points of a trained generator, as other evaluators read them."""

from pathlib import Path

import numpy as np

from ganstudy import layout, ranks
from ganstudy.errors import InputError
from ganstudy.files import Labels, write_npz
from ganstudy.models.saved import SavedGenerator, load_generator
from ganstudy.params import RuntimeParams
from ganstudy.progress import say
from ganstudy.training import device as devices


def run(
    key: str, count: int, seed: int, out: Path, runtime: RuntimeParams, label: int | None = None
) -> None:
    """Writes `count` samples of run `key` to `out`: npz with arr_0 uint8 (N, H, W, C) or float32
    (N, d), and labels int64 in arr_1 where the generator is conditional: every class in turn, or
    `label` alone. Several processes share the work; the first writes."""
    device = devices.choose(runtime)
    generator = load_generator(layout.run_folder(key), device)
    labels = _labels(generator, count, label, key)
    with ranks.together(device):
        samples = generator.sample(count, seed, labels)
    if not ranks.leads():
        return
    write_npz(out, samples, *([] if labels is None else [labels]))
    say(f"sample {key}: {count:,} samples in {out}")


def _labels(generator: SavedGenerator, count: int, label: int | None, key: str) -> Labels | None:
    if label is None:
        return generator.labels(count)
    classes = generator.spec.classes
    if not classes:
        raise InputError(f"--label: {key} knows no classes; it was not trained as conditional")
    if not 0 <= label < classes:
        raise InputError(f"--label {label}: {key} knows the classes 0 to {classes - 1}")
    return np.full(count, label, np.int64)
