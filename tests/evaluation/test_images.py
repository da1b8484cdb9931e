"""What is measured of images, on 8×8 digits with a small judge trained here."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from evaluation.prepared import study, workspace
from ganstudy.data.images import Split, load_split
from ganstudy.errors import InputError
from ganstudy.evaluation import PROTOCOLS, MeasuringProtocol
from ganstudy.files import read_json, write_json
from ganstudy.params import Params
from ganstudy.study import layout

CPU = torch.device("cpu")
COUNT = 350
CLASSES = 10


@pytest.fixture(scope="module")
def chosen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Params]:
    params = study("digits", COUNT)
    brief = params.evaluate.model_copy(update={"classifier_images": 30_000})
    params = params.model_copy(update={"evaluate": brief})
    with workspace(tmp_path_factory.mktemp("digits"), params) as prepared:
        yield prepared


@pytest.fixture(scope="module")
def protocol(chosen: Params) -> MeasuringProtocol:
    return PROTOCOLS["images"](chosen, CPU)


@pytest.fixture(scope="module")
def real(chosen: Params) -> Split:
    train = load_split(layout.PREPARED, "train")
    return Split(train.images[:COUNT], train.labels[:COUNT])


def prototypes(real: Split) -> Split:
    """The first image of each class, again and again."""
    first = [int(np.flatnonzero(real.labels == c)[0]) for c in range(CLASSES)]
    rows = np.tile(first, COUNT // CLASSES)
    return Split(real.images[rows], real.labels[rows])


# By class


def test_a_class_drawn_without_variety_is_collapsed_and_not_dropped(protocol, real) -> None:
    fresh = protocol.measure(Split(real.images, None), None)
    same = protocol.measure(Split(prototypes(real).images, None), None)
    assert fresh["classes_captured"] == same["classes_captured"] == CLASSES
    assert fresh["classes_collapsed"] == 0
    assert same["classes_collapsed"] == CLASSES
    inside = [[v[f"class_coverage_{c:02d}"] for c in range(CLASSES)] for v in (fresh, same)]
    assert min(inside[0]) > 0.6
    assert max(inside[1]) < 0.5


def test_a_dropped_class_has_no_coverage_and_is_not_called_collapsed(protocol, real) -> None:
    kept = real.images[real.labels != 3]
    values = protocol.measure(Split(kept, None), None)
    assert values["classes_captured"] == CLASSES - 1
    assert values["classes_collapsed"] == 0
    assert values["class_coverage_03"] < 0.3


# Of conditional samples


@pytest.fixture(scope="module")
def asked(protocol, real) -> dict[str, dict[str, float]]:
    shuffled = np.random.default_rng(0).permutation(real.labels)
    sets = {
        "real": real,
        "shuffled": Split(real.images, shuffled),
        "prototypes": prototypes(real),
    }
    return {name: protocol.measure(split, None) for name, split in sets.items()}


def test_a_classifier_learns_from_real_images_and_not_from_false_labels(asked) -> None:
    assert asked["real"]["gan_train"] > 0.85
    assert asked["shuffled"]["gan_train"] < 0.3


def test_gan_train_sees_prototypes_that_gan_test_takes_for_perfect(asked) -> None:
    assert asked["prototypes"]["class_accuracy"] > 0.85
    assert asked["prototypes"]["gan_train"] < asked["real"]["gan_train"] - 0.15


def test_distances_inside_the_classes_see_false_labels_that_the_whole_does_not(asked) -> None:
    assert asked["shuffled"]["fid"] == asked["real"]["fid"]
    assert asked["shuffled"]["class_fid"] > 5 * asked["real"]["class_fid"]
    parts = [asked["real"][f"class_fid_{c:02d}"] for c in range(CLASSES)]
    assert asked["real"]["class_fid"] == pytest.approx(np.mean(parts))


def test_real_images_say_what_conditional_samples_could_reach(chosen: Params, protocol) -> None:
    assert "gan_train" not in protocol.measure_real()
    train = chosen.train.model_copy(update={"conditional": True})
    values = PROTOCOLS["images"](chosen.model_copy(update={"train": train}), CPU).measure_real()
    assert values["gan_train"] > 0.85
    assert values["class_accuracy"] > 0.85


@pytest.mark.parametrize("label", [-1, 10])
def test_labels_that_are_no_class_are_left_out_and_said(
    protocol, real: Split, capsys, label: int
) -> None:
    labels = real.labels.copy()
    labels[7] = label
    values = protocol.measure(Split(real.images, labels), None)
    assert "class_accuracy" not in values
    assert values["classes_captured"] == CLASSES
    values = protocol.measure(Split(real.images, None), Split(real.images[::-1].copy(), labels))
    assert "classes_captured" not in values
    told = [line for line in capsys.readouterr().err.splitlines() if "labels of the" in line]
    assert [line.split()[4] for line in told] == ["samples", "reference"]
    assert all("no classes of the data, 0 … 9" in line for line in told)


# While training goes on


def test_training_is_followed_on_the_validation_split_and_not_on_the_test_split(
    chosen: Params, real: Split
) -> None:
    protocol = PROTOCOLS["images"](chosen, CPU)
    test = layout.PREPARED / "test.npz"
    away = test.rename(test.with_suffix(".away"))
    try:
        good = protocol.snapshot_metrics(Split(real.images, None))
    finally:
        away.rename(test)
    noise = np.random.default_rng(0).integers(0, 17, real.images.shape).astype(np.uint8)
    bad = protocol.snapshot_metrics(Split(noise, None))
    held = len(load_split(layout.PREPARED, "validation").images)
    assert set(good) == {"fid", "precision", "recall", "coverage", "samples"}
    assert good["samples"] == min(held, len(real.images))
    assert bad["fid"] > 20 * good["fid"]
    assert good["coverage"] > 0.8
    assert bad["coverage"] < 0.1


def test_images_sorted_by_class_are_followed_like_shuffled_ones(protocol, real: Split) -> None:
    order = np.argsort(real.labels, kind="stable")
    shuffled = np.random.default_rng(0).permutation(len(order))
    ways = [protocol.snapshot_metrics(Split(real.images[rows], None)) for rows in (order, shuffled)]
    # More are given than there are validation images: of each way some of every class are taken.
    assert ways[0]["samples"] < len(order)
    assert ways[0]["fid"] < 2 * ways[1]["fid"]


def test_what_followed_training_is_kept_for_the_report(
    chosen: Params, protocol, real: Split
) -> None:
    samples = Split(real.images[1:], None)
    values = protocol.snapshot_metrics(samples)
    folder = layout.state("growth", "any").parent
    kept = max(folder.glob("*/values.json"), key=lambda path: path.stat().st_mtime_ns)
    write_json(kept, values | {"fid": -1.0})
    assert protocol.snapshot_metrics(samples)["fid"] == -1
    # What another choice would change is not taken from there.
    more = {"neighbours": chosen.evaluate.neighbours + 1}
    other = chosen.model_copy(update={"evaluate": chosen.evaluate.model_copy(update=more)})
    assert PROTOCOLS["images"](other, CPU).snapshot_metrics(samples)["fid"] == values["fid"]
    assert protocol.snapshot_metrics(Split(samples.images[1:], None))["fid"] > 0


def test_a_few_samples_follow_nothing(protocol, real: Split) -> None:
    assert protocol.snapshot_metrics(Split(real.images[:3], None)) == {}


# The floor


def test_the_floor_is_of_real_images_alone_and_measured_once(protocol, real: Split) -> None:
    def floor(split: Split) -> tuple[float, float]:
        values = protocol.measure(split, None)
        return values["fid_floor"], values["fid_floor_std"]

    found = floor(Split(real.images, None))
    assert 0 < found[1] < found[0]
    assert floor(Split(prototypes(real).images, None)) == found
    assert protocol.measure_real()["fid_floor"] == found[0]
    folder = layout.state("floor", "any").parent
    (kept,) = [
        path for path in folder.glob("*/values.json") if read_json(path)["fid_floor"] == found[0]
    ]
    values = read_json(kept)
    write_json(kept, values | {"fid_floor": -1.0})
    try:
        assert floor(Split(real.images, None)) == (-1, found[1])
        assert floor(Split(real.images[1:], None))[0] > 0  # of another number of images
    finally:
        write_json(kept, values)


def test_a_sampler_of_real_images_is_at_nothing_and_one_of_prototypes_is_not(
    protocol, real: Split
) -> None:
    good, bad = (
        protocol.measure(Split(split.images, None), None) for split in (real, prototypes(real))
    )
    assert good["fid_relative_low"] < 0.02  # training digits, of other writers than the test's
    assert bad["fid_relative_low"] > 0.02
    assert bad["fid_low"] < bad["fid_debiased"] < bad["fid_high"]


# Neighbours, judges


def test_a_training_image_is_its_own_nearest_and_a_fresh_one_is_not(protocol, real) -> None:
    copies = protocol.nearest(real.images[:5], 3)
    assert copies.indices[:, 0].tolist() == [0, 1, 2, 3, 4]
    assert copies.distances[:, 0].max() == 0
    fresh = protocol.nearest(load_split(layout.PREPARED, "test").images[:5], 3)
    assert fresh.indices.shape == (5, 3)
    assert fresh.distances[:, 0].min() > 0


def test_a_judge_of_other_data_measures_nothing(chosen: Params, real: Split) -> None:
    path: Path = layout.JUDGE / "judge.json"
    info = read_json(path)
    write_json(path, info | {"data": "kmnist", "data_sha256": "0" * 64})
    try:
        with pytest.raises(InputError, match=r"other data \(kmnist\).*dvc repro judge"):
            PROTOCOLS["images"](chosen, CPU).measure(real, None)
        # Two sets of images need no prepared data: the judge's features serve for both.
        unlabelled = Split(real.images, None)
        alone = PROTOCOLS["images"](chosen, CPU).measure(unlabelled, unlabelled)
    finally:
        write_json(path, info)
    assert alone["fid"] == pytest.approx(0, abs=1e-6)
