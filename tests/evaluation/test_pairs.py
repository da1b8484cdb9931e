"""Pairs: a perfect model, one that copies and one that says the mean, beside the baselines."""

from pathlib import Path

import numpy as np
import pytest

from ganstudy.data.fields import write_datasets
from ganstudy.data.pairs import pairs
from ganstudy.data.pixels import box_averaged
from ganstudy.dataset import Dataset
from ganstudy.evaluation.pairs import PairProtocol, bicubic
from ganstudy.study import layout
from ganstudy.study.runs import LEFT_OUT
from training.tiny import CPU, params


def coloured(count: int, seed: int) -> Dataset:
    """Grey squares, and the same in red: their saturation is their brightness."""
    rng = np.random.default_rng(seed)
    source = rng.integers(0, 256, (count, 4, 4, 1)).repeat(4, 1).repeat(4, 2).astype(np.uint8)
    target = np.concatenate([source, np.zeros_like(source), np.zeros_like(source)], 3)
    return pairs(source, target)


@pytest.fixture
def protocol(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PairProtocol:
    monkeypatch.chdir(tmp_path)
    splits = {"train": coloured(30, 0), "validation": coloured(4, 1), "test": coloured(12, 2)}
    write_datasets(layout.PREPARED, splits)
    return PairProtocol(params(), CPU)


def test_a_perfect_model_has_no_error_and_the_saturation_of_the_truth(
    protocol: PairProtocol,
) -> None:
    test = coloured(12, 2)
    values = protocol.measure({"target": test.fields["target"][:10]}, test)
    assert (values["l1"], values["psnr"], values["samples"]) == (0, 100, 10)
    assert values["ssim"] == pytest.approx(1)
    assert values["saturation"] == values["saturation_real"] > 0.4
    assert "no judge" in values[f"{LEFT_OUT}fid"]
    assert values[f"{LEFT_OUT}input_psnr"] == "smaller inputs"


def test_a_model_that_copies_or_says_the_mean_scores_what_the_baseline_does(
    protocol: PairProtocol,
) -> None:
    test, real = coloured(12, 2), protocol.measure_real()
    copied = protocol.measure({"target": test.fields["source"].repeat(3, 3)}, test)
    assert copied["l1"] == real["copy/l1"]
    assert copied["saturation"] == 0
    train = coloured(30, 0).fields["target"]
    mean = np.broadcast_to(train.mean(0).round().astype(np.uint8), test.fields["target"].shape)
    assert protocol.measure({"target": mean}, test)["l1"] == real["mean/l1"] != real["copy/l1"]


def test_small_inputs_are_enlarged_and_outputs_must_be_able_to_give_them() -> None:
    large = coloured(12, 2).fields["target"]
    test = pairs(box_averaged(large, 2), large)
    protocol = PairProtocol(params(), CPU)
    values = protocol.measure({"target": large}, test)
    assert values["input_psnr"] == 100
    enlarged = bicubic(test.fields["source"], large)
    assert protocol.measure({"target": enlarged}, test)["input_psnr"] < 60
    assert list(protocol.shown({"target": large}, test)) == ["input", "bicubic", "output", "truth"]
