"""`check`: params.yaml as a whole, against the tables and against itself, before hours of work."""

from pathlib import Path

import torch
import yaml

from ganstudy import layout
from ganstudy.errors import InputError, nearest
from ganstudy.files import write_text
from ganstudy.models import RunKey, build
from ganstudy.networks import ImageShape
from ganstudy.params import Params

# Height, width and channels that a data set comes in; a folder's follow from params.
NATIVE_SHAPES = {
    "fashion_mnist": (28, 28, 1),
    "mnist": (28, 28, 1),
    "kmnist": (28, 28, 1),
    "digits": (8, 8, 1),
    "cifar10": (32, 32, 3),
}


def run(params: Params, pipeline: Path, out: Path | None) -> list[str]:
    """Builds every model that has a recipe, without memory, and checks the grid's wiring.

    Returns the run keys of the grid. Writes the constant text "valid" to `out`, on which every
    stage depends: a bad value stops the pipeline before it starts, a good one invalidates nothing.
    Raises `InputError`.
    """
    shape = _shape(params)
    for family in params.families():
        with torch.device("meta"):
            build(params, RunKey.parse(f"{family}-0"), shape, classes=0)
    _grid_is_wired(params, pipeline)
    _inputs_are_there(params)
    if out is not None:
        write_text(out, "valid\n")
    return params.run_keys()


def _shape(params: Params) -> ImageShape:
    """The shape that the data will have, as far as params tell."""
    data = params.data
    height, width, channels = NATIVE_SHAPES.get(data.name, (0, 0, 3))
    if data.resolution is not None:
        height = width = data.resolution
    return ImageShape(data.channels or channels, height, width)


def _grid_is_wired(params: Params, pipeline: Path) -> None:
    """dvc.yaml names the entries of study.losses one by one; each must have its line there."""
    try:
        content = yaml.safe_load(pipeline.read_text(encoding="utf-8"))
        stages = content["stages"]
        trained = str(stages["train"]["matrix"]["loss"])
        grids = [trained, *(str(stages[name]["matrix"]["run"]) for name in ("sample", "evaluate"))]
    except FileNotFoundError:
        return  # the library used without its pipeline
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise InputError(f"{pipeline} lacks the matrix of a stage: {error}") from error
    for index, loss in enumerate(params.study.losses):
        entry = f"${{study.losses[{index}]}}"
        if any(entry not in grid for grid in grids) and loss != params.train.loss:
            raise InputError(
                f"study.losses has {loss!r} at place {index}, which {pipeline} does not run: "
                f'add "{entry}" to the grids of {pipeline}, or queue it: '
                f"dvc exp run --queue -S train.loss={loss}"
            )


def _inputs_are_there(params: Params) -> None:
    """Files and names that would be missed only after hours."""
    evaluate, folder = params.evaluate, params.data.folder
    if folder is not None and not layout.from_root(folder).is_dir():
        raise InputError(f"data.folder: {layout.from_root(folder)} is not a folder")
    if evaluate.weights is not None and not layout.from_root(evaluate.weights).is_file():
        raise InputError(f"evaluate.weights: {layout.from_root(evaluate.weights)} is not a file")
    if evaluate.extractor == "judge":
        if evaluate.weights is not None:
            raise InputError("evaluate.weights is for other extractors; the judge has its own")
        return
    from torch_fidelity.registry import FEATURE_EXTRACTORS_REGISTRY

    known = ["judge", *FEATURE_EXTRACTORS_REGISTRY]
    if evaluate.extractor not in known:
        raise InputError(
            f"evaluate.extractor: {evaluate.extractor!r} is not registered; "
            + nearest(evaluate.extractor, known)
        )
