"""Stacked digits through their protocol: a thousand modes of real stacks, one of a collapsed G."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from evaluation.prepared import study, workspace
from ganstudy.data.images import Split, load_split
from ganstudy.data.stacked import CHANNELS
from ganstudy.errors import InputError
from ganstudy.evaluation import PROTOCOLS, MeasuringProtocol
from ganstudy.files import read_json, write_npz
from ganstudy.metrics import mode_kl_floor
from ganstudy.study import layout

COUNT = 26_000


@pytest.fixture(scope="module")
def protocol(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MeasuringProtocol]:
    """The protocol of prepared stacked digits, with a judge trained in seconds."""
    chosen = study("stacked_digits", COUNT)
    with workspace(tmp_path_factory.mktemp("stacked"), chosen) as chosen:
        yield PROTOCOLS["stacked"](chosen, torch.device("cpu"))


@pytest.fixture(scope="module")
def held_out(protocol: MeasuringProtocol) -> Split:
    """Real stacks that the judge has not seen."""
    return load_split(layout.PREPARED, "test")


@pytest.fixture(scope="module")
def real(protocol: MeasuringProtocol, held_out: Split) -> dict:
    """What real test stacks score."""
    return protocol.measure(held_out, None)


def test_the_judge_looks_at_one_channel_and_is_good(protocol: MeasuringProtocol) -> None:
    info = read_json(layout.JUDGE / "judge.json")
    assert (info["channels"], info["classes"], info["task"]) == (1, 10, "labels")
    assert info["accuracy"] > 0.93


def test_real_stacks_capture_all_modes_with_a_kl_near_its_floor(real: dict) -> None:
    assert real["modes"] == real["modes_captured"] == 1000
    floor = mode_kl_floor(COUNT, np.full(1000, 1 / 1000))
    assert real["mode_kl_floor"] == pytest.approx(floor, rel=0.05)
    # the judge's errors, and digits of the test split that come in other shares, add to it
    assert 0.8 * floor < real["mode_kl"] < floor + 0.06
    assert real["samples"] == real["reference"] == COUNT


def test_real_stacks_have_no_distance_from_themselves(real: dict) -> None:
    assert real["fid"] == pytest.approx(0, abs=1e-6)
    assert real["fid_floor"] > real["fid"] + 1e-3
    assert 0 < real["fid_floor_std"] < real["fid_floor"]
    # Digits of training and of the test split are other digits: more apart than two random halves.
    assert real["fid_train"] > real["fid_floor"]


def test_a_sampler_of_one_stack_captures_one_mode(protocol, held_out: Split) -> None:
    one = Split(held_out.images[:1].repeat(3000, axis=0), None)
    found = protocol.measure(one, None)
    assert found["modes_captured"] == 1
    assert found["mode_kl"] == pytest.approx(np.log(1000), abs=0.5)  # of unequal class shares
    assert found["samples"] == 3000
    assert found["fid"] > 1
    assert found["fid_relative"] > 0.5  # of a constant image at the mean: this one is elsewhere


def test_a_sampler_that_knows_one_class_in_each_channel_captures_one(protocol, held_out) -> None:
    rows = np.flatnonzero(held_out.labels == 777)
    found = protocol.snapshot_metrics(Split(held_out.images[np.resize(rows, 500)], None))
    assert found["modes_captured"] <= 8  # but for the judge's errors
    assert found["mode_kl"] > 5


def test_a_sampler_of_equal_channels_captures_ten(protocol, held_out: Split) -> None:
    grey = Split(held_out.images[:5000, ..., :1].repeat(CHANNELS, axis=3), None)
    found = protocol.snapshot_metrics(grey)
    assert found["modes_captured"] == 10
    assert found["mode_kl"] == pytest.approx(np.log(100), abs=0.2)


def test_turning_the_channels_round_changes_the_modes_and_not_their_number(
    protocol: MeasuringProtocol, held_out: Split
) -> None:
    few = held_out.images[:4000]
    one = protocol.snapshot_metrics(Split(few, None))
    other = protocol.snapshot_metrics(Split(few[..., ::-1], None))
    assert abs(one["modes_captured"] - other["modes_captured"]) <= 5
    halves = protocol.snapshot_metrics(Split(np.where(np.arange(3) < 2, few, few[:1]), None))
    assert halves["modes_captured"] <= 100  # the last channel is one image


def test_real_training_stacks_stand_for_the_floor(protocol: MeasuringProtocol, real: dict) -> None:
    found = protocol.measure_real()
    assert found["modes_captured"] == 1000
    assert found["fid"] == pytest.approx(real["fid_train"], rel=1e-6)
    assert found["fid_floor"] == real["fid_floor"]
    assert found["fid_floor_std"] == real["fid_floor_std"]
    assert "fid_train" not in found


def test_growth_is_of_modes_alone(protocol: MeasuringProtocol, held_out: Split) -> None:
    found = protocol.snapshot_metrics(Split(held_out.images[:5000], None))
    assert set(found) == {"modes", "modes_captured", "mode_kl", "mode_kl_floor", "samples"}
    assert found["modes_captured"] > 950  # of 1000 with 5 samples each, e^-5 are missed
    assert found["mode_kl"] < found["mode_kl_floor"] + 0.06


def test_stacks_are_read_back_as_written(protocol, held_out: Split, tmp_path: Path) -> None:
    write_npz(tmp_path / "samples.npz", held_out.images[:20])
    assert np.array_equal(protocol.read(tmp_path / "samples.npz").images, held_out.images[:20])
    with pytest.raises(InputError, match="stacked images are an"):
        protocol.read(tmp_path)


def test_grey_images_are_no_stacks(protocol: MeasuringProtocol, held_out: Split) -> None:
    with pytest.raises(InputError, match=r"stacked images are \(N, H, W, 3\)"):
        protocol.snapshot_metrics(Split(held_out.images[:20, ..., :1], None))


def test_stacks_of_another_size_are_refused(protocol: MeasuringProtocol) -> None:
    with pytest.raises(InputError, match="8×8"):
        protocol.snapshot_metrics(Split(np.zeros((20, 16, 16, 3), np.uint8), None))
