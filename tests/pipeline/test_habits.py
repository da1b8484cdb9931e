"""What people who use git, DVC and MLflow every day do; several habits share a workspace.

docs/habits.md has the table of all that was tried.
"""

import contextlib
import shutil
import sqlite3
import time
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from pipeline.workspace import DVC, Project

GAN = "gan-non_saturating-0"
MEASURE = f"evaluate@{GAN}"
ENDED = ("Success", "Failed")  # how the queue calls a job that is over


@pytest.fixture(scope="module")
def lived_in(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The finished study in a folder with spaces, without a home to write to; its tracker is a
    relative file with an experiment of the user's own, and somebody else's program left a run id in
    the environment."""
    folder = tmp_path_factory.mktemp("habits") / "One & two"
    shutil.copytree(finished.folder, folder, symlinks=True)
    settings = {
        "HOME": "/proc",  # where nobody can write
        "MLFLOW_TRACKING_URI": "sqlite:///my.db",
        "MLFLOW_EXPERIMENT_NAME": "mine",
        "MLFLOW_RUN_ID": "0" * 32,
    }
    return Project(folder, finished.environment | settings)


def of_gan(project: Project) -> dict[str, tuple[list[float], int, str]]:
    """The GAN's runs in my.db, by the seed that measured them: points of fid, how many rows of
    history, DVC's experiment."""
    with contextlib.closing(sqlite3.connect(project.folder / "my.db")) as store:
        runs = store.execute(
            "select run_uuid from runs join experiments using (experiment_id) "
            "where runs.name = ? and experiments.name = 'mine'",
            (GAN,),
        ).fetchall()
        found = {}
        for run in runs:
            metrics = store.execute("select key, value from metrics where run_uuid = ?", run)
            points = metrics.fetchall()
            ((seed,),) = store.execute(
                "select value from params where run_uuid = ? and key = 'evaluate.seed'", run
            )
            ((experiment,),) = store.execute(
                "select value from tags where run_uuid = ? and key = 'dvc.experiment'", run
            )
            rows = sum(name == "images" for name, _ in points)
            found[seed] = (
                [value for name, value in points if name == "final/fid_low"],
                rows,
                experiment,
            )
        assert len(found) == len(runs)
    return found


def test_experiments_that_differ_after_training_are_runs_of_their_own(lived_in: Project) -> None:
    lived_in.dvc("exp", "run", "-n", "five", "-S", "evaluate.seed=5", MEASURE)
    lived_in.dvc("exp", "run", "--queue", "-S", "evaluate.seed=6,7", MEASURE)
    lived_in.dvc("queue", "start", "-j", "2")
    deadline = time.monotonic() + 500
    while sum(map((state := lived_in.dvc("queue", "status")).count, ENDED)) < 2:
        assert time.monotonic() < deadline, state
        time.sleep(3)
    assert state.count("Success") == 2, state
    found = of_gan(lived_in)
    assert set(found) == {"5", "6", "7"}
    history = lived_in.read(f"data/runs/{GAN}/history.csv").splitlines()
    assert all(rows == len(history) - 1 for _, rows, _ in found.values())
    assert all(len(points) == 1 for points, _, _ in found.values())
    assert len({points[0] for points, _, _ in found.values()}) == 3  # the bootstrap's draws
    assert found["5"][2] == "five"
    assert len({experiment for _, _, experiment in found.values()}) == 3
    assert not list(lived_in.folder.glob(".dvc/tmp/exps/**/*.db"))


def test_sync_says_what_did_not_arrive_and_keeps_the_link(finished: Project) -> None:
    link = finished.folder / ".checkpoints/links/local/root.link"
    page = link.read_text()
    assert page.startswith("/#/compare-runs?runs=")
    gone = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:1", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    down = replace(finished, environment=finished.environment | gone)
    output = down.ganstudy("sync", ok=False)
    assert "0 of 2 runs are complete in MLflow at http://127.0.0.1:1" in output
    assert "Traceback" not in output
    # The study itself is finished: `make study` succeeds all the same.
    assert "0 of 2 runs are complete" in down.run("sh", "bin/study", DVC.parent)
    assert link.read_text() == page
    assert page.strip() in finished.run("sh", "bin/study", DVC.parent)


def test_a_shallow_detached_submodule_pulls_what_is_missing_and_goes_on(
    project: Project, tmp_path: Path
) -> None:
    project.dvc("remote", "add", "-d", "store", str(tmp_path / "store"))
    project.git("commit", "-qam", "Where results are kept")
    project.dvc("push")
    outer = Project(tmp_path / "Über uns", project.environment)
    outer.folder.mkdir()
    outer.git("init", "-q")
    url = f"file://{project.folder}"
    allowed = ("-c", "protocol.file.allow=always")
    outer.git(*allowed, "submodule", "add", "-q", "--depth", "1", url, "the study")
    study = Project(outer.folder / "the study", project.environment)
    study.git("checkout", "-q", "--detach")
    assert study.git("rev-list", "--count", "HEAD").strip() == "1"
    pulled = ("--pull", "--allow-missing")
    output = study.dvc("exp", "run", *pulled, "-n", "there", "-S", "evaluate.seed=5", MEASURE)
    ran = [line.split()[3] for line in output.splitlines() if line.startswith("> ")]
    assert ran == ["check", "numerics", "evaluate"]
    assert "there" in study.dvc("exp", "list")
    assert (study.folder / "mlflow.db").is_file()


def test_a_worktree_with_params_in_another_order_has_nothing_to_do(
    project: Project, tmp_path: Path
) -> None:
    project.git("worktree", "add", "-q", "--detach", str(tmp_path / "a tree"))
    tree = Project(tmp_path / "a tree", project.environment)
    params = yaml.safe_load(tree.read("params.yaml"))
    turned = {name: dict(reversed(section.items())) for name, section in reversed(params.items())}
    tree.write("params.yaml", yaml.safe_dump(turned, sort_keys=False))
    assert "Running stage" not in tree.dvc("repro", "--allow-missing", "--dry")
