"""The protocol of captions: real pictures obey their captions, shuffled ones do not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from evaluation.prepared import JUDGE
from ganstudy.data import captioned_fashion
from ganstudy.data.fields import write_datasets
from ganstudy.data.images import Split
from ganstudy.dataset import Dataset
from ganstudy.evaluation.captions import CaptionProtocol
from ganstudy.params import DataParams
from ganstudy.study import layout
from training.tiny import params

COUNTS = {"train": 1200, "validation": 20, "test": 320}


def barred(labels: np.ndarray) -> np.ndarray:
    """Grey clothes (N, 28, 28) that are easily told: a bar whose place is the class."""
    grey = np.zeros((len(labels), 28, 28), np.uint8)
    for image, label in zip(grey, labels, strict=True):
        image[4:24, 2 + 2 * label : 6 + 2 * label] = 220
    return grey


def bars(split: str) -> Dataset:
    """Such clothes in colours and sizes, with captions."""
    labels = np.arange(COUNTS[split]) // 2 % 10
    grey = barred(labels)[..., None]
    described = captioned_fashion.spaces(DataParams(name="fashion_captions"))
    return captioned_fashion.captioned(Split(grey, labels), described, split)


@pytest.fixture(scope="module")
def splits() -> dict[str, Dataset]:
    return {name: bars(name) for name in COUNTS}


def protocol(splits: dict[str, Dataset], **changes) -> CaptionProtocol:
    write_datasets(layout.PREPARED, splits)
    chosen = params(data={"name": "fashion_captions"}, judge={**JUDGE, **changes})
    return CaptionProtocol(chosen, torch.device("cpu"))


def test_obeyed_captions_score_and_shuffled_ones_are_chance(
    splits: dict[str, Dataset], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    subject, test = protocol(splits, images=3_000), splits["test"]
    images = test.fields["x"]
    obeyed = subject.measure({"x": images, "first": np.roll(images, 3, 1)}, test)
    for name in ("colour", "clothing", "caption_of_10"):
        assert obeyed[name] > 0.8, name
        assert obeyed[f"{name}_held"] > 0.8, name
    assert obeyed["fid"] < 1e-6 < obeyed["fid_first"]

    real = subject.measure_real()
    assert real["colour"] == obeyed["colour"]
    for name, chance in {"colour": 1 / 8, "clothing": 1 / 10, "caption_of_10": 1 / 10}.items():
        assert abs(real[f"shuffled_{name}"] - chance) < 0.08, name
    blind = subject.measure({"x": np.roll(images, 7, 0)}, test)
    assert blind["fid"] < 1e-6  # which alone says nothing of captions
    assert blind["caption_of_10"] < 0.3

    shown = subject.shown({"x": images[:5], "first": images[:5]}, test)
    assert list(shown) == ["first stage", "output", "real"]
    assert {column.shape for column in shown.values()} == {(5, 28, 28, 3)}


def test_classes_are_told_where_colours_go_with_them_in_training_and_not_in_the_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a colour never has a class, a classifier that sees colours denies that class there."""
    monkeypatch.chdir(tmp_path)

    def split(name: str, shift: int) -> Dataset:
        made = bars(name)
        labels = made.fields["clothing"]
        colour, size = (labels + shift) % 8, np.ones_like(labels)
        images = captioned_fashion.coloured(barred(labels), colour, size)
        fields = {"x": images, "colour": colour}
        return replace(made, fields={**made.fields, **fields, "size": size})

    shifts = {"train": 0, "validation": 0, "test": 3}
    splits = {name: split(name, shift) for name, shift in shifts.items()}
    subject, test = protocol(splits, images=3_000), splits["test"]
    assert subject.measure({"x": test.fields["x"]}, test)["clothing"] > 0.9


def test_without_labels_captions_are_still_told_and_the_rest_is_left_out(
    splits: dict[str, Dataset], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    bare = {name: part.only(("x", "text")) for name, part in splits.items()}
    subject, test = protocol(bare), bare["test"]
    values = subject.measure({"x": test.fields["x"]}, test)
    assert values["caption_of_10"] > 0.8
    assert not {"colour", "clothing", "fid", "caption_of_10_held"} & values.keys()
    assert {"left_out_colour", "left_out_clothing", "left_out_fid"} <= values.keys()
