"""Stage `explore`: trained generators or translators in one page, in which they run themselves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ganstudy.data.fields import load_dataset
from ganstudy.data.images import load_info
from ganstudy.data.styles import HELD
from ganstudy.dataset import Dataset
from ganstudy.errors import InputError
from ganstudy.explorer import coupled, generators, translators
from ganstudy.explorer.generators import TEXT, Shown
from ganstudy.explorer.html import MOST_BYTES, Explored
from ganstudy.models.base import Specs
from ganstudy.models.saved import load_companion, load_generator, load_model, load_specs
from ganstudy.params import Params
from ganstudy.progress import log
from ganstudy.reports.looks import COLOURS
from ganstudy.spaces import Image, Tokens, Voxels
from ganstudy.study import layout
from ganstudy.study.runs import family_of, seed_of

SAMPLES = "x"  # the field of data that generators of codes make
OVERHEAD = 100_000  # bytes of the page without any run


@dataclass(frozen=True)
class _Page:
    """A kind of page: what is on it of a run, given its key and colour, which runs it shows, what
    they have, and how it is written."""

    explored: Callable[[str, str], Sequence[Explored]]
    shows: Callable[[Specs], bool]
    what: str
    write: Callable[[Sequence[Explored]], None]


def run(params: Params, keys: Sequence[str], out: Path) -> None:
    """Writes the page of the runs `keys` to `out`; without any, of the runs of the study's first
    seed, as many as fit into MOST_BYTES: the first GAN and the baselines, then other losses. In a
    study of images from images it is a page of translators, else one of generators of codes.

    Raises `InputError` for points, which are no images, for a run that is not there, for named runs
    that do not fit, and for a network that the page cannot compute.
    """
    data = load_dataset(layout.PREPARED, "test")
    page = _page(params, keys, out, data)
    colours = _colours(params)
    found: list[Explored] = []
    left = MOST_BYTES - OVERHEAD
    for key in dict.fromkeys(keys or _usual(params, page)):
        own = page.explored(key, colours.get(family_of(key), COLOURS[-1]))
        left -= sum(len(one.text) for one in own)
        if left >= 0:
            found += own
            continue
        if keys or not found:
            raise InputError(
                f"explore: {key} would make the page larger than {MOST_BYTES:,} bytes: name fewer "
                "runs, or smaller networks"
            )
        log(f"explore: {key} and what follows would make the page too large: --run names others")
        break
    page.write(found)
    names = ", ".join(one.key for one in found)
    log(f"explore: {out}: {names}, {out.stat().st_size / 1e6:.1f} MB")


def _page(params: Params, keys: Sequence[str], out: Path, data: Dataset) -> _Page:
    """Of translators, where the data is no samples alone and a run is one; else of generators."""
    if SAMPLES not in data.spaces:
        specs = (load_specs(layout.run_folder(key)) for key in keys or _first(params))
        if any(translators.translators(one) for one in specs):
            return _translators(out, data)
    return _generators(out, data)


def _generators(out: Path, data: Dataset) -> _Page:
    info = load_info(layout.PREPARED)
    if SAMPLES in data.spaces:
        _shown(info.name, data, SAMPLES)  # refuses, before a run is looked for, what no page shows

    def explored(key: str, colour: str) -> Sequence[Explored]:
        folder = layout.run_folder(key)
        generator, companion = load_generator(folder), load_companion(folder)
        made = generator.spec.shape.stored
        if made != info.shape:
            raise InputError(f"{key} makes samples of {made}, not {info.shape}")
        parts = coupled.domains(generator, companion) or {SAMPLES: (generator, companion)}
        return [
            generators.explored(
                key,
                key if field == SAMPLES else f"{key}: {field}",
                colour,
                *pair,
                _shown(info.name, data, field),
            )
            for field, pair in parts.items()
        ]

    return _Page(
        explored,
        lambda specs: "generator" in specs,
        "generator of codes",
        lambda found: generators.write(out, info, found),
    )


def _translators(out: Path, data: Dataset) -> _Page:
    info = load_info(layout.PREPARED)
    shown: set[str] = set()  # fields of which the page has pictures

    def explored(key: str, colour: str) -> Sequence[Explored]:
        model = load_model(layout.run_folder(key), sampling=True)
        there = dict(translators.translators(model.specs).values())
        if not there:
            raise InputError(f"{key} makes no images of images: see its report")
        for field, image in there.items():
            if data.spaces.get(field) != image:
                raise InputError(f"{key} is given {field} of {image.stored}; the data has others")
        fields = [translators.pictures(data, field) for field in there if field not in shown]
        shown.update(there)
        return [translators.explored(key, colour, model, fields)]

    return _Page(
        explored,
        lambda specs: bool(translators.translators(specs)),
        "translator of images",
        lambda found: translators.write(out, info, found),
    )


def _shown(name: str, data: Dataset, field: str) -> Shown:
    """The samples of a field of the test split of the data `name`, and what generators are told of
    such."""
    if not isinstance(data.spaces[field], Image | Voxels):
        raise InputError(
            f"explore shows images and solids, and {name} has other samples: see its report"
        )
    tokens = data.spaces.get(TEXT)
    held = data.fields.get(HELD)
    return Shown(
        data.fields[field],
        data.fields.get("y"),
        data.fields.get(TEXT),
        tokens if isinstance(tokens, Tokens) else None,
        None if held is None else held > 0,
    )


def _usual(params: Params, page: _Page) -> Sequence[str]:
    """The runs of the study's first seed that a page shows: a GAN beside the baselines, then other
    GANs. What it cannot show, as a model of several stages, is said. Raises `InputError` where
    nothing is left."""
    first = _first(params)
    keys = [key for key in first if page.shows(load_specs(layout.run_folder(key)))]
    if others := [key for key in first if key not in keys]:
        log(f"explore: {', '.join(others)}: no one {page.what}: see the report")
    if not keys:
        raise InputError(f"explore: no run of this study has a {page.what}: see its report")
    baselines = [key for key in keys if family_of(key) in params.study.baselines]
    gans = [key for key in keys if key not in baselines]
    return [*gans[:1], *baselines, *gans[1:]]


def _first(params: Params) -> Sequence[str]:
    return [key for key in params.run_keys() if seed_of(key) == params.study.seeds[0]]


def _colours(params: Params) -> dict[str, str]:
    """The colour of each loss, as the report has it."""
    families = dict.fromkeys(family_of(key) for key in params.run_keys())
    return {name: COLOURS[index % len(COLOURS)] for index, name in enumerate(families)}
