"""The page of networks from images to images: they, and images to begin with."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ganstudy.data.images import DataInfo
from ganstudy.dataset import Dataset
from ganstudy.explorer import html
from ganstudy.explorer.html import Explored, as_json
from ganstudy.explorer.layers import program
from ganstudy.models.base import Specs
from ganstudy.models.saved import SavedModel
from ganstudy.spaces import Image

SHOWN = 24  # images of a field to begin with, from all over the test split
PANELS = 2  # translators side by side


def translators(specs: Specs) -> Mapping[str, tuple[str, Image]]:
    """Those of a model's networks that make an image of an image alone, by name: what field they
    are given, and what its images are."""
    found: dict[str, tuple[str, Image]] = {}
    for name, spec in specs.items():
        match list(spec.inputs.items()):
            case [(field, Image() as image)] if isinstance(spec.output, Image):
                found[name] = field, image
    return found


def explored(
    key: str, colour: str, model: SavedModel, fields: Sequence[Mapping[str, Any]]
) -> Explored:
    """What the page needs of a run: its translators, and `pictures` of fields that no run before
    has. Raises `InputError` for a network that `layers` does not know."""
    there = translators({name: model.specs[name] for name in model.networks})
    entry = {
        "key": key,
        "colour": colour,
        "failure": model.meta.get("failure"),
        "translators": [
            {
                "name": name if len(there) > 1 else None,
                "given": field,
                "program": program(model.networks[name], torch.zeros(1, *image.size)),
            }
            for name, (field, image) in there.items()
        ],
        "fields": fields,
    }
    return Explored(key, as_json(entry))


def pictures(data: Dataset, name: str) -> Mapping[str, Any]:
    """Images of a field of the test split to begin with: their `shape` (C, H, W), how many there
    are, their bytes (N, H, W, C) in base64, and as `answer` the images that belong to them, where
    data has pairs."""
    group = next(group for group in data.groups if name in group)
    others = [o for o in group if o != name and isinstance(data.spaces[o], Image)]
    return _packed(data, name) | {"answer": _packed(data, others[0]) if others else None}


def write(out: Path, info: DataInfo, runs: Sequence[Explored]) -> None:
    """Writes the page of `runs`; equal runs give equal bytes."""
    scripts = ("translators.js",)
    html.write(out, "translators.html.j2", scripts, info, {}, runs, panels=PANELS)


def _packed(data: Dataset, name: str) -> dict[str, Any]:
    space, images = data.spaces[name], data.fields[name]
    spread = np.linspace(0, len(images) - 1, min(SHOWN, len(images))).astype(np.int64)
    images = np.ascontiguousarray(images[spread], np.uint8)
    assert isinstance(space, Image)  # noqa: S101 - callers have looked
    return {
        "field": name,
        "shape": space.size,
        "count": len(images),
        "bytes": base64.b64encode(images.tobytes()).decode(),
    }
