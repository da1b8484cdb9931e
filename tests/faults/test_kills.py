"""Killed at random points, by -9 or Ctrl-C, the trainer or all of DVC: the same command again ends
with the bytes of a run that nobody disturbed."""

import hashlib
import os
import random
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import yaml

from faults.conftest import FULL, count, tries
from pipeline.workspace import DVC, Project

KEY = "gan-non_saturating-0"
RESULTS = (
    "data/judge/judge.safetensors",
    "data/runs/*/*.safetensors",
    "data/runs/*/*.csv",
    "data/runs/*/*.npz",
    "data/runs/*/model.json",
    "reports/metrics/*.json",
    "reports/numerics/*.json",
)


def hashes(project: Project, patterns: Sequence[str] = RESULTS) -> dict[str, str]:
    return {
        path.relative_to(project.folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for pattern in patterns
        for path in sorted(project.folder.glob(pattern))
    }


def kill_stage(leader: int) -> None:
    """Kills what runs below DVC, whichever stage that is; DVC itself where nothing does."""
    below = subprocess.run(
        ["pkill", "-KILL", "-s", str(leader), "-f", "[-]m ganstudy"], check=False
    )
    if below.returncode:
        os.kill(leader, signal.SIGKILL)


WAYS = {
    "kill -9 of the stage": kill_stage,
    "kill -9 of dvc, its stage an orphan": lambda leader: os.kill(leader, signal.SIGKILL),
    "kill -9 of dvc and its stage": lambda leader: os.killpg(leader, signal.SIGKILL),
    "Ctrl-C": lambda leader: os.killpg(leader, signal.SIGINT),
}


def wait_for_orphans(output: str) -> None:
    """Where a trainer of another life is still at work, its PID is named: wait for its end."""
    for pid in re.findall(r"another process \(PID (\d+)\)", output):
        while Path(f"/proc/{pid}").exists():
            time.sleep(0.1)


REFUSED = r"another process \(PID \d+\)|Unable to acquire lock|is busy|blocked by"
ATTEMPTS = 40  # of one study, before something must be wrong


@pytest.mark.skipif(not FULL, reason="many minutes long: make faults")
@pytest.mark.timeout(7200)
def test_a_study_killed_again_and_again_ends_as_if_nobody_had(
    finished: Project, tmp_path: Path
) -> None:
    wanted = hashes(finished)
    assert len(wanted) > 15
    rng = random.Random(0)  # noqa: S311 - to repeat, not to hide
    kills = 0
    while kills < tries(2, 36):
        project = fresh(finished, tmp_path / f"study-{kills}")
        for _ in range(ATTEMPTS):
            way = list(WAYS)[kills % len(WAYS)]
            code, output = attempt(project, tmp_path / "log", rng.uniform(1.0, 14.0), WAYS[way])
            if code is None:
                kills += 1
                count("Kills of a whole study", way)
            elif code == 0:
                break
            else:
                assert "Traceback" not in output, output
                assert re.search(REFUSED, output), output
                count("Kills of a whole study", "next `dvc repro` told which process to wait for")
                wait_for_orphans(output)
        assert code == 0, output
        assert hashes(project) == wanted
        count("Kills of a whole study", "studies that ended with equal hashes of every result")
        shutil.rmtree(project.folder)


def attempt(
    project: Project, log: Path, seconds: float, kill: Callable[[int], None]
) -> tuple[int | None, str]:
    """`dvc repro`, killed after so many seconds: its exit code, None where killed, and output.

    Output goes to a file: an orphan would keep a pipe open.
    """
    with log.open("w") as stream:
        running = subprocess.Popen(
            [str(DVC), "repro"],
            cwd=project.folder,
            env=project.environment,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )
        try:
            code: int | None = running.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            kill(running.pid)
            running.wait()
            code = None
    return code, log.read_text(encoding="utf-8")


def fresh(finished: Project, folder: Path) -> Project:
    """The project as committed: no result, no cache, no checkpoint, no tracker."""
    skip = shutil.ignore_patterns(
        "data", "reports", "dvc.lock", ".checkpoints", "mlflow.db", "mlartifacts", "cache", "tmp"
    )
    shutil.copytree(finished.folder, folder, symlinks=True, ignore=skip)
    for name in (".dvc/tmp", "reports"):
        (folder / name).mkdir(exist_ok=True)
    # The source has folders of these names too.
    for name in ("src", "tests"):
        shutil.copytree(finished.folder / name, folder / name, dirs_exist_ok=True)
    return Project(folder, finished.environment)


def test_a_trainer_killed_at_random_points_ends_with_the_same_bytes(project: Project) -> None:
    params = yaml.safe_load(project.read("params.yaml"))
    params["train"] |= {"images": 32_000}
    params.setdefault("runtime", {})["checkpoint_seconds"] = 0.05
    project.write("params.yaml", yaml.safe_dump(params, sort_keys=False))
    command = ("sh", "bin/ganstudy", "train", "--run", KEY)
    own = [f"data/runs/{KEY}/*.{kind}" for kind in ("safetensors", "csv")]
    own += [f"data/runs/{KEY}/snapshots.npz"]
    began = time.monotonic()
    project.run(*command)
    whole = time.monotonic() - began
    wanted = hashes(project, own)
    rng = random.Random(1)  # noqa: S311
    for turn in range(tries(2, 12)):
        shutil.rmtree(project.folder / f"data/runs/{KEY}")
        limits = [rng.uniform(0.3, 0.9) * whole, rng.uniform(0.3, 0.9) * whole, 600.0]
        kills = 0
        for limit in limits:
            running = project.start(*command)
            try:
                output, _ = running.communicate(timeout=limit)
            except subprocess.TimeoutExpired:
                way = signal.SIGINT if turn % 3 == 2 else signal.SIGKILL
                os.killpg(running.pid, way)
                running.communicate()
                kills += 1
                count("Kills of a trainer", f"by {way.name}")
            else:
                assert running.returncode == 0, output
                break
        assert kills
        assert hashes(project, own) == wanted
        count("Kills of a trainer", "trainings that ended with equal hashes")
