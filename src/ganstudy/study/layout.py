"""Where things are: DVC's files below data/, what git tracks below reports/, state of a machine."""

import os
from pathlib import Path

from ganstudy.errors import InputError

PARAMS = Path("params.yaml")
RAW = Path("data/raw")
PREPARED = Path("data/prepared")
JUDGE = Path("data/judge")
RUNS = Path("data/runs")
SAMPLES = Path("data/samples")
REPORTS = Path("reports")
METRICS = REPORTS / "metrics"
NUMERICS = REPORTS / "numerics"
EVIDENCE = REPORTS / "evidence"
VARIANTS = Path("studies/recipe/variants.yaml")
CLAIMS = Path("claims.yaml")  # what a study claims
REAL = "real"  # the key of real images in the table


def project_root() -> Path:
    """The project's root: from DVC's temporary and queued workspaces, the one they belong to; from
    the folder of a study within the project, the folder above it that DVC knows."""
    if named := os.environ.get("DVC_ROOT"):
        return Path(named).resolve()
    here = Path.cwd().resolve()
    return next((folder for folder in (here, *here.parents) if (folder / ".dvc").is_dir()), here)


def study_place() -> str:
    """The folder of the study in its project, like `studies/modes/ring`; empty for the root, and in
    DVC's temporary workspaces."""
    here, root = Path.cwd().resolve(), project_root()
    if here == root or (root / "studies") not in here.parents:
        return ""
    return here.relative_to(root).as_posix()


def in_study() -> bool:
    """Whether this folder belongs to a study, in which caches and runs have their place."""
    return (project_root() / ".dvc").is_dir() or PARAMS.is_file()


def from_root(path: str) -> Path:
    """A path that params name: `~` is home, and a relative one starts at the project's root, also
    in DVC's temporary workspaces."""
    return project_root() / Path(path).expanduser()


def output(path: Path, stage: str) -> Path:
    """`path`, which `stage` writes. Raises `InputError` naming that stage where it is missing."""
    if not path.is_file():
        raise InputError(f"{path} is missing: run `dvc repro {stage}`")
    return path


def run_folder(key: str) -> Path:
    """The folder of a trained run. Raises `InputError` naming those that there are."""
    folder = RUNS / key
    if not folder.is_dir():
        known = sorted(path.name for path in RUNS.glob("*-*-*"))
        raise InputError(
            f"there is no run {key!r}; trained: {', '.join(known) or 'none'}. To train it: `dvc "
            f"repro`, where params.yaml names it, or `ganstudy train --run {key}`"
        )
    output(folder / "model.json", "train")
    return folder


def samples_of(key: str) -> Path:
    """Where the samples of a run are: in its folder, or in that of all samples, where the run's
    folder is one output of one stage."""
    apart = samples_apart(key)
    return apart if apart.is_file() else own_samples(key)


def samples_apart(key: str) -> Path:
    """The samples of a run outside its folder."""
    return SAMPLES / f"{key}.npz"


def own_samples(key: str) -> Path:
    """The samples of a run in its folder."""
    return RUNS / key / "samples.npz"


def state(name: str, key: str) -> Path:
    """A folder of machine-local state, `.checkpoints/<name>/<key>`, shared by all workspaces."""
    return project_root() / ".checkpoints" / name / key
