"""The page of generators of codes: they, D, and the directions that change images most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ganstudy.data.images import DataInfo
from ganstudy.data.words import text_of
from ganstudy.explorer import html
from ganstudy.explorer.critics import among, applied, scores
from ganstudy.explorer.directions import directions
from ganstudy.explorer.html import Explored, as_json
from ganstudy.explorer.layers import program, single
from ganstudy.files import Labels, Samples
from ganstudy.models.base import latents
from ganstudy.models.saved import Companion, SavedGenerator
from ganstudy.networks import NetworkSpec
from ganstudy.spaces import Tokens

SEED, CODES = 0, 64  # the codes that come along: those of `ganstudy sample --seed 0`
TEXT = "text"  # the input of networks that read
OFFERED = 200  # texts that the page offers
JUDGED = 64  # images of the generator, and real ones, among which D's score has its place


@dataclass(frozen=True)
class Shown:
    """Real images of the page's data (N, H, W, C), or solids (N, D, H, W), and what is known of
    each: its class `y`, or its `text` in `tokens`; `held` says of a text whether it was never
    learnt from."""

    images: Samples
    y: Labels | None = None
    text: Labels | None = None
    tokens: Tokens | None = None
    held: npt.NDArray[np.bool_] | None = None

    def told(self, spec: NetworkSpec) -> Tensor | None:
        """What a network is told of these images beside them: (N,) or (N, L)."""
        told = self.text if TEXT in spec.inputs else self.y if spec.classes else None
        return None if told is None else torch.from_numpy(told)


def explored(
    key: str,
    called: str,
    colour: str,
    generator: SavedGenerator,
    companion: Companion,
    real: Shown,
) -> Explored:
    """What the page needs of a run, which is `called` so there: `generator` makes images, and where
    `companion` is a discriminator it scores them, and `real` ones for comparison; texts are those
    of the real ones. Raises `InputError` for a network that `layers` does not know."""
    spec = generator.spec
    told = real.told(spec) if TEXT in spec.inputs else _labels(generator)
    found = directions(generator, told)
    entry = {
        "run": key,
        "key": called,
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
    return Explored(called, as_json(entry))


def write(out: Path, data: DataInfo, runs: Sequence[Explored]) -> None:
    """Writes the page of `runs`; equal runs give equal bytes."""
    whole = {"classes": data.classes, "seed": SEED, "numbered": CODES}
    html.write(
        out,
        "generators.html.j2",
        ("codes.js", "solids.js", "generators.js"),
        data,
        whole,
        runs,
        keys=[run.key for run in runs],
        slots=min(len(runs), 2),
        most=CODES - 1,
        seed=SEED,
        judged=JUDGED,
        solid=not data.traits.pixels,
    )


def _judged(
    generator: SavedGenerator, companion: Companion, real: Shown, told: Tensor | None
) -> Mapping[str, Any] | None:
    """D as it judges an image or solid among the run's own, and the scores it gives to JUDGED of
    them, of what is `told`, and to as many real ones; None where there is no D."""
    if companion.role != "discriminator":
        return None
    own = None if told is None else told[torch.arange(JUDGED) % len(told)]
    with torch.no_grad():
        codes = latents(generator.spec.latent, JUDGED, SEED)
        made = applied(generator.network, codes, own)
    network, shown = companion.network, np.array(real.images[:JUDGED])
    alone = among(network, made, own)
    known = real.told(companion.spec)
    found = None if known is None else known[:JUDGED]
    return {
        "program": program(alone),
        "made": _rounded(scores(network, made, own)),
        "real": _rounded(
            scores(network, generator.spec.shape.encode(torch.from_numpy(shown)), found)
        ),
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
