"""A study to begin with: the files of a new one, made from those of this project's own.

The YAML files beside this one are links into the project's studies; a package holds their content.
"""

import re
from pathlib import Path
from typing import Any, get_args

import yaml

from ganstudy.errors import InputError, nearest
from ganstudy.params import DatasetName

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
        "params.yaml": _params(data),
        "dvc.yaml": _pipeline(),
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
    whole = _sections(DEFAULTS)  # stages name every section, and every key of data
    named = re.sub(r"(?m)^(  name: )\w+ *(?=#)", rf"\g<1>{data:<18} ", whole["data"], count=1)
    sections = whole | _sections(path) | {"data": named}
    text = "\n".join(sections.values())
    return f"# Everything that this study can vary. `ganstudy check` validates it.\n\n{text}"


def _sections(path: Path) -> dict[str, str]:
    """The text of each section of a params.yaml, by name, without what stands above the first."""
    texts = re.split(r"(?m)^(?=\w+:)", path.read_text(encoding="utf-8"))[1:]
    return {text.partition(":")[0]: text.rstrip() + "\n" for text in texts}


def _pipeline() -> str:
    """dvc.yaml: the project's own stages, by the installed command and without its source."""
    pipeline = yaml.safe_load((FOLDER / "pipeline.yaml").read_text(encoding="utf-8"))
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
