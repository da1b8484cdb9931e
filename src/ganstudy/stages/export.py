"""Stage `export`: a trained run as a folder to give away, with a model card."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import numpy as np

from ganstudy.data.images import load_info
from ganstudy.errors import InputError
from ganstudy.exporting import card, onnx_
from ganstudy.files import write_bytes, write_json
from ganstudy.models.saved import (
    MODEL,
    WEIGHTS,
    SavedGenerator,
    load_companion,
    load_generator,
    save_weights,
)
from ganstudy.params import Params
from ganstudy.progress import log
from ganstudy.reports.pictures import CELLS, save_grid
from ganstudy.study import layout, runs
from ganstudy.tracking import source_tags

CONFIG, CARD, SAMPLES, ONNX = "config.json", "README.md", "samples.png", "generator.onnx"


Format = Literal["safetensors", "onnx"]


def run(params: Params, key: str, kind: Format, out: Path) -> None:
    """Writes run `key` to the new or empty folder `out`: weights in the format `kind`, config.json,
    README.md with the metrics of `evaluate`, samples.png.

    Raises `InputError` for a run that was not trained or measured, for points, and for a folder
    that has other files.
    """
    folder, info = layout.run_folder(key), load_info(layout.PREPARED)
    if not info.traits.judged:
        raise InputError(f"export writes models of images, and {info.name} has other samples")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"--out {out} is not empty: name a new folder")
    metrics, generator = runs.read_metrics(key), load_generator(folder)
    files = _WEIGHTS[kind](folder, generator, out)
    samples = generator.sample(CELLS, 0).astype(np.uint8, copy=False)
    save_grid(out / SAMPLES, samples)
    spec = generator.spec
    write_json(
        out / CONFIG,
        {
            "library_name": "ganstudy",
            "model_type": spec.family,
            "run": key,
            "latent": spec.latent,
            "classes": spec.classes,
            "class_names": list(info.classes or ()) if spec.classes else [],
            "image": {
                "height": spec.shape.stored[0],
                "width": spec.shape.stored[1],
                "channels": spec.shape.stored[2],
            },
            "values": [-1, 1],
        },
    )
    files = {
        **files,
        CONFIG: "codes, classes and images, for other libraries",
        SAMPLES: "the picture above",
    }
    model = card.Model(key, generator, info, params.data.name, metrics, source_tags())
    card.write(out / CARD, model, files)
    log(f"export: {out}: {', '.join(sorted(path.name for path in out.iterdir()))}")


def _safetensors(folder: Path, generator: SavedGenerator, out: Path) -> Mapping[str, str]:
    """The files that ganstudy itself loads."""
    companion = load_companion(folder)
    save_weights(out / WEIGHTS, generator.network)
    save_weights(out / f"{companion.role}.safetensors", companion.network)
    write_bytes(out / MODEL, (folder / MODEL).read_bytes())
    return {
        WEIGHTS: "the generator's weights",
        f"{companion.role}.safetensors": f"those of the {companion.role} it was trained with",
        MODEL: "what rebuilds both networks, and the recipe",
    }


def _onnx(folder: Path, generator: SavedGenerator, out: Path) -> Mapping[str, str]:
    onnx_.write(out / ONNX, generator)
    told = " and labels `y` (N,) int64" if generator.spec.classes else ""
    return {ONNX: f"the generator: codes `z` (N, {generator.spec.latent}){told} to `images`"}


_WEIGHTS: Mapping[Format, Callable[[Path, SavedGenerator, Path], Mapping[str, str]]] = {
    "safetensors": _safetensors,
    "onnx": _onnx,
}
