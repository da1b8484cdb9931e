"""Data of named fields through every stage, by a source, a model and a protocol of the test's own:
it is this file alone."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
import yaml
from PIL import Image as Picture
from torch import Tensor, nn

from ganstudy import evaluation, models
from ganstudy.claims import read as read_claims
from ganstudy.data import fielded
from ganstudy.data.fielded import FieldedSource
from ganstudy.data.fields import load_dataset
from ganstudy.dataset import Array, Dataset
from ganstudy.errors import InputError, StudyError
from ganstudy.evidence import limits
from ganstudy.evidence.read import read_run
from ganstudy.files import Images, read_json, read_named, write_json
from ganstudy.keys import RunKey
from ganstudy.models.base import Given, Networks, Rng, Specs, adam, initial_weights
from ganstudy.models.parts import TRAIN
from ganstudy.networks import NetworkSpec
from ganstudy.networks import specs as rows
from ganstudy.params import DataParams, OptimizerParams, Params, Section, load, parse_recipe
from ganstudy.seeding import numpy_generator
from ganstudy.spaces import Image, Space
from ganstudy.stages import (
    compare,
    evaluate,
    fetch,
    numerics,
    prepare,
    redraw,
    sample,
    train,
    translate,
)
from ganstudy.study import layout
from ganstudy.training.player import Batch, Player, Terms
from training.tiny import ADAM

SIDE = 8
SPACES = {"source": Image(1, SIDE, SIDE), "target": Image(1, SIDE, SIDE)}
KEY = "negative-l2-0"
CLAIM = {
    "id": "negative/learnt",
    "what": "mean distance of pixels, in levels",
    "family": "negative-l2",
    "metric": "distance",
    "aim": "<= 60",
    "baseline": {"what": "the input copied", "metric": "copy/distance"},
}


def pairs(_params: DataParams) -> Mapping[str, Dataset]:
    """Grey images and their negatives."""

    def split(name: str, count: int) -> Dataset:
        levels = numpy_generator(0, f"levels of {name}").integers(0, 256, (count, 1, 1, 1))
        source = np.broadcast_to(levels, (count, SIDE, SIDE, 1)).astype(np.uint8)
        return Dataset({"source": source, "target": 255 - source}, SPACES, (("source", "target"),))

    return {
        "train": split("train", 64),
        "validation": split("validation", 8),
        "test": split("test", 12),
    }


class OptimizerOnly(Section):
    optimizer: OptimizerParams


class Negative:
    """One convolution of one pixel learns the negative by its squared error."""

    averaged: ClassVar[frozenset[str]] = frozenset({"translator"})
    network, train = frozenset(), TRAIN
    state: Mapping[str, nn.Module] = {}

    @classmethod
    def recipe(cls, params: Params, loss: str) -> OptimizerOnly:
        return parse_recipe(OptimizerOnly, params, f"negative-{loss}")

    @classmethod
    def unfit(cls, spaces: Mapping[str, Space]) -> str | None:
        return None if {"source", "target"} <= spaces.keys() else "it learns pairs"

    @classmethod
    def make(cls, params: Params, loss: str, spaces: Mapping[str, Space], seed: int) -> "Negative":
        return cls(cls.recipe(params, loss).optimizer, spaces, seed)

    def __init__(self, optimizer: OptimizerParams, spaces: Mapping[str, Space], seed: int) -> None:
        self._optimizer = optimizer
        spec = NetworkSpec("pixel", {"source": spaces["source"]}, spaces["target"], 1)
        with initial_weights(seed, "translator"):
            self.translator = spec.build()
        self.specs, self.networks = {"translator": spec}, {"translator": self.translator}

    def players(self) -> Sequence[Player]:
        return [Player("translator", self.translator, self._error, adam(self._optimizer))]

    def _error(self, batch: Batch) -> Terms:
        return {"loss": (self.translator(batch["source"]) - batch["target"]).square().mean()}

    @staticmethod
    def inputs(specs: Specs) -> Mapping[str, Space]:
        return specs["translator"].inputs

    @staticmethod
    def outputs(specs: Specs) -> Mapping[str, Space]:
        return {"target": specs["translator"].output}

    @staticmethod
    def sample(networks: Networks, given: Given, rng: Rng) -> Mapping[str, Tensor]:
        return {"target": networks["translator"](given["source"])}


class Distance:
    """The mean distance of pixels."""

    def __init__(self, params: Params, device: torch.device) -> None:
        pass

    def measure(self, outputs: Mapping[str, Array], test: Dataset) -> dict[str, float]:
        return {"distance": distance(outputs["target"], test.fields["target"])}

    def measure_real(self) -> dict[str, float]:
        test = load_dataset(layout.PREPARED, "test").fields
        return {"copy/distance": distance(test["source"], test["target"])}

    def shown(self, outputs: Mapping[str, Array], test: Dataset) -> Mapping[str, Images]:
        return {
            "input": test.fields["source"],
            "output": outputs["target"],
            "truth": test.fields["target"],
        }


def distance(x: Array, y: Array) -> float:
    return float(np.abs(x.astype(float) - y).mean())


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Params:
    """The rows of this file in their tables, and a folder with params.yaml and claims.yaml."""
    monkeypatch.setitem(fielded.FIELDED, "pairs", FieldedSource(lambda _: SPACES, pairs, "Own."))
    monkeypatch.setitem(models.MODELS, "negative", Negative)
    monkeypatch.setitem(evaluation.FIELD_PROTOCOLS, "pairs", Distance)
    monkeypatch.setitem(rows.ARCHITECTURES, "pixel", lambda spec: nn.Conv2d(1, 1, 1))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    (tmp_path / ".dvc").mkdir()
    train_section = {"model": "negative", "loss": "l2", "images": 6400, "batch": 16, "ema": 0.9}
    train_section |= {"lr_decay": 0.5, "conditional": False, "snapshots": 2}
    content = {
        "data": {"name": "pairs", "folder": "unread", "resolution": SIDE},
        "network": {"name": "mlp", "latent": 2, "generator_width": 4, "discriminator_width": 4},
        "train": train_section,
        "losses": {},
        "models": {"negative-l2": {"optimizer": ADAM | {"learning_rate": 0.05}}},
        "sample": {"count": 100, "seed": 0},
        "evaluate": {},
        "study": {"losses": ["l2"], "seeds": [0, 1]},
        "runtime": {"device": "cpu", "threads": 1},
    }
    layout.PARAMS.write_text(yaml.safe_dump(content), encoding="utf-8")
    layout.CLAIMS.write_text(yaml.safe_dump([CLAIM]), encoding="utf-8")
    return load()


def test_fields_go_through_every_stage(study: Params) -> None:
    fetch.run(study, layout.RAW)
    prepare.run(study, layout.RAW, layout.PREPARED)
    numerics.run(study, layout.NUMERICS)
    for key in study.run_keys():
        train.run(study, RunKey.parse(key), layout.RUNS / key)
        out = layout.RUNS / key / "samples.npz"
        sample.run(key, study.sample.count, 0, out, study.runtime)
        evaluate.run(study, key, layout.METRICS / f"{key}.json")
    evaluate.run(study, layout.REAL, layout.METRICS / "real.json")
    compare.run(study, layout.REPORTS)

    test = load_dataset(layout.PREPARED, "test")
    made = read_named(layout.RUNS / KEY / "samples.npz")["arr_0"]
    assert len(made) == len(test.fields["target"])  # not sample.count: as many as there are inputs
    assert (
        distance(made, test.fields["target"])
        < 60
        < distance(test.fields["source"], test.fields["target"])
    )
    metrics = read_json(layout.METRICS / f"{KEY}.json")
    assert metrics["distance"] == distance(made, test.fields["target"])
    (claim,) = read_claims(layout.REPORTS / "claims.json")
    assert claim.holds
    assert claim.seeds == (0, 1)
    assert claim.baseline.value == distance(test.fields["source"], test.fields["target"])
    kept = read_run(KEY).pictures
    assert np.array_equal(kept[limits.COLUMNS]["output"], made)
    assert kept[limits.COURSE][limits.MADE].shape == (2, 8, SIDE, SIDE, 1)
    assert kept[limits.COURSE].keys() == {"source", "target", limits.MADE}
    page = (layout.REPORTS / "README.md").read_text(encoding="utf-8")
    assert "negative/learnt" in page
    assert "Own." in page  # the licence, beside the figure

    # a user's images, under their names
    for name, level in {"dark.png": 10, "sub/bright.png": 240}.items():
        path = Path("own") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Picture.fromarray(np.full((SIDE, SIDE), level, np.uint8)).save(path)
    translate.of_folder(study, KEY, "own", Path("turned"), 0)
    for name, level in {"dark.png": 245, "sub/bright.png": 15}.items():
        turned = np.asarray(Picture.open(Path("turned") / name))
        assert np.abs(turned.astype(int) - level).max() < 20
    with pytest.raises(InputError, match="none"):
        translate.of_folder(study, KEY, "none", Path("turned"), 0)

    redraw.check(study, layout.REPORTS)
    path = layout.METRICS / f"{KEY}.json"
    write_json(path, metrics | {"distance": 250.0})
    with pytest.raises(StudyError, match="is not what its evidence draws"):
        redraw.check(study, layout.REPORTS)
