"""The study of modes: its own pipeline, by its one command, with budgets of seconds."""

import json
import shutil
from pathlib import Path

import pytest
import yaml
from PIL import Image

from pipeline.workspace import ROOT, Project, make_project

LOSSES, SEEDS = ["minimax", "r3gan"], [0]


@pytest.fixture(scope="module")
def modes(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project in which the study of modes has run."""
    project = make_project(tmp_path_factory.mktemp("modes") / "study")
    only = shutil.ignore_patterns("data", "reports", "*.lock")
    shutil.copytree(ROOT / "studies/modes", project.folder / "studies/modes", ignore=only)
    for world in ("ring", "grid"):
        place = f"studies/modes/{world}/params.yaml"
        params = yaml.safe_load(project.read(place))
        params["train"] |= {"images": 6400, "snapshots": 2}
        params["study"] |= {"losses": LOSSES, "seeds": SEEDS}
        params["losses"] = {loss: params["losses"][loss] for loss in LOSSES}
        project.write(place, yaml.safe_dump(params, sort_keys=False))
    project.dvc("repro", "studies/modes/dvc.yaml")
    return project


@pytest.mark.parametrize(("world", "count"), [("ring", 8), ("grid", 25)])
def test_each_world_is_measured_against_the_modes_it_comes_from(
    modes: Project, world: str, count: int
) -> None:
    place = modes.folder / "studies/modes" / world / "reports"
    real = json.loads((place / "metrics/real.json").read_text())
    assert real["modes_captured_strict"] == real["modes"] == count
    assert real["high_quality"] > 0.97
    keys = {f"gan-{loss}-{seed}" for loss in LOSSES for seed in SEEDS}
    assert {path.stem for path in (place / "metrics").glob("*.json")} == keys | {"real"}


@pytest.mark.parametrize("world", ["ring", "grid"])
def test_report_has_a_row_a_recipe_and_its_figures(modes: Project, world: str) -> None:
    place = modes.folder / "studies/modes" / world / "reports"
    report = (place / "README.md").read_text()
    for loss in LOSSES:
        assert f"| **gan-{loss}** |" in report
    assert "PacGAN" in report
    assert "dvc repro studies/modes/dvc.yaml" in report
    for line in report.splitlines():
        if line.startswith("!["):
            with Image.open(place / line.split("(")[1].rstrip(")")) as image:
                assert min(image.size) > 100


def test_second_repro_does_nothing_and_the_gate_sees_the_study(modes: Project) -> None:
    assert "Running stage" not in modes.dvc("repro", "studies/modes/dvc.yaml")
    assert not list(Path(modes.folder / "studies").rglob("mlflow.db"))
    modes.replace("studies/modes/grid/params.yaml", "weight: 0.01", "weight: 0.02")
    plan = modes.dvc("repro", "--dry", "--allow-missing", "studies/modes/dvc.yaml")
    running = [line for line in plan.splitlines() if line.startswith("Running stage")]
    assert any("numerics@grid" in line for line in running)
    assert not any("@ring" in line for line in running)
