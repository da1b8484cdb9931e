"""The judges that come with ganstudy: whole, small, and taken only for the data they belong to."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from evaluation.prepared import study, workspace
from ganstudy import judges
from ganstudy.errors import InputError
from ganstudy.evaluation.judging import INFO, WEIGHTS, JudgeInfo, load_judge
from ganstudy.files import read_json, write_bytes, write_json, write_npz
from ganstudy.params import Params
from ganstudy.stages import evaluate, judge
from ganstudy.study import layout

RELEASED = sorted(judges.FOLDER.glob("*.json"))
DIGITS = "digits-8x8x1"


def test_fashion_mnist_and_digits_have_one() -> None:
    assert {path.stem for path in RELEASED} >= {DIGITS, "fashion_mnist-28x28x1"}


@pytest.mark.parametrize("path", RELEASED, ids=lambda path: path.stem)
def test_each_is_whole_small_and_as_good_in_float16(path: Path, tmp_path: Path) -> None:
    content = json.loads(path.read_text())
    released = judges.find(content["info"]["data_sha256"])
    assert released is not None
    weights = released.read()
    assert len(weights) <= 1_000_000
    assert max(content["made"]["fid_moved_by_float16"].values()) < 0.001
    assert abs(content["info"]["accuracy"] - content["made"]["accuracy_float32"]) < 0.002
    write_bytes(tmp_path / WEIGHTS, weights)
    write_json(tmp_path / INFO, content["info"])
    extractor, info = load_judge(tmp_path, torch.device("cpu"))
    assert extractor.name == info.name == path.stem
    assert extractor.sha256 == content["sha256"]


def test_an_altered_file_is_refused_by_its_hash_and_what_to_do_is_said(tmp_path: Path) -> None:
    for suffix in (".json", ".safetensors"):
        shutil.copy(judges.FOLDER / f"{DIGITS}{suffix}", tmp_path)
    path = tmp_path / f"{DIGITS}.safetensors"
    altered = bytearray(path.read_bytes())
    altered[-1] ^= 1
    path.write_bytes(altered)
    found = judges.find(read_json(tmp_path / f"{DIGITS}.json")["info"]["data_sha256"], tmp_path)
    assert found is not None
    with pytest.raises(
        InputError, match=r"is not the released judge.*git checkout.*judge\.weights"
    ):
        found.read()


def released(params: Params) -> Params:
    assert params.judge is not None
    recipe = params.judge.model_copy(update={"weights": "released", "images": 640})
    return params.model_copy(update={"judge": recipe})


def test_the_stage_takes_it_and_measures_it_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with workspace(tmp_path, released(study("digits", 300))):
        info = JudgeInfo(**read_json(layout.JUDGE / INFO))
        assert info.name == DIGITS
        said = capsys.readouterr().err
        assert f"judge: {DIGITS}, released" in said
        assert "train judge" not in said
        extractor, _ = load_judge(layout.JUDGE, torch.device("cpu"))
        assert extractor.sha256 == read_json(judges.FOLDER / f"{DIGITS}.json")["sha256"]


def test_for_data_that_are_cut_otherwise_one_is_trained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    params = released(study("digits", 300))
    other = params.data.model_copy(update={"validation": 0.2})
    with workspace(tmp_path, params.model_copy(update={"data": other})):
        assert JudgeInfo(**read_json(layout.JUDGE / INFO)).name == "judge"
        assert "none is released for digits as it is cut here" in capsys.readouterr().err


def test_one_that_is_not_as_good_here_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with workspace(tmp_path, released(study("digits", 300))) as params:
        monkeypatch.setattr(judge, "accuracy", lambda *_: 0.5)
        with pytest.raises(judge.StudyError, match=r"50\.00% .* computes something else"):
            judge.run(params, layout.PREPARED, layout.JUDGE)


def test_one_measures_anybodys_images_where_there_is_no_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        write_npz(tmp_path / f"{name}.npz", rng.integers(0, 256, (80, 8, 8, 1)).astype(np.uint8))
    chosen = evaluate.settings(DIGITS, None)
    evaluate.run_files(chosen, Path("a.npz"), Path("b.npz"), Path("out.json"))
    found = read_json(Path("out.json"))
    assert found["judge"] == DIGITS
    assert found["judge_sha256"] == read_json(judges.FOLDER / f"{DIGITS}.json")["sha256"]
    assert found["fid"] > 0
    with pytest.raises(InputError, match=f"no study here.*--extractor {DIGITS}"):
        evaluate.settings(None, None)
