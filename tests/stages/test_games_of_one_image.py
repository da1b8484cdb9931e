"""VAE-GAN, energy, the game on codes and the one of few labels through every stage, on digits that
are there already and on points."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from ganstudy.data.images import load_split
from ganstudy.evidence import limits
from ganstudy.evidence.read import read_run
from ganstudy.files import read_json, read_named
from ganstudy.keys import RunKey
from ganstudy.params import Params, load
from ganstudy.stages import check, compare, evaluate, fetch, numerics, prepare, sample, train
from ganstudy.stages import judge as judging
from ganstudy.study import layout
from training.tiny import ADAM, content

WALK = {"steps": 3, "first": 0.1, "last": 0.01}
ENERGY = {"optimizer": ADAM, "width": 4, "alpha": 0.1, "buffer": 64}
MODELS: dict[str, Any] = {
    "vae_gan": {"encoder": ADAM, "encoder_width": 4, "layer": 1, "gamma": 0.1},
    "energy-contrastive": {**ENERGY, "training": WALK, "sampling": WALK},
    "latent_gan": {"optimizer": ADAM, "encoder_width": 4, "latent": 3, "critic_width": 8},
    "semi_gan-features": {"generator": ADAM, "classifier": ADAM},
}
IMAGES = ["vae_gan-non_saturating", "energy-contrastive", "latent_gan-non_saturating"]
KEYS = [f"{family}-0" for family in [*IMAGES, "semi_gan-features"]]


def study(baselines: list[str], **changes) -> Params:
    """A study here, as far as its data."""
    settings = content(
        models=MODELS,
        study__losses=["non_saturating"],
        study__baselines=baselines,
        losses={"non_saturating": {"generator": ADAM, "discriminator": ADAM}},
        vae=None,
        ae=None,
        **changes,
    )
    layout.PARAMS.write_text(yaml.safe_dump(settings))
    params = load(layout.PARAMS)
    check.run(params, Path("dvc.yaml"), None)
    fetch.run(params, layout.RAW)
    prepare.run(params, layout.RAW, layout.PREPARED)
    numerics.run(params, layout.NUMERICS)
    return params


def measured(params: Params, key: str) -> dict[str, Any]:
    train.run(params, RunKey.parse(key), layout.RUNS / key)
    # Beside the run's folder, where that is one output of one stage.
    sample.run(key, params.sample.count, 0, layout.SAMPLES / f"{key}.npz", params.runtime)
    out = layout.METRICS / f"{key}.json"
    evaluate.run(params, key, out)
    return read_json(out)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".dvc").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    return tmp_path


def test_samples_of_few_labels_are_measured_by_what_learns_from_them(place: Path) -> None:
    few = {"data__labels_per_class": 5, "train__conditional": True}
    params = study([], **few, evaluate__classifier_images=640)
    judging.run(params, layout.PREPARED, layout.JUDGE)
    told = measured(params, "gan-non_saturating-0")
    arms = ["error_labels", "error_varied", "error_samples", "error_logistic", "error_nearest"]
    assert all(0 <= told[arm] <= 1 for arm in arms)
    assert told["error_logistic"] < 0.5  # of 50 digits
    evaluate.run(params, layout.REAL, layout.METRICS / "real.json")
    compare.run(params, layout.REPORTS)
    text = (layout.REPORTS / "README.md").read_text(encoding="utf-8")
    assert "| few labels ↓ | varied ↓ | and samples ↓ | logistic ↓ | nearest ↓ |" in text


def test_images_go_through_every_stage(place: Path) -> None:
    params = study([*IMAGES, "semi_gan-features"], data__labels_per_class=5)
    judging.run(params, layout.PREPARED, layout.JUDGE)
    told = {key: measured(params, key) for key in ["gan-non_saturating-0", *KEYS]}
    evaluate.run(params, layout.REAL, layout.METRICS / "real.json")
    compare.run(params, layout.REPORTS)
    text = (layout.REPORTS / "README.md").read_text(encoding="utf-8")
    for key in KEYS:
        assert told[key]["fid"] > 0
        assert key.removesuffix("-0") in text
        assert (layout.RUNS / key / "grid.png").is_file()
    # Of few labels: how often the classes that it tells are not those of the test split.
    semi = KEYS[-1]
    given = read_named(layout.samples_of(semi))["label"]
    truth = load_split(layout.PREPARED, "test").labels[: len(given)]
    assert told[semi]["label_error"] == np.mean(given != truth)
    assert "label_error" not in told["gan-non_saturating-0"]
    assert read_json(layout.RUNS / semi / "model.json")["params"]["labels_per_class"] == 5
    for key in KEYS:
        assert {limits.SAMPLES, limits.NEIGHBOURS} <= read_run(key).arrays.keys()
    # Walks of what encodes begin at real images; an energy has no codes to walk between.
    assert read_run(KEYS[0]).encodes
    assert limits.WALKS in read_run(KEYS[0]).arrays
    assert limits.WALKS in read_run(KEYS[2]).arrays
    assert limits.WALKS in read_run(KEYS[1]).lacking


def test_an_energy_of_points_has_a_landscape(place: Path) -> None:
    params = study(["energy-contrastive"], data__name="ring", judge=None)
    key = "energy-contrastive-0"
    told = measured(params, key)
    assert told["modes"] == 8
    assert told["density_kl"] > 1  # of an energy that has learned nothing yet
    assert "density_kl" not in measured(params, "gan-non_saturating-0")
    found = read_run(key)
    assert limits.LANDSCAPE in found.arrays
    assert found.history["discriminator/diversity"].gt(0).all()
