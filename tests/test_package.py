"""The wheel as a user has it: built, installed in an environment of its own, used elsewhere."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

ROOT = Path(__file__).parents[1]
WHAT_A_BUILD_READS = ("pyproject.toml", "README.md", "LICENSE", "params.yaml", "dvc.yaml")


def tracked(*places: str) -> list[str]:
    """The project's files in `places`, of git or new."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *places]
    done = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True)
    return [name for name in done.stdout.splitlines() if (ROOT / name).exists()]


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel in it; the libraries are those of this one."""

    wheel: Path
    bin: Path

    def run(self, *command: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
        """A command in `folder`, with nothing of the checkout in reach."""
        outside = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "DVC_ROOT")}
        places = [str(self.bin), str(Path(sys.executable).parent), outside["PATH"]]
        own = {"PATH": os.pathsep.join(places), "DVC_NO_ANALYTICS": "1", "OMP_NUM_THREADS": "1"}
        return subprocess.run(
            [str(part) for part in command],
            cwd=folder,
            env=outside | own,
            check=False,
            capture_output=True,
            text=True,
        )

    def must(self, *command: str | Path, folder: Path) -> str:
        """What a command printed that must succeed."""
        done = self.run(*command, folder=folder)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    made = tmp_path_factory.mktemp("package")
    tree, wheels, venv = made / "tree", made / "wheels", made / "venv"
    for name in tracked("src", "studies/**/params.yaml", *WHAT_A_BUILD_READS):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tree / name, follow_symlinks=False)
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "-q")
    alone = ("--no-deps", "--no-index")
    build = (*pip, "wheel", *alone, "--no-build-isolation", "-w", wheels, tree)
    subprocess.run(build, check=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    (wheel,) = wheels.glob("ganstudy-*.whl")
    python = venv / "bin/python"
    subprocess.run([*pip, "--python", python, "install", *alone, wheel], check=True)
    (own,) = venv.glob("lib/python*/site-packages")
    (own / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return Installed(wheel, venv / "bin")


def test_the_wheel_has_every_file_of_the_package(installed: Installed) -> None:
    there = set(zipfile.ZipFile(installed.wheel).namelist())
    assert "ganstudy/reports/web/page.js" in there
    assert {name.removeprefix("src/") for name in tracked("src/ganstudy")} <= there


def test_python_finds_metrics_and_the_loader_of_generators(installed, tmp_path: Path) -> None:
    script = (
        "from pathlib import Path; import ganstudy, numpy as np\n"
        "from ganstudy.metrics import frechet_distance\n"
        "from ganstudy.models.saved import load_generator\n"
        "x = np.random.default_rng(0).normal(size=(50, 3))\n"
        "assert abs(frechet_distance(x, x + 1) - 3) < 1e-6\n"
        "print(ganstudy.__file__)"
    )
    found = installed.must(installed.bin / "python", "-c", script, folder=tmp_path)
    assert Path(found.strip()).is_relative_to(installed.bin.parent)


def test_samples_are_measured_without_params(installed: Installed, tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    for seed, name in enumerate(("a.npz", "b.npz")):
        images = np.random.default_rng(seed).integers(0, 256, (12, 8, 8, 1), dtype=np.uint8)
        np.savez(tmp_path / name, images)
    files = ("--samples", tmp_path / "a.npz", "--reference", tmp_path / "b.npz")
    command = ("ganstudy", "evaluate", *files, "--out", "x.json")

    refused = {
        (): ("there is no study here", "--extractor", "inception-v3-compat"),
        ("--extractor", "inception-v3-compat", "--weights", "w.pth"): (
            f"cannot read {here}/w.pth",
        ),
    }
    for options, parts in refused.items():
        done = installed.run(*command, *options, folder=here)
        assert done.returncode == 2
        assert done.stderr.startswith("error: ")
        assert done.stderr.count("\n") == 1
        assert all(part in done.stderr for part in parts), done.stderr
    assert list(here.iterdir()) == []

    # A released judge, which came with the package.
    assert "FID" in installed.must(*command, "--extractor", "digits-8x8x1", folder=here)
    values = json.loads((here / "x.json").read_text())
    assert (values["samples"], values["reference"]) == (12, 12)
    assert values["judge"] == "digits-8x8x1"
    assert [path.name for path in here.iterdir()] == ["x.json"]  # no store, no cache


def test_a_study_that_is_laid_runs_by_the_installed_command(installed, tmp_path: Path) -> None:
    said = installed.must("ganstudy", "init", "points", "--data", "ring", folder=tmp_path)
    assert "cd points && dvc repro" in said
    study = tmp_path / "points"
    assert installed.must("git", "status", "--porcelain", folder=study) == ""
    assert installed.must("git", "rev-list", "--count", "HEAD", folder=study) == "1\n"

    params = yaml.safe_load((study / "params.yaml").read_text())
    params["train"] |= {"images": 640, "snapshots": 1}
    params["sample"]["count"] = 200
    params["study"]["seeds"] = [0]
    (study / "params.yaml").write_text(yaml.safe_dump(params))
    me = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    installed.must("git", *me, "commit", "-qam", "A small study", folder=study)
    installed.must("dvc", "repro", folder=study)
    report = (study / "reports/README.md").read_text()
    assert "gan-r3gan-0" in report
    assert "$ dvc repro\n" in report  # how it was made: there is no make here
    assert "up to date" in installed.must("dvc", "repro", folder=study)
    assert not (study / "src").exists()


def test_any_model_is_explored_in_a_study_of_domains(installed, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for side in "ab":
        (tmp_path / "pictures" / side).mkdir(parents=True)
        for number in range(60):
            image = Image.fromarray(rng.integers(0, 256, (16, 16, 3)).astype(np.uint8))
            image.save(tmp_path / "pictures" / side / f"{number}.png")
    installed.must("ganstudy", "init", "two", "--data", "domains", folder=tmp_path)
    study = tmp_path / "two"
    said = installed.run("dvc", "repro", folder=study)
    assert "data.folder" in said.stdout + said.stderr  # where they are is not known yet

    params = yaml.safe_load((study / "params.yaml").read_text())
    params["data"] |= {"folder": "../pictures", "resolution": 16}
    params["train"] |= {"images": 96, "snapshots": 1}
    params["sample"]["count"] = 20
    params["study"]["seeds"] = [0]
    (study / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    me = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    installed.must("git", *me, "commit", "-qam", "Pictures of two kinds", folder=study)
    installed.must("dvc", "repro", folder=study)
    assert "cyclegan-lsgan-0" in (study / "reports/README.md").read_text()
    assert {"a", "b", "made"} <= over_training(study, "cyclegan-lsgan-0")
    assert "up to date" in installed.must("dvc", "repro", folder=study)

    other = ("train.model=cogan", "train.loss=hinge", "study.losses=[hinge]")
    changed = [part for change in other for part in ("-S", change)]
    installed.must("dvc", "exp", "run", *changed, folder=study)
    assert "cogan-hinge-0" in (study / "reports/README.md").read_text()
    networks = {path.name for path in (study / "data/runs/cogan-hinge-0").glob("*.safetensors")}
    assert networks == {"generator.safetensors", "discriminator.safetensors"}
    assert over_training(study, "cogan-hinge-0") == {"made"}  # of codes: beside no image


def over_training(study: Path, run: str) -> set[str]:
    """What the page's pictures over training show."""
    with np.load(study / f"reports/evidence/{run}/course.npz") as course:
        return set(course.files)
