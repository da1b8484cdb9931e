"""A real project in a temporary git repository, its study run once by a real `dvc repro`."""

import fcntl
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DVC = Path(sys.executable).with_name("dvc")


@dataclass(frozen=True)
class Project:
    """A project's folder and the environment its commands run in."""

    folder: Path
    environment: dict[str, str]

    def run(self, *command: str | Path, ok: bool = True) -> str:
        """Runs a command; returns what it printed. `ok` says whether it must succeed."""
        done = subprocess.run(
            [str(part) for part in command],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert (done.returncode == 0) is ok, done.stdout
        return done.stdout

    def start(self, *command: str | Path) -> subprocess.Popen[str]:
        """Starts a command in a session of its own, its output to be read; does not wait."""
        return subprocess.Popen(
            [str(part) for part in command],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def dvc(self, *arguments: str, ok: bool = True) -> str:
        return self.run(DVC, *arguments, ok=ok)

    def ganstudy(self, *arguments: str, ok: bool = True) -> str:
        return self.run("sh", "bin/ganstudy", *arguments, ok=ok)

    def git(self, *arguments: str) -> str:
        name = ("-c", "user.name=test", "-c", "user.email=test@localhost")
        return self.run("git", *name, *arguments)

    def read(self, path: str) -> str:
        return (self.folder / path).read_text(encoding="utf-8")

    def write(self, path: str, text: str) -> None:
        (self.folder / path).write_text(text, encoding="utf-8")

    def replace(self, path: str, old: str, new: str) -> None:
        text = self.read(path)
        assert old in text
        self.write(path, text.replace(old, new, 1))


def environment() -> dict[str, str]:
    outside = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "DVC_", "GIT_"))}
    return outside | {
        # A queue worker starts `dvc` by its name.
        "PATH": f"{DVC.parent}{os.pathsep}{outside['PATH']}",
        "GANSTUDY_PYTHON": sys.executable,
        "DVC_NO_ANALYTICS": "1",
        "OMP_NUM_THREADS": "1",  # the suite runs two of these at a time
        "GIT_AUTHOR_NAME": "test",
        "GIT_AUTHOR_EMAIL": "test@localhost",
        "GIT_COMMITTER_NAME": "test",
        "GIT_COMMITTER_EMAIL": "test@localhost",
    }


def tiny_params() -> str:
    """The smoke study's parameters with budgets of seconds."""
    params = yaml.safe_load((ROOT / "studies/smoke/params.yaml").read_text(encoding="utf-8"))
    params["network"] |= {"name": "mlp", "generator_width": 32, "discriminator_width": 32}
    params["train"] |= {"images": 6400, "snapshots": 2}
    params["judge"] |= {"width": 4, "images": 12_800}
    params["sample"] |= {"count": 200}
    params["study"] |= {"baselines": ["vae-elbo"]}
    return yaml.safe_dump(params, sort_keys=False)


def make_project(folder: Path) -> Project:
    params = folder.with_suffix(".yaml")
    params.write_text(tiny_params(), encoding="utf-8")
    subprocess.run(
        ["sh", str(ROOT / "bin/workspace"), str(folder), str(params)],
        check=True,
        env=environment(),
    )
    return Project(folder, environment())


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder of a finished and committed study: one for all processes of the test run, the
    first that needs it builds it. Nobody changes it."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    folder, done = shared / "finished/study", shared / "finished/done"
    folder.parent.mkdir(exist_ok=True)
    with (shared / "finished/lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            project = make_project(folder)
            project.dvc("repro")
            project.run("sh", "bin/ganstudy", "catalogue")
            project.git("add", "-A")
            project.git("commit", "-qm", "The finished study")
            done.touch()
    return folder


@pytest.fixture(scope="session")
def finished(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """This process's copy of the finished study. Tests that change it take `project`."""
    return copied(built, tmp_path_factory.mktemp("pipeline") / "study")


@pytest.fixture
def project(built: Path, tmp_path: Path) -> Project:
    """A copy of the finished project, with its caches, that a test may change."""
    return copied(built, tmp_path / "study")


def copied(source: Path, folder: Path) -> Project:
    shutil.copytree(source, folder, symlinks=True)
    return Project(folder, environment())
