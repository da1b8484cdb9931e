"""`check`: params.yaml as a whole, against the tables and against itself, before hours of work."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import torch
import yaml

from ganstudy import judges
from ganstudy.data import fielded
from ganstudy.data.folder import survey
from ganstudy.data.native import stored_shape
from ganstudy.data.needs import refuse_too_few
from ganstudy.data.sources import folder_rules
from ganstudy.errors import InputError, naming, nearest
from ganstudy.files import write_text
from ganstudy.keys import RunKey
from ganstudy.models import build, families_for, model_class
from ganstudy.models.base import GenerativeModel
from ganstudy.params import FEWEST, GAN_RUN, Params, load
from ganstudy.spaces import Space, labelled, partly_labelled
from ganstudy.study import layout
from ganstudy.training import device as devices

CLASSES = 10  # of data that is not there yet
COPIES_OF_STATE = 3  # itself, and what training goes back to where it diverges, old and new
COPIES = 5  # of the weights in training: themselves, gradients, Adam's two moments, the average


def run(params: Params, pipeline: Path, out: Path | None) -> list[str]:
    """Builds every model that has a recipe, without memory, and checks the grid's wiring.

    Returns the run keys of the grid. Writes the constant text "valid" to `out`, on which every
    stage depends: a bad value stops the pipeline before it starts, a good one invalidates nothing.
    Raises `InputError`.
    """
    fields = params.data.traits.fields
    stored = (0,) if fields else stored_shape(params.data)
    spaces = fielded.spaces_of(params.data) if fields else labelled(stored)
    worlds: list[Mapping[str, Space]] = [spaces]
    if params.data.labels_per_class is not None and not fields:
        worlds.append(partly_labelled(stored, 1.0, CLASSES))
    _grid_fits(params, worlds)
    for world in worlds:
        _models_can_be_built(params, world)
    samples = math.prod(stored) * params.sample.count
    _must_fit_in_memory(samples, f"{params.sample.count:,} samples", "sample.count")
    _all_hold(
        partial(_samples_are_enough, params),
        partial(_folder_can_be_read, params),
        partial(_grid_is_wired, params, pipeline),
        partial(_worlds_agree, params, Path("..") / pipeline),
        partial(_inputs_are_there, params),
    )
    if out is not None:
        write_text(out, "valid\n")
    return params.run_keys()


def _models_can_be_built(params: Params, spaces: Mapping[str, Space]) -> None:
    """Of all that has a recipe and can learn such data."""
    for family in families_for(params, spaces):
        with torch.device("meta"):
            model = build(params, RunKey.parse(f"{family}-0"), spaces)
        _must_fit_in_memory(
            _weights(model) * COPIES, f"the networks of {family}", "network's widths"
        )
        _must_fit_in_memory(
            _buffers(model) * COPIES_OF_STATE, f"what {family} keeps", "its recipe's buffer"
        )


def _grid_fits(params: Params, worlds: Sequence[Mapping[str, Space]]) -> None:
    """Every model of the grid can learn from such data, in one of the ways it may be shown."""
    families = dict.fromkeys(RunKey.parse(key).family for key in params.run_keys())
    for family in families:
        model = model_class(RunKey.parse(f"{family}-0").model)
        reasons = [model.unfit(spaces) for spaces in worlds]
        if None not in reasons:
            raise InputError(f"{family} cannot learn from {params.data.name}: {reasons[0]}")


def _all_hold(*checks: Callable[[], None]) -> None:
    """Every mistake is told at once."""
    mistakes: list[str] = []
    for check in checks:
        try:
            check()
        except InputError as error:
            mistakes += error.args
    if mistakes:
        raise InputError(*mistakes)


def _weights(model: GenerativeModel) -> int:
    """Bytes of a model's weights."""
    weights = [w for player in model.players() for w in player.network.parameters()]
    return sum(w.numel() * w.element_size() for w in weights)


def _buffers(model: GenerativeModel) -> int:
    """Bytes of what a model keeps beside its weights."""
    kept = [value for module in model.state.values() for value in module.buffers()]
    return sum(value.numel() * value.element_size() for value in kept)


def _must_fit_in_memory(needed: int, what: str, setting: str) -> None:
    """A size too many by zeros is told here, not by a machine that stops answering."""
    there = devices.memory(torch.device("cpu"))
    if needed > there:
        raise InputError(
            f"{what} would take {needed / 2**30:,.0f} GiB, and this machine has "
            f"{there / 2**30:,.0f}: lower {setting}"
        )


def _samples_are_enough(params: Params) -> None:
    """Fewer samples than a metric needs would be told only when they are measured."""
    traits = params.data.traits
    enough = FEWEST if traits.stacked else params.evaluate.enough
    needed = enough if traits.judged else 1
    if params.sample.count < needed:
        raise InputError(
            f"sample.count: {params.sample.count} are too few to be measured; it takes {needed} at "
            f"least, with evaluate.neighbours: {params.evaluate.neighbours}"
        )


def _folder_can_be_read(params: Params) -> None:
    """What the names in a folder tell: its layout, its classes, how many images there are."""
    folder = params.data.folder
    if folder is None or params.data.traits.fields:
        return
    with naming("data.folder"):
        surveyed = survey(layout.from_root(folder), folder_rules(params.data))
    found, blocked = surveyed.labelling, surveyed.place.blocked
    for name in (*surveyed.place.closed, *found.names):
        if name in blocked and params.data.broken == "refuse":
            raise InputError(f"data.folder: cannot use {name!r}: {blocked[name]}")
    if params.train.conditional and not found.classes:
        raise InputError(
            f"train.conditional: {folder} has no sub-folders that are classes, so its images have "
            "no labels; set it to false or sort the images into one sub-folder a class"
        )
    if params.data.pages == "first" and found.names:
        to_draw = len({"test", "validation"} - set(found.splits))
        refuse_too_few(params, len(found.splits.get("train", found.names)), to_draw)


def _grid_is_wired(params: Params, pipeline: Path) -> None:
    """dvc.yaml names the entries of study.losses one by one; each must have its line there."""
    try:
        content = yaml.safe_load(pipeline.read_text(encoding="utf-8"))
        stages = content["stages"]
        trained_by = str(stages["train"]["cmd"])
        grids = [str(stages[name]["matrix"]) for name in ("train", "sample", "evaluate")]
    except FileNotFoundError:
        return  # the library used without its pipeline
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise InputError(f"{pipeline} lacks the matrix of a stage: {error}") from error
    if params.train.model != GAN_RUN and f"{GAN_RUN}-" in trained_by:
        raise InputError(
            f"train.model: {pipeline} trains GANs alone, and {params.train.model!r} is none: lay a "
            "study whose data it learns from, like `ganstudy init DIR --data domains`, where "
            f"`dvc exp run -S train.model={params.train.model}` works"
        )
    for index, loss in enumerate(params.study.losses):
        entry = f"${{study.losses[{index}]}}"
        if any(entry not in grid for grid in grids) and loss != params.train.loss:
            raise InputError(
                f"study.losses has {loss!r} at place {index}, which {pipeline} does not run: "
                f'add "{entry}" to the grids of {pipeline}, or queue it: '
                f"dvc exp run --queue -S train.loss={loss}"
            )


def _worlds_agree(params: Params, pipeline: Path) -> None:
    """In a world of a study (a folder below its dvc.yaml), the grid is that of the world that the
    study's `vars` name; each world's own must be the same."""
    if not pipeline.is_file():
        return
    content = yaml.safe_load(pipeline.read_text(encoding="utf-8"))
    named = [str(entry) for entry in content.get("vars", ()) if str(entry).endswith(":study")]
    for name in (entry.removesuffix(":study") for entry in named):
        if load(pipeline.parent / name).study != params.study:
            raise InputError(f"study differs from that of {name}, whose grid {pipeline} runs")
    if named and params.train.loss not in params.study.losses:
        raise InputError(
            f"train.loss: {pipeline} runs study.losses alone; {params.train.loss!r} is not in it"
        )


def _inputs_are_there(params: Params) -> None:
    """Files and names that would be missed only after hours."""
    evaluate = params.evaluate
    if evaluate.weights is not None and not layout.from_root(evaluate.weights).is_file():
        raise InputError(f"evaluate.weights: {layout.from_root(evaluate.weights)} is not a file")
    if evaluate.extractor in ("judge", *judges.names()):
        return
    from torch_fidelity.registry import FEATURE_EXTRACTORS_REGISTRY

    known = ["judge", *judges.names(), *FEATURE_EXTRACTORS_REGISTRY]
    if evaluate.extractor not in known:
        raise InputError(
            f"evaluate.extractor: {evaluate.extractor!r} is not registered; "
            + nearest(evaluate.extractor, known)
        )
