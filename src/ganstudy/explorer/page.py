"""Trained runs as one HTML file that computes their images by itself and asks no network."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ganstudy.data.images import DataInfo
from ganstudy.data.words import text_of
from ganstudy.explorer.critics import among, scores
from ganstudy.explorer.directions import directions
from ganstudy.explorer.layers import program, single
from ganstudy.files import Images, Labels, write_text
from ganstudy.models.base import latents
from ganstudy.models.saved import Companion, SavedGenerator
from ganstudy.networks import NetworkSpec
from ganstudy.spaces import Image, Tokens

WEB = Path(__file__).parent / "web"
SCRIPTS = ("engine.js", "codes.js", "page.js")
MOST_BYTES = 5_000_000  # of the whole page
SEED, CODES = 0, 64  # the codes that come along: those of `ganstudy sample --seed 0`
TEXT = "text"  # the input of networks that read
OFFERED = 200  # texts that the page offers
JUDGED = 64  # images of the generator, and real ones, among which D's score has its place


@dataclass(frozen=True)
class Shown:
    """Real images of the page's data (N, H, W, C), and what is known of each: its class `y`, or its
    `text` in `tokens`; `held` says of a text whether it was never learnt from."""

    images: Images
    y: Labels | None = None
    text: Labels | None = None
    tokens: Tokens | None = None
    held: npt.NDArray[np.bool_] | None = None

    def told(self, spec: NetworkSpec) -> Tensor | None:
        """What a network is told of these images beside them: (N,) or (N, L)."""
        told = self.text if TEXT in spec.inputs else self.y if spec.classes else None
        return None if told is None else torch.from_numpy(told)


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
    real: Shown,
) -> Explored:
    """What the page needs of a run: `generator` makes images, and where `companion` is a
    discriminator it scores them, and `real` ones for comparison; texts are those of the real ones.
    Raises `InputError` for a network
    that `layers` does not know."""
    spec = generator.spec
    told = real.told(spec) if TEXT in spec.inputs else _labels(generator)
    found = directions(generator, told)
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
        "judged": _judged(generator, companion, real, told),
        "words": offered_texts(real) if TEXT in spec.inputs else None,
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
    generator: SavedGenerator, companion: Companion, real: Shown, told: Tensor | None
) -> Mapping[str, Any] | None:
    """D as it judges an image among the run's own, and the scores it gives to JUDGED of them, of
    what is `told`, and to as many real images; None where there is no D."""
    shape = generator.spec.shape
    if companion.role != "discriminator" or not isinstance(shape, Image):
        return None
    own = None if told is None else told[torch.arange(JUDGED) % len(told)]
    with torch.no_grad():
        codes = latents(generator.spec.latent, JUDGED, SEED)
        made = shape.decode(generator.network(codes, own)).numpy()
    network, images = companion.network, real.images[:JUDGED].astype(np.uint8)
    alone = among(network, shape.encode(torch.from_numpy(made)), own)
    known = real.told(companion.spec)
    found = None if known is None else known[:JUDGED]
    return {
        "program": program(alone),
        "made": _rounded(scores(network, shape, made, own)),
        "real": _rounded(scores(network, shape, images, found)),
    }


def _labels(generator: SavedGenerator) -> Tensor | None:
    """Every class in turn."""
    labels = generator.labels(max(JUDGED, CODES))
    return None if labels is None else torch.from_numpy(labels)


def offered_texts(real: Shown) -> Mapping[str, Any]:
    """The words that a generator reads, and texts to begin with: those of the real images, each
    once, at most OFFERED; `held` are the places of those never learnt from."""
    assert real.tokens is not None and real.text is not None  # noqa: S101, PT018 - it reads them
    held = np.zeros(len(real.text), bool) if real.held is None else real.held
    offered: dict[str, bool] = {}
    for row, out in zip(real.text.tolist(), held.tolist(), strict=True):
        if any(row) and len(offered) < OFFERED:
            offered.setdefault(text_of(row, real.tokens.vocabulary), out)
    texts = sorted(offered)
    return {
        "vocabulary": real.tokens.vocabulary,
        "length": real.tokens.length,
        "texts": texts,
        "held": [place for place, text in enumerate(texts) if offered[text]],
    }


def _rounded(values: Any) -> list[float]:
    return [round(float(value), 5) for value in values]


def _text(value: Any) -> str:
    """JSON that can stand in a script element: no `<` can end it."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def _read(name: str) -> str:
    return (WEB / name).read_text(encoding="utf-8")
