"""Trained runs as one HTML file that computes their images by itself and asks no network."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import torch

from ganstudy.data.images import DataInfo, Split
from ganstudy.explorer.critics import among, scores
from ganstudy.explorer.directions import directions
from ganstudy.explorer.layers import program, single
from ganstudy.files import write_text
from ganstudy.models.base import latents
from ganstudy.models.saved import Companion, SavedGenerator
from ganstudy.spaces import Image

WEB = Path(__file__).parent / "web"
SCRIPTS = ("engine.js", "codes.js", "page.js")
MOST_BYTES = 5_000_000  # of the whole page
SEED, CODES = 0, 64  # the codes that come along: those of `ganstudy sample --seed 0`
JUDGED = 64  # images of the generator, and real ones, among which D's score has its place


@dataclass(frozen=True)
class Explored:
    """A run of the page, which is `text`: JSON of its networks, codes and directions."""

    key: str
    text: str


def explored(
    key: str,
    colour: str,
    generator: SavedGenerator,
    companion: Companion,
    real: Split,
) -> Explored:
    """What the page needs of a run: `generator` makes images, and where `companion` is a
    discriminator it scores them, and `real` ones for comparison. Raises `InputError` for a network
    that `layers` does not know."""
    spec, found = generator.spec, directions(generator)
    entry = {
        "key": key,
        "colour": colour,
        "latent": spec.latent,
        "classes": spec.classes,
        "companion": companion.role,
        "failure": generator.meta.get("failure"),
        "generator": program(generator.network),
        "codes": single(latents(spec.latent, CODES, SEED)),
        "directions": single(found.vectors),
        "shares": _rounded(found.shares),
        "dimensions": _rounded(found.dimensions),
        "judged": _judged(generator, companion, real),
    }
    return Explored(key, _text(entry))


def write(out: Path, data: DataInfo, runs: Sequence[Explored]) -> None:
    """Writes the page of `runs`; equal runs give equal bytes."""
    whole = {
        "data": data.name,
        "classes": data.classes,
        "shape": data.shape,
        "seed": SEED,
        "numbered": CODES,
    }
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(WEB),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        keep_trailing_newline=True,
        trim_blocks=True,
    )
    report = resources.files("ganstudy.reports") / "web/page.css"
    page = environment.get_template("explorer.html.j2").render(
        data=data,
        keys=[run.key for run in runs],
        slots=min(len(runs), 2),
        about=_text(whole),
        runs=[run.text for run in runs],
        most=CODES - 1,
        seed=SEED,
        judged=JUDGED,
        style=report.read_text(encoding="utf-8") + _read("explorer.css"),
        scripts=[_read(name) for name in SCRIPTS],
    )
    write_text(out, page)


def _judged(
    generator: SavedGenerator, companion: Companion, real: Split
) -> Mapping[str, Any] | None:
    """D as it judges an image among the run's own, and the scores it gives to JUDGED of them and to
    as many real images; None where there is no D."""
    shape = generator.spec.shape
    if companion.role != "discriminator" or not isinstance(shape, Image):
        return None
    labels = generator.labels(JUDGED)
    made = generator.sample(JUDGED, SEED).astype(np.uint8, copy=False)
    told = generator.spec.classes > 0
    network, images = companion.network, real.images[:JUDGED].astype(np.uint8)
    y = None if labels is None else torch.from_numpy(labels)
    alone = among(network, shape.encode(torch.from_numpy(made)), y)
    found = real.labels[:JUDGED] if told and real.labels is not None else None
    return {
        "program": program(alone),
        "made": _rounded(scores(network, shape, made, labels)),
        "real": _rounded(scores(network, shape, images, found)),
    }


def _rounded(values: Any) -> list[float]:
    return [round(float(value), 5) for value in values]


def _text(value: Any) -> str:
    """JSON that can stand in a script element: no `<` can end it."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def _read(name: str) -> str:
    return (WEB / name).read_text(encoding="utf-8")
