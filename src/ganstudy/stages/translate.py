"""`sample --given`, `sample --text`: what a trained model makes of a user's own images or words."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from PIL import Image as Picture

from ganstudy import layout
from ganstudy.data import looks
from ganstudy.data.folder import Rules, read_folder
from ganstudy.data.sources import folder_rules
from ganstudy.dataset import Array
from ganstudy.errors import InputError, nearest
from ganstudy.files import Images, replacing, write_text
from ganstudy.models.base import must_be_given
from ganstudy.models.saved import SavedModel, load_model
from ganstudy.params import DataParams, Params
from ganstudy.progress import say
from ganstudy.spaces import Image, Label
from ganstudy.training import device as devices


@dataclass(frozen=True)
class Given:
    """What a model is asked for: values of the input `name` as they are stored, and what each of
    them is called."""

    name: str
    rows: Array
    called: Sequence[str]


def of_folder(params: Params, key: str, given: str, out: Path, seed: int) -> None:
    """Writes what run `key` makes of every image of a folder into the folder `out`, under the names
    that the images have; predicted labels to labels.csv. `given` is the folder, or NAME=FOLDER
    where the model has several inputs. Raises `InputError`."""
    model = _loaded(params, key)
    images = [n for n in must_be_given(model.inputs) if isinstance(model.inputs[n], Image)]
    name, folder = _named(given, images, key)
    _write(model, _read(model, name, folder, params.data), out, seed)


def _loaded(params: Params, key: str) -> SavedModel:
    device = devices.choose(params.runtime)
    return load_model(layout.run_folder(key), device, sampling=True)


def _named(given: str, images: Sequence[str], key: str) -> tuple[str, Path]:
    """The input that is given, and the folder of its images."""
    if not images:
        raise InputError(f"--given: {key} samples from codes; it is given no images")
    name, equals, folder = given.partition("=")
    if equals and name in images:
        return name, Path(folder).expanduser()
    if len(images) > 1:
        choices = " or ".join(f"--given {image}=FOLDER" for image in images)
        told = f": {nearest(name, images)}" if equals else ""
        raise InputError(f"--given: {key} has several inputs: {choices}{told}")
    return images[0], Path(given).expanduser()


def _read(model: SavedModel, name: str, folder: Path, data: DataParams) -> Given:
    space = model.inputs[name]
    assert isinstance(space, Image)  # noqa: S101 - the caller has looked
    if space.height != space.width:
        raise InputError(f"--given: images of {space.height}×{space.width} are not square")
    rules: Rules = replace(folder_rules(data), labels="none")
    found = read_folder(
        folder,
        resolution=space.height,
        channels=space.channels,
        fit=data.fit,
        broken=data.broken,
        rules=rules,
    )
    return Given(name, found.images, found.names)


def _write(model: SavedModel, given: Given, out: Path, seed: int) -> None:
    space = model.inputs[given.name]
    encoded = space.encode(torch.from_numpy(np.array(given.rows)))
    outputs = model.sample(len(given.rows), seed, {given.name: encoded})
    if not outputs:
        raise InputError(f"--given: nothing can be made of {given.name} alone")
    for name, rows in outputs.items():
        place = out / name if len(outputs) > 1 else out
        made = model.outputs[name]
        if isinstance(made, Label):
            write_text(place / "labels.csv", _table(given.called, rows))
        elif (images := looks.seen(made, rows)) is not None:
            _save(place, given.called, images)
    say(f"{len(given.rows):,} of {given.name} to {', '.join(outputs)}, in {out}")


def _table(called: Sequence[str], labels: Array) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["file", "label"])
    writer.writerows(zip(called, labels.tolist(), strict=True))
    return text.getvalue()


def _save(folder: Path, called: Sequence[str], images: Images) -> None:
    """PNGs under the names of what was given; of pages of one file, numbered."""
    seen: dict[str, int] = {}
    for name, pixels in zip(called, images, strict=True):
        page = seen[name] = seen.get(name, -1) + 1
        path = folder / PurePosixPath(name).with_suffix("")
        path = path.with_name(f"{path.name}{f'-{page}' if page else ''}.png")
        with replacing(path) as temporary:
            Picture.fromarray(pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels).save(
                temporary, format="PNG"
            )
