"""A study to begin with: the files of a new one, made from those of this project's own.

The YAML files beside this one are links into the project's studies; a package holds their content.
"""

import re
from pathlib import Path
from typing import Any, get_args

import yaml

from ganstudy.errors import InputError, nearest
from ganstudy.params import FOLDERS, KIND_OF, KINDS, DatasetName

FOLDER = Path(__file__).parent
DEFAULTS = FOLDER / "params" / "fashion_mnist.yaml"  # for work outside any study
# Data sets like another, whose recipes are a good start for them.
ALIKE = {
    "mnist": "fashion_mnist",
    "kmnist": "fashion_mnist",
    "cifar10": "fashion_mnist",
    "stacked_mnist": "stacked_fashion",
    "pairs": "openmoji",
    "domains": "openmoji_twemoji",
    "digits_edges": "mnist_edges",
    "digits_photos": "mnist_photos",
    "superres_mnist": "superres_fashion",
    "superres_icons": "superres_fashion",
    "captions": "fashion_captions",
    "openmoji_captions": "fashion_captions",
    "voxels": "chairs_and_tables",
}
FIELDED = {str(name) for name, kind in KIND_OF.items() if KINDS[kind].fields}
SOURCE = "src/"  # what a pipeline within the project also depends on
IGNORED = "/.checkpoints/\n/.venv/\n/data/\n/mlartifacts/\n/mlflow.db*\n__pycache__/\n"


def files(data: str) -> dict[str, str]:
    """The texts of a new study's files, by name. Raises `InputError` where `data` names no data
    set that a study can begin with."""
    return {
        "params.yaml": _params(data),
        "dvc.yaml": _pipeline("fields.yaml" if data in FIELDED else "pipeline.yaml"),
        ".gitignore": IGNORED,
    }


def _params(data: str) -> str:
    """params.yaml for the data set `data`, with the comments that explain it."""
    if data == "folder":
        raise InputError(
            "--data folder: lay the study without it, then set data.name: folder, data.folder and "
            "data.resolution in its params.yaml"
        )
    path = FOLDER / "params" / f"{ALIKE.get(data, data)}.yaml"
    if not path.is_file() or data not in get_args(DatasetName):
        known = [
            name
            for name in get_args(DatasetName)
            if (FOLDER / "params" / f"{name}.yaml").is_file() or name in ALIKE
        ]
        raise InputError(f"--data: there is no data set {data!r}; {nearest(data, known)}")
    sections = _fielded(data, path) if data in FIELDED else _imaged(data, path)
    text = "\n".join(sections.values())
    return f"# Everything that this study can vary. `ganstudy check` validates it.\n\n{text}"


def _imaged(data: str, path: Path) -> dict[str, str]:
    """Sections of a study of images or points: stages name every section, and every key of data."""
    whole = _sections(DEFAULTS)
    named = re.sub(r"(?m)^(  name: )\w+ *(?=#)", rf"\g<1>{data:<18} ", whole["data"], count=1)
    return whole | _sections(path) | {"data": named}


def _fielded(data: str, path: Path) -> dict[str, str]:
    """Sections of a study of named fields: those of the study at `path`, with the recipes of all
    losses and models, so that any of them can be tried on the data that it suits."""
    own = _sections(path)
    named = re.sub(r"(?m)^  name: .*$", f"  name: {data}", own["data"], count=1)
    if data in FOLDERS:
        named += f"  folder: null             # where your {data} are\n"
    losses = _entries(_sections(DEFAULTS)["losses"]) | _entries(own["losses"])
    models: dict[str, str] = {}
    for other in sorted((FOLDER / "params").glob("*.yaml")):
        if other.stem in FIELDED:
            models |= _entries(_sections(other).get("models", ""))
    models |= _entries(own["models"])
    return own | {
        "data": named,
        "losses": "losses:                    # the recipe of each\n" + "".join(losses.values()),
        "models": "models:                    # the recipe of each\n" + "".join(models.values()),
    }


def _entries(section: str) -> dict[str, str]:
    """The text of each entry of a section, by name."""
    texts = re.split(r"(?m)^(?=  \w)", section)[1:]
    return {text.partition(":")[0].strip(): text.rstrip() + "\n" for text in texts}


def _sections(path: Path) -> dict[str, str]:
    """The text of each section of a params.yaml, by name, without what stands above the first."""
    texts = re.split(r"(?m)^(?=\w+:)", path.read_text(encoding="utf-8"))[1:]
    return {text.partition(":")[0]: text.rstrip() + "\n" for text in texts}


def _pipeline(name: str) -> str:
    """dvc.yaml: the stages of `name`, by the installed command and without the project's source."""
    pipeline = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    pipeline["vars"] = [{"py": "ganstudy"}]
    for stage in pipeline["stages"].values():
        stage["deps"] = [path for path in stage.get("deps", ()) if not path.startswith(SOURCE)]
        if not stage["deps"]:
            del stage["deps"]
    return (
        "# The study as stages; `dvc repro` runs what changed. By `ganstudy init`. After an\n"
        "# upgrade of ganstudy: `dvc repro --force numerics`, then `dvc repro`; for pages by the\n"
        "# new code `dvc repro --force --single-item compare`.\n"
        + yaml.dump(pipeline, Dumper=_Plain, sort_keys=False, width=100)
    )


class _Plain(yaml.SafeDumper):
    """Plain YAML without anchors: what stages share is written out."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
