"""Where things are: DVC's files below data/, what git tracks below reports/, state of a machine."""

import os
from pathlib import Path

RAW = Path("data/raw")
PREPARED = Path("data/prepared")
JUDGE = Path("data/judge")
RUNS = Path("data/runs")
REPORTS = Path("reports")
METRICS = REPORTS / "metrics"
FIGURES = REPORTS / "figures"
NUMERICS = REPORTS / "numerics"
REAL = "real"  # the key of real images in the table


def project_root() -> Path:
    """The project's root; from DVC's temporary and queued workspaces, the one they belong to."""
    return Path(os.environ.get("DVC_ROOT", ".")).resolve()


def state(name: str, key: str) -> Path:
    """A folder of machine-local state, `.checkpoints/<name>/<key>`, shared by all workspaces."""
    return project_root() / ".checkpoints" / name / key
