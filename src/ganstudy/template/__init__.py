"""A study to begin with: the files of a new one, made from those of this project's own.

The YAML files beside this one are links into the project's studies; a package holds their content.
"""

import re
from pathlib import Path
from typing import Any, get_args

import yaml

from ganstudy.errors import InputError, nearest
from ganstudy.params import DatasetName, parse

FOLDER = Path(__file__).parent
DEFAULTS = FOLDER / "params" / "fashion_mnist.yaml"  # for work outside any study
# Data sets like another, whose recipes are a good start for them.
ALIKE = {
    "mnist": "fashion_mnist",
    "kmnist": "fashion_mnist",
    "cifar10": "fashion_mnist",
    "stacked_mnist": "stacked_fashion",
}
SOURCE = "src/"  # what a pipeline within the project also depends on
IGNORED = "/.checkpoints/\n/.venv/\n/data/\n/mlartifacts/\n/mlflow.db*\n__pycache__/\n"


def files(data: str) -> dict[str, str]:
    """The texts of a new study's files, by name. Raises `InputError` where `data` names no data
    set that a study can begin with."""
    return {
        "params.yaml": params_text(data),
        "dvc.yaml": pipeline_text(),
        ".gitignore": IGNORED,
    }


def params_text(data: str) -> str:
    """params.yaml for the data set `data`, with the comments that explain it."""
    if data == "folder":
        raise InputError(
            "--data folder: lay the study without it, then set data.name: folder, data.folder and "
            "data.resolution in its params.yaml"
        )
    path = FOLDER / "params" / f"{ALIKE.get(data, data)}.yaml"
    if not path.is_file() or data not in get_args(DatasetName):
        known = [name for name in get_args(DatasetName) if name != "folder"]
        raise InputError(f"--data: there is no data set {data!r}; {nearest(data, known)}")
    text = re.sub(r"\A(#.*\n)+", "", path.read_text(encoding="utf-8"))
    text = re.sub(r"(?m)^(data:\n  name: )\w+", rf"\g<1>{data}", text, count=1)
    parse(yaml.safe_load(text), f"params.yaml of {data}")
    return f"# Everything that this study can vary. `ganstudy check` validates it.\n{text}"


def pipeline_text() -> str:
    """dvc.yaml: the project's own stages, by the installed command and without its source."""
    pipeline = yaml.safe_load((FOLDER / "dvc.yaml").read_text(encoding="utf-8"))
    pipeline["vars"] = [{"py": "ganstudy"}]
    for stage in pipeline["stages"].values():
        stage["deps"] = [path for path in stage.get("deps", ()) if not path.startswith(SOURCE)]
        if not stage["deps"]:
            del stage["deps"]
    return (
        "# The study as stages; `dvc repro` runs what changed. By `ganstudy init`. After an\n"
        "# upgrade of ganstudy: `dvc repro --force numerics`, then `dvc repro`.\n"
        + yaml.dump(pipeline, Dumper=_Plain, sort_keys=False, width=100)
    )


class _Plain(yaml.SafeDumper):
    """Plain YAML without anchors: what stages share is written out."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
