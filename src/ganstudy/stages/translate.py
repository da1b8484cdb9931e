"""`sample` into a folder: what a trained model makes of a user's own images, of words, or of codes,
as files that other programs open."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from PIL import Image as Picture
from torch import Tensor

from ganstudy.data import styles
from ganstudy.data.folder import Rules, read_folder
from ganstudy.data.rendering import write_meshes
from ganstudy.data.sources import folder_rules
from ganstudy.data.words import tokens
from ganstudy.dataset import Array
from ganstudy.errors import InputError, nearest
from ganstudy.files import Images, replacing, write_text
from ganstudy.models.base import inputs_for, must_be_given
from ganstudy.models.saved import SavedModel, load_model
from ganstudy.params import DataParams, Params
from ganstudy.progress import log
from ganstudy.spaces import Image, Label, Space, Tokens, Voxels
from ganstudy.study import layout
from ganstudy.training import device as devices

LONGEST = 40  # letters of a text in a file's name


@dataclass(frozen=True)
class Asked:
    """What a model is asked for: inputs (N, ...) by name, as networks see them, and what each of
    the rows is called."""

    inputs: Mapping[str, Tensor]
    called: Sequence[str]


def of_folder(params: Params, key: str, given: str, out: Path, seed: int) -> None:
    """Writes what run `key` makes of every image of a folder into the folder `out`, under the names
    that the images have; predicted labels to labels.csv. `given` is the folder, or NAME=FOLDER
    where the model has several inputs. Raises `InputError`."""
    model = _loaded(params, key)
    images = [n for n in must_be_given(model.inputs) if isinstance(model.inputs[n], Image)]
    name, folder = _named(given, images, key)
    _write(model, _read(model, name, folder, params.data), out, seed)


def of_texts(
    params: Params, key: str, texts: Sequence[str], count: int, out: Path, seed: int
) -> None:
    """Writes `count` images of each text; @FILE stands for its lines. Raises `InputError` where the
    run reads none, or knows none of a text's words."""
    whole = [
        line for text in texts for line in (_lines(Path(text[1:])) if text[:1] == "@" else [text])
    ]
    model = _loaded(params, key)
    named = [(n, s) for n, s in model.inputs.items() if isinstance(s, Tokens)]
    if not named:
        raise InputError(f"--text: {key} reads no words")
    name, space = named[0]
    rows = [tokens(text, space.vocabulary, space.length) for text in whole]
    repeated = torch.tensor(rows).repeat_interleave(count, 0)
    called = [f"{_slug(text)}-{number}" for text in whole for number in range(count)]
    _write(model, Asked({name: repeated}, called), out, seed)


def of_codes(params: Params, key: str, count: int, out: Path, seed: int) -> None:
    """Writes `count` samples: pictures, and meshes of solids. Raises `InputError` where the run
    must be given something."""
    model = _loaded(params, key)
    inputs = inputs_for(model.inputs, count, seed)
    _write(model, Asked(inputs, [f"{number:04d}" for number in range(count)]), out, seed)


def _lines(path: Path) -> list[str]:
    """The lines of a file that are not empty. Raises `InputError` where there are none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {path}: {error}") from error
    texts = [line.strip() for line in lines if line.strip()]
    if not texts:
        raise InputError(f"{path} holds no text: one a line")
    return texts


def _loaded(params: Params, key: str) -> SavedModel:
    device = devices.choose(params.runtime)
    return load_model(layout.run_folder(key), device, sampling=True)


def _slug(text: str) -> str:
    """A text as part of a file's name."""
    letters = "".join(letter if letter.isalnum() else "-" for letter in text.lower())
    return "-".join(part for part in letters.split("-") if part)[:LONGEST]


def _named(given: str, images: Sequence[str], key: str) -> tuple[str, Path]:
    """The input that is given, and the folder of its images."""
    if not images:
        raise InputError(f"--given: {key} samples from codes or words; it is given no images")
    name, equals, folder = given.partition("=")
    if equals and name in images:
        return name, Path(folder).expanduser()
    if len(images) > 1:
        choices = " or ".join(f"--given {image}=FOLDER" for image in images)
        told = f": {nearest(name, images)}" if equals else ""
        raise InputError(f"--given: {key} has several inputs: {choices}{told}")
    return images[0], Path(given).expanduser()


def _read(model: SavedModel, name: str, folder: Path, data: DataParams) -> Asked:
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
    encoded = space.encode(torch.from_numpy(np.array(found.images)))
    return Asked({name: encoded}, found.names)


def _write(model: SavedModel, asked: Asked, out: Path, seed: int) -> None:
    outputs = model.sample(len(asked.called), seed, asked.inputs)
    if not outputs:
        raise InputError(f"nothing can be made of {', '.join(asked.inputs)} alone")
    for name, rows in outputs.items():
        place = out / name if len(outputs) > 1 else out
        _save(model.outputs[name], rows, asked.called, place)
    log(f"{len(asked.called):,} of {', '.join(outputs)} in {out}")


def _save(space: Space, rows: Array, called: Sequence[str], place: Path) -> None:
    """Rows of an output, as what it is: a table of labels, meshes beside pictures, pictures."""
    if isinstance(space, Label):
        write_text(place / "labels.csv", _table(called, rows))
        return
    if isinstance(space, Voxels):
        write_meshes(rows, place)
    images = styles.seen(space, rows)
    if images is None:
        raise InputError(f"{space} cannot be written as pictures: --out FILE.npz keeps it")
    _save_pictures(place, called, images)


def _table(called: Sequence[str], labels: Array) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["file", "label"])
    writer.writerows(zip(called, labels.tolist(), strict=True))
    return text.getvalue()


def _save_pictures(folder: Path, called: Sequence[str], images: Images) -> None:
    """PNGs under the names of what was given; of pages of one file, numbered."""
    seen: dict[str, int] = {}
    for name, pixels in zip(called, images, strict=True):
        page = seen[name] = seen.get(name, -1) + 1
        path = folder / PurePosixPath(name).with_suffix("")
        path = path.with_name(f"{path.name}{f'-{page}' if page else ''}.png")
        grey = pixels.shape[-1] == 1
        with replacing(path) as temporary:
            picture = Picture.fromarray(pixels.squeeze(-1) if grey else pixels)
            picture.save(temporary, format="PNG")
