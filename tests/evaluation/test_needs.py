"""What the data lack for a metric costs that metric alone; samples from elsewhere are measured
alike whether they come as a folder or as an npz."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from evaluation.prepared import JUDGE, workspace
from ganstudy.data.images import Split, load_split
from ganstudy.errors import InputError
from ganstudy.evaluation import PROTOCOLS, MeasuringProtocol
from ganstudy.evaluation.shared import Metric, measured
from ganstudy.files import write_npz
from ganstudy.params import Params
from ganstudy.study import layout
from training.tiny import params

SIZES = {"cat": 90, "dog": 90, "owl": 1}
CLASSWISE = ("classes_captured", "class_tv", "class_share_00", "classes_collapsed")


def drawn(name: str, count: int, seed: int) -> np.ndarray:
    """Grey images uint8 (count, 8, 8, 1), of another brightness for each class."""
    low = 60 * list(SIZES).index(name)
    rng = np.random.default_rng((seed, low))
    return rng.integers(low, low + 100, (count, 8, 8, 1)).astype(np.uint8)


def save(folder: Path, images: np.ndarray) -> None:
    folder.mkdir(parents=True)
    for index, image in enumerate(images):
        Image.fromarray(image.squeeze()).save(folder / f"{index:03d}.png")


@pytest.fixture(scope="module")
def chosen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Params]:
    """A study of pictures of two classes, and of a third that has one picture."""
    folder = tmp_path_factory.mktemp("needs")
    for name, count in SIZES.items():
        save(folder / "pictures" / name, drawn(name, count, seed=0))
    whole = params(
        data={"name": "folder", "folder": str(folder / "pictures"), "resolution": 8},
        judge=JUDGE | {"images": 1280},
        evaluate__neighbours=5,
        evaluate__classifier_images=500,
        runtime={"device": "cpu", "threads": 1},
    )
    with workspace(folder, whole) as prepared:
        yield prepared


@pytest.fixture(scope="module")
def protocol(chosen: Params) -> MeasuringProtocol:
    return PROTOCOLS["images"](chosen, torch.device("cpu"))


@pytest.fixture
def fresh() -> Split:
    """60 images that are in no split, with the classes that they are of."""
    images = np.concatenate([drawn(name, 30, seed=1) for name in ("cat", "dog")])
    return Split(images, np.repeat(np.arange(2), 30))


def lines(capsys: pytest.CaptureFixture[str], word: str) -> list[str]:
    """What was said, of the lines with that word."""
    return [line for line in capsys.readouterr().err.splitlines() if word in line]


# Rows


def test_a_row_that_lacks_something_or_refuses_its_data_costs_no_other(capsys) -> None:
    def refuses() -> dict[str, float]:
        raise ValueError("x must be finite")

    def never() -> dict[str, float]:
        raise AssertionError("it has not what it needs")

    rows = [
        Metric("a", lambda: {"a": 1}),
        Metric("b", refuses),
        Metric("c, d", never, "two classes are empty"),
        Metric("e", never, "two classes are empty"),
        Metric("f", lambda: {"f": 2}),
    ]
    assert measured(rows) == {
        "a": 1,
        "f": 2,
        "left_out_b": "x must be finite",
        "left_out_c": "two classes are empty",
        "left_out_e": "two classes are empty",
    }
    assert lines(capsys, "left out") == [
        "evaluate: left out b: x must be finite",
        "evaluate: left out c, d, e: two classes are empty",
    ]


@pytest.mark.parametrize("error", [TypeError, KeyError, RuntimeError, InputError])
def test_an_error_that_is_no_refusal_of_data_surfaces(error: type[Exception]) -> None:
    def broken() -> dict[str, float]:
        raise error("a bug")

    with pytest.raises(error):
        measured([Metric("a", broken)])


# What data lack


def test_a_class_without_held_out_images_costs_what_needs_them(protocol, fresh, capsys) -> None:
    values = protocol.measure(fresh, None)
    assert not any(name in values for name in CLASSWISE)
    assert {"class_accuracy", "gan_train", "mem1", "fid_train"} <= values.keys()
    assert "class_fid" not in values
    told = lines(capsys, "left out")
    assert len(told) == len(set(told)) == 3  # by what is lacking
    assert all("('owl')" in line for line in told)
    assert any("classes_captured" in line and "validation image" in line for line in told)
    assert any("class_fid: " in line and "2 samples" in line for line in told)
    # What is not of classes is what it is without them.
    bare = protocol.measure(Split(fresh.images, None), None)
    assert bare == {name: values[name] for name in bare}


def test_flat_reference_images_cost_sharpness_alone(protocol, fresh: Split, capsys) -> None:
    flat = np.broadcast_to(np.arange(60, dtype=np.uint8)[:, None, None, None], (60, 8, 8, 1))
    values = protocol.measure(Split(fresh.images, None), Split(flat.copy(), None))
    assert "sharpness_ratio" not in values
    assert {"fid", "kid", "coverage", "inception_score"} <= values.keys()
    assert lines(capsys, "left out") == [
        "evaluate: left out sharpness_ratio: real images must have edges; the median of their "
        "sharpness is 0"
    ]


def test_fewer_images_than_neighbours_cost_what_counts_neighbours(protocol, fresh, capsys) -> None:
    few = Split(fresh.images[::12], None)
    values = protocol.measure(few, None)
    assert values["samples"] == 5
    assert "precision" not in values
    assert {"fid", "fid_floor", "kid", "sharpness_ratio", "mem1"} <= values.keys()
    told = lines(capsys, "left out")
    (near,) = [line for line in told if "precision" in line]
    assert "precision, recall, density, coverage: 5 neighbours" in near
    assert "need 6 images" in near


def test_fewer_images_than_tell_the_bias_of_fid_leave_fid_itself(protocol, fresh, capsys) -> None:
    values = protocol.measure(Split(fresh.images[:5], None), None)
    assert not any(name.startswith(("fid_debiased", "fid_low", "fid_relative")) for name in values)
    assert {"fid", "fid_floor", "fid_floor_std", "fid_train"} <= values.keys()
    (told,) = lines(capsys, "left out fid_debiased, fid_low, fid_high")
    assert "at least 34 samples, 2 (d + 1) of d = 16 features" in told


def test_fewer_images_than_a_distance_needs_are_refused(protocol, fresh: Split) -> None:
    with pytest.raises(InputError, match=r"3 samples against .*: at least 4 of each"):
        protocol.measure(Split(fresh.images[:3], None), None)


# Samples from elsewhere


def written(folder: Path, split: Split, names: tuple[str, ...] = ("cat", "dog")) -> Path:
    """The images as a folder, a sub-folder a class."""
    for label, name in enumerate(names):
        save(folder / name, split.images[split.labels == label])
    return folder


def colour(split: Split) -> Split:
    return Split(split.images.repeat(3, axis=3), split.labels)


def test_a_folder_and_an_npz_of_one_content_are_measured_alike(protocol, fresh, tmp_path) -> None:
    write_npz(tmp_path / "x.npz", fresh.images, fresh.labels)
    folder = written(tmp_path / "x", fresh)
    found = [protocol.measure(protocol.read(p), None) for p in (tmp_path / "x.npz", folder)]
    assert found[0] == found[1]
    assert "class_accuracy" in found[0]


@pytest.mark.parametrize("kind", ["npz", "folder"])
def test_colour_samples_are_brought_to_a_grey_judge(
    protocol, fresh, tmp_path, capsys, kind
) -> None:
    shades = np.random.default_rng(2).integers(0, 256, (60, 8, 8, 3)).astype(np.uint8)
    if kind == "npz":
        path = tmp_path / "x.npz"
        write_npz(path, shades, fresh.labels)
    else:
        path = written(tmp_path / "x", Split(shades, fresh.labels))
    values = protocol.measure(protocol.read(path), None)
    told = lines(capsys, "brought")
    assert told == ["evaluate: the samples are brought from 3 channels to grey (ITU-R 601 luma)"]
    luma = shades @ np.array([0.299, 0.587, 0.114])
    rounded = protocol.measure(Split(luma.round().astype(np.uint8)[..., None], fresh.labels), None)
    assert values["fid"] == pytest.approx(rounded["fid"], rel=0.02)


def test_grey_that_was_saved_as_colour_is_the_same_grey(protocol, fresh: Split) -> None:
    here = protocol.measure(fresh, None)
    assert protocol.measure(colour(fresh), None) == here
    assert protocol.measure(colour(fresh), colour(load_test())) == protocol.measure(
        fresh, load_test()
    )


def load_test() -> Split:
    return load_split(layout.PREPARED, "test")


@pytest.mark.parametrize("kind", ["npz", "folder"])
def test_labels_that_are_no_classes_of_the_data_are_left_out(
    protocol, fresh: Split, tmp_path: Path, capsys, kind: str
) -> None:
    if kind == "npz":
        path = tmp_path / "x.npz"
        write_npz(path, fresh.images, fresh.labels + 7)
    else:
        path = written(tmp_path / "x", fresh, ("worker-a", "worker-b"))
    values = protocol.measure(protocol.read(path), None)
    (told,) = lines(capsys, "labels")
    assert "left out" in told
    assert ("7 … 8" if kind == "npz" else "'worker-a', 'worker-b'") in told
    assert values == protocol.measure(Split(fresh.images, None), None)


def test_samples_of_another_size_are_refused(protocol, fresh: Split) -> None:
    with pytest.raises(InputError, match=r"4×8.*8×8"):
        protocol.measure(Split(fresh.images[:, :4].copy(), None), None)


def test_samples_that_are_in_the_reference_are_counted(protocol, fresh: Split, capsys) -> None:
    test = load_test()
    mixed = Split(np.concatenate([fresh.images, test.images[:7]]), None)
    for reference in (None, test):
        protocol.measure(mixed, reference)  # more than are measured: all are looked at
        (told,) = lines(capsys, "copies")
        assert told.startswith("evaluate: 7 of 67 samples are exact copies")
    few = Split(mixed.images[-10:], None)
    protocol.measure(few, Split(np.concatenate([fresh.images, test.images]), None))
    (told,) = lines(capsys, "copies")
    assert told.startswith("evaluate: 10 of 10 samples")
    protocol.measure(Split(fresh.images, None), None)
    assert not lines(capsys, "copies")


def test_too_few_validation_images_follow_nothing_and_say_so_once(
    chosen: Params, fresh: Split, capsys
) -> None:
    more = chosen.evaluate.model_copy(update={"neighbours": 100})
    protocol = PROTOCOLS["images"](
        chosen.model_copy(update={"evaluate": more}), torch.device("cpu")
    )
    assert [protocol.snapshot_metrics(Split(fresh.images, None)) for _ in range(2)] == [{}, {}]
    assert len(lines(capsys, "too few to follow training by: 101 needed")) == 1
