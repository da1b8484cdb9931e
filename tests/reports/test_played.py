"""The page of games over points: what of evidence it has at which moment."""

import base64
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ganstudy import params
from ganstudy.reports import played
from ganstudy.reports.assembled import assemble
from ganstudy.reports.study import Study
from pipeline.workspace import ROOT

KEY = "gan-r3gan-0"


@pytest.fixture(scope="module")
def ring() -> Study:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT / "studies/modes/ring")
        return assemble(params.load())


def games(study: Study, folder: Path) -> dict[tuple[str, str], dict]:
    played.write(study, folder)
    text = (folder / "index.html").read_text(encoding="utf-8")
    found = [json.loads(one) for one in re.findall(r'class="a-game">(.*?)</script>', text)]
    return {(game["name"], game["seed"]): game for game in found}


def unpacked(array: dict) -> np.ndarray:
    steps = np.frombuffer(base64.b64decode(array["data"]), "<u2").reshape(array["shape"])
    return array["low"] + array["step"] * steps


def test_every_run_is_there_with_its_metrics_and_the_first_seed_with_its_points(
    ring: Study, tmp_path: Path
) -> None:
    found = games(ring, tmp_path)
    assert len(found) == len(ring.runs)
    assert {seed for (_, seed), game in found.items() if game["arrays"]} == {"0"}
    game = found["r3gan", "0"]
    captured = [moment["modes_captured_strict"] for moment in ring.growth[KEY]]
    assert game["series"]["modes captured (strict)"] == captured
    assert game["moments"][-1] == ring.params.train.images
    (points,) = unpacked(game["arrays"]["points"])
    assert np.abs(points - ring.samples[KEY][: len(points)]).max() < 0.01


def test_snapshots_of_points_move_where_evidence_has_them(ring: Study, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    moving = rng.normal(size=(10, 50, 2)).astype(np.float16)
    moving[3, 0] = np.nan, np.inf  # of a game that diverged
    found = games(replace(ring, snapshots={KEY: moving}), tmp_path)
    points = unpacked(found["r3gan", "0"]["arrays"]["points"])
    assert points.shape == moving.shape
    assert np.abs(points[5] - moving[5]).max() < 0.01
    assert np.abs(points[3, 0]).min() > ring.farthest


def test_a_run_without_moments_has_its_last_one(ring: Study, tmp_path: Path) -> None:
    found = games(replace(ring, growth={}), tmp_path)["r3gan", "0"]
    run = next(run for run in ring.runs if run.key == KEY)
    assert found["moments"] == [ring.params.train.images]
    assert found["series"]["modes captured (strict)"] == [run.metrics["modes_captured_strict"]]


def test_equal_evidence_gives_equal_bytes(ring: Study, tmp_path: Path) -> None:
    for name in ("a", "b"):
        played.write(ring, tmp_path / name)
    one, other = ((tmp_path / name / "index.html").read_bytes() for name in ("a", "b"))
    assert one == other
    kept = ROOT / "studies/modes/ring/reports/index.html"
    assert one == kept.read_bytes()
