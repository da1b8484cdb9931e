"""The commands under torchrun: several processes, one result, one tracked run."""

import os
import re
import signal
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from safetensors.numpy import load_file

from ganstudy.files import read_samples
from pipeline.workspace import Project

RUN = "gan-non_saturating-0"
TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node")
TWO, THREE = ((*TORCHRUN, count, "-m", "ganstudy", "--") for count in ("2", "3"))


@pytest.fixture(scope="module")
def several(finished: Project) -> Project:
    """The finished project, with its source on the path of whatever torchrun starts."""
    path = str(finished.folder / "src")
    return Project(finished.folder, {**finished.environment, "PYTHONPATH": path})


def test_two_processes_train_one_run(several: Project, tmp_path: Path) -> None:
    said = several.run(*TWO, "train", "--run", RUN, "--out", tmp_path)
    alone = several.folder / "data/runs" / RUN
    assert {path.name for path in tmp_path.iterdir()} >= {
        *("model.json", "generator.safetensors", "discriminator.safetensors"),
        *("history.csv", "grid.png", "snapshots.npz"),
    }
    assert (
        len(re.findall(rf"train {RUN} \(run 1 of 2\): [\d,]+ images in", said)) == 1
    )  # one of them tells
    ours, theirs = (pd.read_csv(folder / "history.csv") for folder in (tmp_path, alone))
    assert ours["images"].tolist() == theirs["images"].tolist()
    first = [name for name in ours if name.endswith("/loss")]
    pd.testing.assert_frame_equal(ours[first][:2], theirs[first][:2], rtol=1e-2)
    weights = [load_file(folder / "generator.safetensors") for folder in (tmp_path, alone)]
    assert weights[0].keys() == weights[1].keys()


def test_two_processes_sample_and_measure_what_one_does(several: Project, tmp_path: Path) -> None:
    out = tmp_path / "samples.npz"
    several.run(*TWO, "sample", "--run", RUN, "--out", out)
    ours = read_samples(out)[0].astype(int)
    alone = read_samples(several.folder / "data/runs" / RUN / "samples.npz")[0].astype(int)
    assert ours.shape == alone.shape
    assert abs(ours - alone).max() <= 1
    measured = tmp_path / "metrics.json"
    several.run(*TWO, "evaluate", "--run", RUN, "--out", measured)
    ours = pd.read_json(measured, typ="series")
    theirs = pd.read_json(several.folder / "reports/metrics" / f"{RUN}.json", typ="series")
    assert ours.index.tolist() == theirs.index.tolist()
    assert ours["fid"] == pytest.approx(theirs["fid"], rel=1e-3)


def test_a_process_that_dies_ends_all(project: Project) -> None:
    environment = {**project.environment, "PYTHONPATH": str(project.folder / "src")}
    several = Project(project.folder, environment)
    params = (project.folder / "params.yaml").read_text()
    longer = re.sub(r"(?m)^(  images:) \d+", r"\1 1000000", params, count=1)
    (project.folder / "params.yaml").write_text(longer)
    running = several.start(*TWO, "train", "--run", RUN, "--out", "elsewhere")
    try:
        victim = process_of_rank(1, running.pid)
        time.sleep(5)  # into the game
        os.kill(victim, signal.SIGKILL)
        said, _ = running.communicate(timeout=120)
    finally:
        running.kill()
    assert running.returncode != 0
    assert "SIGKILL" in said or "-9" in said
    assert not (project.folder / "elsewhere").exists()  # nothing half-written


def process_of_rank(rank: int, launcher: int) -> int:
    """The process that torchrun started with that rank, once it is there."""
    for _ in range(300):
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                environment = (folder / "environ").read_bytes().split(b"\0")
                parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            if parent == launcher and f"RANK={rank}".encode() in environment:
                return int(folder.name)
        time.sleep(0.1)
    raise AssertionError("torchrun started no such process")


def test_a_batch_that_does_not_divide_is_one_clear_line(several: Project) -> None:
    said = several.run(*THREE, "train", "--run", RUN, "--out", "no", ok=False)
    assert "does not divide among 3 processes" in said
