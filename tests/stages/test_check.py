"""`check` in a world of a study: the grid that runs is the grid that is reported."""

import shutil
from pathlib import Path

import pytest

from ganstudy.errors import InputError
from ganstudy.params import load
from ganstudy.stages import check
from training.tiny import params

STUDIES = Path(__file__).parents[2] / "studies"
STUDY = STUDIES / "modes"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The grid's folder in a copy of the study of modes, as the current folder."""
    for name in ("ring", "grid"):
        (tmp_path / name).mkdir()
        shutil.copy(STUDY / name / "params.yaml", tmp_path / name)
    shutil.copy(STUDY / "dvc.yaml", tmp_path)
    monkeypatch.chdir(tmp_path / "grid")
    return tmp_path / "grid"


def run(place: Path) -> None:
    check.run(load(place / "params.yaml"), Path("dvc.yaml"), None)


def test_worlds_with_one_grid_are_valid(world: Path) -> None:
    run(world)


def test_a_world_with_other_seeds_than_those_that_run_is_refused(world: Path) -> None:
    path = world / "params.yaml"
    path.write_text(path.read_text().replace("seeds: [0, 1, 2, 3, 4]", "seeds: [0, 1]"))
    with pytest.raises(InputError, match=r"study differs from that of ring/params\.yaml"):
        run(world)


def test_a_loss_that_no_stage_runs_is_refused(world: Path) -> None:
    for name in ("ring", "grid"):
        path = world.parent / name / "params.yaml"
        path.write_text(path.read_text().replace("losses: [minimax, ", "losses: ["))
        path.write_text(path.read_text().replace("loss: r3gan", "loss: minimax"))
    with pytest.raises(InputError, match="'minimax' is not in it"):
        run(world)


def test_the_study_of_losses_has_every_loss_with_seven_seeds(tmp_path: Path, monkeypatch) -> None:
    shutil.copytree(STUDIES / "losses", tmp_path / "losses", ignore=shutil.ignore_patterns("data"))
    monkeypatch.chdir(tmp_path / "losses" / "fashion")
    params = load(Path("params.yaml"))
    keys = check.run(params, Path("dvc.yaml"), None)
    families = [*(f"gan-{loss}" for loss in params.losses), "vae-elbo"]
    assert set(keys) == {f"{family}-{seed}" for family in families for seed in range(7)}
    assert params.losses == load(STUDIES.parent / "params.yaml").losses  # the same recipes


def test_samples_that_are_fewer_than_a_metric_needs_are_told_before_training(
    tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    check.run(params(sample__count=8, evaluate__neighbours=7), Path("dvc.yaml"), None)
    for neighbours, count, needed in ((7, 7, 8), (1, 3, 4)):
        few = params(sample__count=count, evaluate__neighbours=neighbours)
        with pytest.raises(
            InputError, match=rf"sample\.count: {count} .* it takes {needed} at least"
        ):
            check.run(few, Path("dvc.yaml"), None)
