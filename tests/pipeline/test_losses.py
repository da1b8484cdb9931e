"""Every row of `losses:` trains by the one documented change of a parameter."""

import json

import pytest
import yaml

from pipeline.workspace import ROOT, Project

LOSSES = sorted(yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))["losses"])


def test_root_and_smoke_studies_have_the_same_losses(finished: Project) -> None:
    assert sorted(yaml.safe_load(finished.read("params.yaml"))["losses"]) == LOSSES


ELSEWHERE = ("non_saturating", "wgan", "wgan_gp")  # test_study trains these in the same way


@pytest.mark.parametrize("loss", [loss for loss in LOSSES if loss not in ELSEWHERE])
def test_one_parameter_trains_the_loss(finished: Project, loss: str) -> None:
    key = f"gan-{loss}-0"
    name = f"one-{loss}".replace("_", "-")
    stage = f"train@{loss}-0"
    finished.dvc("exp", "run", "--temp", "-n", name, "-S", f"train.loss={loss}", stage)
    shown = finished.git("show", f"{_experiment(finished, loss)}:dvc.lock")
    outs = yaml.safe_load(shown)["stages"][stage]["outs"]
    assert f"data/runs/{key}/generator.safetensors" in {out["path"] for out in outs}


def _experiment(project: Project, loss: str) -> str:
    name = f"one-{loss}".replace("_", "-")
    refs = project.git("for-each-ref", "--format=%(refname)", "refs/exps").split()
    return next(ref for ref in refs if ref.endswith(f"/{name}"))


def test_a_recipe_that_cannot_work_is_refused_before_it_starts(finished: Project) -> None:
    output = finished.dvc(
        "exp", "run", "--temp", "-S", "network.discriminator_norm=batch", ok=False
    )
    assert "batch norm" in output
    assert "set discriminator_norm to none or spectral" in output
    assert "Traceback" not in output


def test_points_with_convolutions_are_refused_naming_the_network_that_fits(
    finished: Project,
) -> None:
    output = finished.dvc(
        "exp", "run", "--temp", "-S", "data.name=ring", "-S", "network.name=dcgan", ok=False
    )
    assert "network.name mlp" in output
    assert "Traceback" not in output


def test_metrics_tell_whether_the_condition_is_obeyed(finished: Project) -> None:
    metrics = json.loads(finished.read("reports/metrics/gan-non_saturating-0.json"))
    assert "class_accuracy" not in metrics  # unconditional
