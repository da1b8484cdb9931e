"""A user's own pairs and domains through every stage, and a picture of theirs translated."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from data.test_domains import side
from data.test_pairs import folder
from ganstudy.data.fields import load_dataset
from ganstudy.evidence import limits
from ganstudy.evidence.read import read_run
from ganstudy.files import read_json, read_named
from ganstudy.keys import RunKey
from ganstudy.params import Params, load
from ganstudy.stages import compare, evaluate, fetch, numerics, prepare, sample, train, translate
from ganstudy.study import layout
from training.tiny import ADAM

UNET = {"network": "unet", "width": 2, "norm": "instance"}
GAME = {"generator": ADAM, "discriminator": ADAM}


def study(root: Path, name: str, model: str, recipe: dict[str, Any], **baselines: Any) -> Params:
    """A project of one model on the folder `mine`, with `baselines` beside it."""
    content = {
        "data": {"name": name, "folder": str(root / "mine"), "resolution": 8},
        "network": {"name": "mlp", "latent": 2, "generator_width": 4, "discriminator_width": 4},
        "train": {"model": model, "loss": "lsgan", "images": 16, "batch": 4, "ema": 0.9}
        | {"lr_decay": 0.5, "conditional": False, "snapshots": 2},
        "losses": {"lsgan": GAME},
        "models": {model: {"translator": UNET, **recipe}, **baselines},
        "sample": {"count": 100, "seed": 0},
        "evaluate": {},
        "study": {"losses": ["lsgan"], "baselines": list(baselines), "seeds": [0]},
        "runtime": {"device": "cpu", "threads": 1},
    }
    (root / ".dvc").mkdir()
    layout.PARAMS.write_text(yaml.safe_dump(content), encoding="utf-8")
    return load()


def run_all(params: Params) -> None:
    """Every stage as the pipeline runs them."""
    fetch.run(params, layout.RAW)
    prepare.run(params, layout.RAW, layout.PREPARED)
    numerics.run(params, layout.NUMERICS)
    for key in params.run_keys():
        train.run(params, RunKey.parse(key), layout.RUNS / key)
        out = layout.RUNS / key / "samples.npz"
        sample.run(key, params.sample.count, 0, out, params.runtime)
        evaluate.run(params, key, layout.METRICS / f"{key}.json")
    evaluate.run(params, layout.REAL, layout.METRICS / "real.json")
    compare.run(params, layout.REPORTS)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    return tmp_path


def test_pairs_are_learnt_measured_and_shown(root: Path) -> None:
    folder(root / "mine", 20)
    distance = {"translator": UNET, "optimizer": ADAM}
    params = study(root, "pairs", "pix2pix", {"l1": 100.0}, **{"regression-l1": distance})
    run_all(params)
    test = load_dataset(layout.PREPARED, "test")
    for key in params.run_keys():
        made = read_named(layout.RUNS / key / "samples.npz")["arr_0"]
        assert made.shape == test.fields["target"].shape
        metrics = read_json(layout.METRICS / f"{key}.json")
        error = np.abs(made.astype(float) - test.fields["target"]).mean() / 255
        assert metrics["l1"] == pytest.approx(error)
    assert "copy/l1" in read_json(layout.METRICS / "real.json")
    shown = read_run(params.run_keys()[0]).pictures[limits.COLUMNS]
    assert list(shown) == ["input", "output", "truth"]


def test_domains_are_learnt_and_a_users_picture_goes_either_way(root: Path) -> None:
    side(root / "mine/a", 12)
    side(root / "mine/b", 14, 100)
    params = study(root, "domains", "cyclegan", {"identity": 0.0, "pool": 4})
    run_all(params)
    key = params.run_keys()[0]
    metrics = read_json(layout.METRICS / f"{key}.json")
    assert {"a_cycle/l1", "b_rounded/l1", "a_noisy/l1"} <= metrics.keys()
    Path("own").mkdir()
    Image.new("L", (8, 8), 30).save("own/one.png")
    for given, main in (("a=own", "a_to_b"), ("b=own", "b_to_a")):
        translate.of_folder(params, key, given, Path(main), 0)
        assert Image.open(Path(main) / main / "one.png").size == (8, 8)
