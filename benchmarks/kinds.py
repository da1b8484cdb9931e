"""Does a number depend on the kind of CPU that measured it? One run's samples, measured as usual
and with the libraries held to the instructions of a CPU of 2008."""

import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

# Of oneDNN (convolutions), PyTorch's own kernels, NumPy's OpenBLAS: SSE 4.1 or 4.2, no AVX.
OLD = {
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "ATEN_CPU_CAPABILITY": "default",
    "OPENBLAS_CORETYPE": "Nehalem",
}
SHOWN = (
    *("fid", "fid_debiased", "fid_low", "fid_high", "fid_relative", "fid_floor", "kid"),
    *("precision", "recall", "density", "coverage", "inception_score", "class_tv", "mem1"),
)


@dataclass(frozen=True)
class Compared:
    """A metric as this CPU measures it, and held to old instructions."""

    name: str
    here: float
    old: float


def compare(run: str) -> list[Compared]:
    """The metrics of `run` both ways."""
    here, old = _measured(run, {}), _measured(run, OLD)
    return [Compared(name, here[name], old[name]) for name in SHOWN if name in here]


def _measured(run: str, environment: dict[str, str]) -> dict[str, float]:
    """In a project of its own, so that no features are taken from a cache."""
    tool = Path("bin/ganstudy").resolve()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / ".dvc").mkdir()
        shutil.copy("params.yaml", place)
        (place / "data").symlink_to(Path("data").resolve())
        subprocess.run(
            ["sh", tool, "evaluate", "--run", run, "--out", "metrics.json"],
            cwd=place,
            env=os.environ | environment | {"DVC_ROOT": folder},
            check=True,
        )
        found: dict[str, float] = json.loads((place / "metrics.json").read_text())
    return found
