"""How long commands take before they do anything, and `make study` where nothing changed."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REPEATS = 3
STAGES = ("check", "fetch", "prepare", "judge", "train", "sample", "evaluate", "compare", "sync")


def of_stages() -> dict[str, float]:
    """Seconds from the start of Python until each stage's code is loaded."""
    bare = {"--help": _seconds([sys.executable, "-m", "ganstudy", "--help"])}
    return bare | {
        stage: _seconds([sys.executable, "-c", f"import ganstudy.stages.{stage}"])
        for stage in STAGES
    }


def of_nothing_to_do() -> float | None:
    """Seconds of `make study` where the study is up to date; None where it is not."""
    tools = Path(sys.executable).parent
    look = [str(tools / "dvc"), "status", "--quiet", "dvc.yaml"]
    if subprocess.run(look, cwd=ROOT, capture_output=True, check=False).returncode:
        return None
    return _seconds(["sh", "bin/study", str(tools)])


def _seconds(command: Sequence[str]) -> float:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    taken = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)
