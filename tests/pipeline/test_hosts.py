"""Hosts that share git and a remote, as studies/SWEEPS.md has it: no run is trained twice."""

from pathlib import Path

from pipeline.test_study import RUNS, trained
from pipeline.workspace import Project


def test_a_clone_reports_what_two_hosts_trained_without_training(
    project: Project, tmp_path: Path
) -> None:
    def clone(name: str) -> Project:
        project.run("git", "clone", "-q", project.folder, tmp_path / name)
        return Project(tmp_path / name, project.environment)

    project.dvc("remote", "add", "-d", "store", str(tmp_path / "store"))
    project.replace("params.yaml", "loss: non_saturating", "loss: wgan")
    project.git("commit", "-qam", "A study of two losses; one is trained")
    project.dvc("push", "--run-cache")

    other = clone("other")
    other.dvc("pull", "--run-cache", "--allow-missing")
    assert trained(other.dvc("repro", "evaluate@gan-wgan-0")) == ["gan-wgan-0"]
    other.dvc("push", "--run-cache")

    third = clone("third")
    assert trained(third.dvc("repro", "--pull")) == []
    weights = "data/runs/gan-wgan-0/generator.safetensors"
    assert (third.folder / weights).read_bytes() == (other.folder / weights).read_bytes()
    report = third.read("reports/README.md")
    for row in ("real images", "gan-wgan-0", *RUNS):
        assert f"| **{row}** |" in report
