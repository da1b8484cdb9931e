"""What `make study` says before it starts."""

from pathlib import Path

import pytest

from ganstudy.files import write_json
from ganstudy.keys import RunKey
from ganstudy.models import identity
from ganstudy.params import Params, load
from ganstudy.stages import plan
from ganstudy.study import layout
from training.tiny import params


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plan, "PROBE_SECONDS", 0.01)


def tiny() -> Params:
    return params(study__seeds=[0, 1], study__baselines=["vae-elbo"])


def finish(key: str) -> None:
    """As if the run had been trained with these params."""
    made = {"params": identity(tiny(), RunKey.parse(key)), "precision": "float32"}
    write_json(layout.RUNS / key / "model.json", made)


def test_it_counts_runs_minutes_data_and_disk() -> None:
    said = plan.run(tiny())
    for key in tiny().run_keys():
        assert key in said
    assert "plan: 4 runs of 48 images each, in float32 on cpu" in said
    assert "minute" in said
    assert "MB of disk" in said
    assert "from this machine" in said  # digits are no download


def test_runs_that_are_there_are_not_counted_and_changed_ones_are() -> None:
    for key in tiny().run_keys():
        finish(key)
    assert "every run was trained with these params" in plan.run(tiny())
    changed = params(
        study__seeds=[0, 1], study__baselines=["vae-elbo"], losses__non_saturating__critic_steps=2
    )
    said = plan.run(changed)
    assert "plan: 2 runs" in said
    assert "vae" not in said


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("ring", "judge: the mixture itself; data: ring, from this machine"),
        ("fashion_mnist", "judge: trained on 48 images first"),  # tiny params say train
        ("fashion_mnist", "data: fashion_mnist, from this machine or a download of 31 MB"),
    ],
)
def test_it_knows_judge_and_data_before_they_are_there(data: str, told: str) -> None:
    assert told in plan.run(
        params(data={"name": data}, network__name="mlp", judge__weights="train")
    )


def test_a_run_of_another_precision_is_to_be_trained() -> None:
    for key in tiny().run_keys():
        write_json(
            layout.RUNS / key / "model.json",
            {"params": identity(tiny(), RunKey.parse(key)), "precision": "bfloat16"},
        )
    assert "plan: 4 runs" in plan.run(tiny())


@pytest.mark.parametrize("world", ["domains/coupled", "labels/hundred", "volumes/furniture"])
def test_it_tries_any_model_on_data_of_its_kind(world: str) -> None:
    study = load(Path(__file__).parents[2] / "studies" / world / "params.yaml")
    assert f"of {study.train.images:,} images each" in plan.run(study)
