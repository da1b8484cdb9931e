"""Stage `explore`: trained generators in one page, in which they run themselves."""

from collections.abc import Sequence
from pathlib import Path

from ganstudy.data.fields import load_dataset
from ganstudy.data.images import load_info
from ganstudy.data.styles import HELD
from ganstudy.dataset import Dataset
from ganstudy.errors import InputError
from ganstudy.explorer import page
from ganstudy.explorer.page import MOST_BYTES, TEXT, Explored, Shown
from ganstudy.models.saved import has_generator, load_companion, load_generator
from ganstudy.params import Params
from ganstudy.progress import log
from ganstudy.reports.looks import COLOURS
from ganstudy.spaces import Image, Tokens
from ganstudy.study import layout
from ganstudy.study.runs import family_of, seed_of

IMAGES = "x"  # the field of data that generators of codes make
OVERHEAD = 100_000  # bytes of the page without any run


def run(params: Params, keys: Sequence[str], out: Path) -> None:
    """Writes the page of the runs `keys` to `out`; without any, of the runs of the study's first
    seed, as many as fit into MOST_BYTES: the first GAN and the baselines, then other losses.

    Raises `InputError` for points, which are no images, for a run that is not there, for named runs
    that do not fit, and for a network that the page cannot compute.
    """
    info = load_info(layout.PREPARED)
    real = _shown(info.name, load_dataset(layout.PREPARED, "test"))
    colours = _colours(params)
    found: list[Explored] = []
    left = MOST_BYTES - OVERHEAD
    for key in dict.fromkeys(keys or _usual(params)):
        folder = layout.run_folder(key)
        generator = load_generator(folder)
        made = generator.spec.shape.stored
        if made != info.shape:
            raise InputError(f"{key} makes samples of {made}, not {info.shape}")
        colour = colours.get(family_of(key), COLOURS[-1])
        one = page.explored(key, colour, generator, load_companion(folder), real)
        left -= len(one.text)
        if left >= 0:
            found.append(one)
            continue
        if keys or not found:
            raise InputError(
                f"explore: {key} would make the page larger than {MOST_BYTES:,} bytes: name fewer "
                "runs, or smaller networks"
            )
        log(f"explore: {key} and what follows would make the page too large: --run names others")
        break
    page.write(out, info, found)
    names = ", ".join(one.key for one in found)
    log(f"explore: {out}: {names}, {out.stat().st_size / 1e6:.1f} MB")


def _shown(name: str, data: Dataset) -> Shown:
    """The images of the test split of the data `name`, and what generators are told of such."""
    if not isinstance(data.spaces.get(IMAGES), Image):
        raise InputError(f"explore shows images, and {name} has other samples: see its report")
    tokens = data.spaces.get(TEXT)
    held = data.fields.get(HELD)
    return Shown(
        data.fields[IMAGES],
        data.fields.get("y"),
        data.fields.get(TEXT),
        tokens if isinstance(tokens, Tokens) else None,
        None if held is None else held > 0,
    )


def _usual(params: Params) -> Sequence[str]:
    """The runs of the study's first seed: a GAN beside the baselines, then other GANs; a model of
    several generators is none of them, which is said."""
    first = [key for key in params.run_keys() if seed_of(key) == params.study.seeds[0]]
    keys = [key for key in first if has_generator(layout.run_folder(key))]
    if others := [key for key in first if key not in keys]:
        log(f"explore: {', '.join(others)}: no one generator of codes: see the report")
    baselines = [key for key in keys if family_of(key) in params.study.baselines]
    gans = [key for key in keys if key not in baselines]
    return [*gans[:1], *baselines, *gans[1:]]


def _colours(params: Params) -> dict[str, str]:
    """The colour of each loss, as the report has it."""
    families = dict.fromkeys(family_of(key) for key in params.run_keys())
    return {name: COLOURS[index % len(COLOURS)] for index, name in enumerate(families)}
