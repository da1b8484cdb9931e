"""Every row of `losses:` trains; and what cannot work is refused before it starts."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from ganstudy.__main__ import main
from pipeline.workspace import ROOT, Project

LOSSES = sorted(yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))["losses"])


def test_root_and_smoke_studies_have_the_same_losses(finished: Project) -> None:
    assert sorted(yaml.safe_load(finished.read("params.yaml"))["losses"]) == LOSSES


ELSEWHERE = ("non_saturating", "wgan", "wgan_gp")  # test_study trains these, by DVC


@pytest.mark.parametrize("loss", [loss for loss in LOSSES if loss not in ELSEWHERE])
def test_each_loss_trains_on_what_the_pipeline_prepared(
    finished: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loss: str
) -> None:
    monkeypatch.chdir(finished.folder)
    monkeypatch.setenv("DVC_ROOT", str(finished.folder))
    command = ["ganstudy", "train", "--run", f"gan-{loss}-0", "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in (0, None)
    history = pd.read_csv(tmp_path / "history.csv")
    assert history["images"].iloc[-1] == 6400
    assert np.isfinite(history.filter(regex="/loss$")).all(axis=None)
    assert (tmp_path / "generator.safetensors").is_file()


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
