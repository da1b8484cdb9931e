"""Splits: nothing lost, nothing in two places, the same every time, fair to classes."""

import json
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganstudy import files
from ganstudy.data.images import SPLITS, Split, load_info, load_split
from ganstudy.data.sources import fetch
from ganstudy.data.splits import prepare, split
from ganstudy.errors import InputError
from ganstudy.params import DataParams


def distinct(count: int) -> np.ndarray:
    """That many different images of 2×2 pixels."""
    return np.arange(count, dtype=">u4").view(np.uint8).reshape(count, 2, 2, 1)


@settings(deadline=None, max_examples=60)
@given(
    labels=st.lists(st.integers(0, 4), min_size=12, max_size=120),
    copies=st.lists(st.integers(0, 200), max_size=60),
    share=st.floats(0.05, 0.9),
)
def test_a_split_has_every_row_once_and_no_image_on_both_sides(labels, copies, share) -> None:
    images = distinct(len(labels))
    for target in copies:
        images[target % len(images)] = images[target // 7 % len(images)]
    try:
        kept, held = split(images, np.array(labels), share, "test")
    except InputError:
        return
    assert sorted([*kept, *held]) == list(range(len(images)))
    assert len(kept) > 0
    assert len(held) > 0
    sides = [{image.tobytes() for image in images[rows]} for rows in (kept, held)]
    assert not sides[0] & sides[1]
    # Classes too small for their share give one image, all copies of it: no more than that is over.
    least = sum(min(members.values()) for members in classes_of(images, labels).values())
    assert len(held) <= share * len(images) + 0.5 + least


def classes_of(images: np.ndarray, labels: list[int]) -> dict[int, Counter[bytes]]:
    """By class, how often each different image is there; copies belong to the first one's class."""
    first: dict[bytes, int] = {}
    classes: dict[int, Counter[bytes]] = defaultdict(Counter)
    for image, label in zip(images, labels, strict=True):
        key = image.tobytes()
        classes[first.setdefault(key, label)][key] += 1
    return classes


@settings(deadline=None, max_examples=80)
@given(
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=8),
    copies=st.lists(st.integers(0, 200), max_size=60),
    test=st.floats(0.02, 0.6),
    validation=st.floats(0.02, 0.6),
)
def test_a_class_of_three_different_images_is_in_every_split(sizes, copies, test, validation):
    sizes = [*sizes, 40]  # without one class of three there would be no test split by this rule
    labels = np.repeat(np.arange(len(sizes)), sizes)
    images = distinct(len(labels))
    for target in copies:
        images[target % (len(images) - 3)] = images[target // 7 % (len(images) - 3)]
    rest, tested = split(images, labels, test, "test")
    trained, held = split(images[rest], labels[rest], validation, "validation")
    sides = [
        {image.tobytes() for image in images[rows]} for rows in (rest[trained], rest[held], tested)
    ]
    for members in classes_of(images, labels.tolist()).values():
        there = [bool(side & members.keys()) for side in sides]
        assert there[0]
        assert there[1] or len(members) < 2
        assert there[2] or len(members) < 3


def test_classes_of_two_images_still_make_three_splits() -> None:
    labels = np.repeat(np.arange(20), 2)
    images = distinct(40)
    rest, tested = split(images, labels, 0.2, "test")
    trained, held = split(images[rest], labels[rest], 0.1, "validation")
    assert len(tested) == 8
    assert len(held) > 0
    assert set(labels[rest[trained]]) == set(range(20))


def test_the_share_is_met_and_each_class_gives_its_part() -> None:
    labels = np.repeat([0, 1, 2], [1000, 100, 10])
    kept, held = split(distinct(len(labels)), labels, 0.2, "test")
    assert np.bincount(labels[held]).tolist() == [200, 20, 2]
    assert len(kept) == 888


def test_remainders_are_shared_out_so_that_the_total_holds() -> None:
    labels = np.repeat(np.arange(10), 14)  # .1 of 14 is 1.4: ten classes give 10 to 20, 14 in all
    _, held = split(distinct(140), labels, 0.1, "test")
    assert len(held) == 14
    assert set(np.bincount(labels[held])) == {1, 2}


def test_no_class_is_held_out_entirely() -> None:
    labels = np.array([0] * 20 + [1, 2, 3])
    kept, _ = split(distinct(23), labels, 0.9, "test")
    assert set(labels[kept]) == {0, 1, 2, 3}


def test_a_split_repeats_and_depends_on_its_purpose_and_is_no_prefix() -> None:
    images = distinct(200)
    first, again = split(images, None, 0.2, "test"), split(images, None, 0.2, "test")
    other = split(images, None, 0.2, "validation")
    assert first[1].tolist() == again[1].tolist()
    assert first[1].tolist() != other[1].tolist()
    assert 60 < first[1].mean() < 140  # spread over all rows


def test_copies_stay_together_when_half_the_data_is_copies() -> None:
    images = np.concatenate([distinct(50), distinct(50)])
    labels = np.concatenate([np.zeros(50, int), np.ones(50, int)])  # and the labels disagree
    kept, held = split(images, labels, 0.2, "test")
    assert len(held) == 20
    assert not set(kept % 50) & set(held % 50)


@pytest.mark.parametrize(("count", "share", "needed"), [(2, 0.2, 3), (4, 0.1, 5), (1, 0.5, 2)])
def test_too_few_images_say_how_many_are_needed(count: int, share: float, needed: int) -> None:
    with pytest.raises(InputError, match=f"{count} images are too few.*at least {needed} "):
        split(distinct(count), None, share, "test")
    assert len(split(distinct(needed), None, share, "test")[1]) == 1


def test_identical_images_cannot_be_split() -> None:
    with pytest.raises(InputError, match="two different ones"):
        split(np.zeros((50, 2, 2, 1), np.uint8), None, 0.2, "test")


# From raw to prepared


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("digits") / "raw"
    fetch(DataParams(name="digits"), folder)
    return folder


def splits(folder: Path) -> list[Split]:
    """Training, validation and test split of prepared data."""
    return [load_split(folder, name) for name in SPLITS]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_preparing_twice_gives_the_same_bytes(raw: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        prepare(raw, DataParams(name="digits"), tmp_path / name)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert set(contents(tmp_path / "a")) == {
        "train.npz",
        "validation.npz",
        "test.npz",
        "data.json",
    }


def test_prepared_splits_are_the_raw_images_once_each_with_their_labels(
    raw: Path, tmp_path: Path
) -> None:
    prepare(raw, DataParams(name="digits"), tmp_path)
    images, labels = files.read_images(raw / "train.npz")
    before = sorted(
        (image.tobytes(), int(label)) for image, label in zip(images, labels, strict=True)
    )
    parts = splits(tmp_path)
    after = sorted(
        (image.tobytes(), int(label)) for part in parts for image, label in zip(*part, strict=True)
    )
    assert before == after
    info = load_info(tmp_path)
    assert (info.train, info.validation, info.test) == tuple(len(part.images) for part in parts)
    assert info.test == round(1797 * 0.2)
    assert info.validation == round((1797 - info.test) * 0.1)
    assert (info.kind, info.shape, info.scale) == ("images", (8, 8, 1), 1.0)
    assert info.classes == tuple("0123456789")
    assert info.sha256_test == files.sha256_arrays(*parts[2])
    for part in parts:  # stratified: every digit has its tenth, give or take
        shares = np.bincount(part.labels, minlength=10) / len(part.labels)
        assert abs(shares - 0.1).max() < 0.01


def test_data_json_is_flat_but_for_lists(raw: Path, tmp_path: Path) -> None:
    prepare(raw, DataParams(name="digits"), tmp_path)
    content = json.loads((tmp_path / "data.json").read_text())
    assert not any(isinstance(value, dict) for value in content.values())
    assert content["shape"] == [8, 8, 1]


def test_size_and_channels_follow_the_parameters(raw: Path, tmp_path: Path) -> None:
    prepare(raw, DataParams(name="digits", resolution=16, channels=3), tmp_path)
    images, labels = load_split(tmp_path, "train")
    assert images.shape[1:] == (16, 16, 3)
    assert (images[..., 0] == images[..., 2]).all()
    assert labels.shape == (len(images),)
    original = files.read_images(raw / "train.npz")[0]
    assert abs(images.mean() - original.mean()) < 3  # enlarged, not changed


def write_raw(folder: Path, images: np.ndarray, labels: np.ndarray | None, classes) -> None:
    arrays = [images] if labels is None else [images, labels]
    files.write_npz(folder / "train.npz", *arrays)
    info = {
        "name": "digits",
        "classes": classes,
        "test": None,
        "sha256_train": files.sha256_arrays(*arrays),
        "sha256_test": None,
    }
    files.write_json(folder / "source.json", info)


def test_colour_becomes_grey_by_luma(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (40, 4, 4, 3), np.uint8)
    write_raw(tmp_path / "raw", images, None, None)
    prepare(tmp_path / "raw", DataParams(name="digits", channels=1), tmp_path / "out")
    parts, info = splits(tmp_path / "out"), load_info(tmp_path / "out")
    luma = np.sort((images @ [0.299, 0.587, 0.114]).ravel())
    grey = np.sort(np.concatenate([part.images for part in parts]).ravel())
    assert info.shape == (4, 4, 1)
    assert abs(grey - luma).max() <= 0.51
    assert parts[0].labels is None
    assert info.classes is None


def test_images_made_equal_by_reduction_do_not_leak(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    originals = rng.integers(0, 256, (30, 8, 8, 1), np.uint8)
    twins = originals.copy()
    twins[:, 0, 0, 0] ^= 1  # gone after reduction, mostly
    write_raw(tmp_path / "raw", np.concatenate([originals, twins]), None, None)
    prepare(tmp_path / "raw", DataParams(name="digits", resolution=4), tmp_path / "out")
    seen = [{image.tobytes() for image in part.images} for part in splits(tmp_path / "out")]
    assert sum(len(images) for images in seen) < 60  # some did become equal
    assert not seen[0] & seen[1]
    assert not seen[0] & seen[2]
    assert not seen[1] & seen[2]


def test_thin_classes_are_named_in_one_line(tmp_path: Path, capsys) -> None:
    labels = np.array([0] * 30 + [1] * 30 + [2, 3, 3])
    write_raw(tmp_path / "raw", distinct(63), labels, ["cat", "dog", "eel", "a\nfox"])
    prepare(tmp_path / "raw", DataParams(name="digits"), tmp_path / "out")
    said = [line for line in capsys.readouterr().err.splitlines() if "thin" in line]
    assert len(said) == 1
    assert "no validation image of eel;" in said[0]
    assert r"no test image of eel, 'a\nfox'" in said[0]
    assert "cat" not in said[0]


def test_classes_that_every_split_has_are_not_called_thin(raw: Path, tmp_path: Path, capsys):
    prepare(raw, DataParams(name="digits"), tmp_path)
    assert "thin" not in capsys.readouterr().err


def test_labels_must_have_a_class(tmp_path: Path) -> None:
    write_raw(tmp_path / "raw", distinct(40), np.full(40, 3), ["a", "b"])
    with pytest.raises(InputError, match=r"labels 3\.\.3, of 2 classes"):
        prepare(tmp_path / "raw", DataParams(name="digits"), tmp_path / "out")


def test_raw_data_that_is_missing_or_another_s_is_refused(raw: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"source.json is missing: run `dvc repro fetch`"):
        prepare(tmp_path, DataParams(name="digits"), tmp_path / "out")
    with pytest.raises(InputError, match="'digits', not 'mnist'"):
        prepare(raw, DataParams(name="mnist"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


# Reading what was prepared


@pytest.fixture
def prepared(raw: Path, tmp_path: Path) -> Path:
    prepare(raw, DataParams(name="digits"), tmp_path / "prepared")
    return tmp_path / "prepared"


def test_missing_files_tell_what_to_run(prepared: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"data.json is missing: run `dvc repro prepare`"):
        load_info(tmp_path / "nothing")
    (prepared / "test.npz").unlink()
    with pytest.raises(InputError, match=r"test.npz is missing: run `dvc repro prepare`"):
        load_split(prepared, "test")


def test_a_split_of_another_run_is_noticed(prepared: Path) -> None:
    (prepared / "test.npz").write_bytes((prepared / "train.npz").read_bytes())
    with pytest.raises(InputError, match=r"test.npz is not the file"):
        load_split(prepared, "test")


def test_an_unknown_split_gets_the_nearest_name(prepared: Path) -> None:
    with pytest.raises(InputError, match="did you mean 'validation'"):
        load_split(prepared, "validate")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"train": "many"}, "train"),
        ({"extra": 1}, "extra"),
        ({"shape": 8}, "shape"),
        ({"shape": [8, 8]}, "shape"),
        ({"shape": [8, "wide", 1]}, "shape"),
        ({"kind": "pictures"}, "kind"),
    ],
)
def test_a_malformed_data_json_names_the_key(prepared: Path, change, complaint: str) -> None:
    content = files.read_json(prepared / "data.json")
    files.write_json(prepared / "data.json", content | change)
    with pytest.raises(InputError, match=rf"data.json: {complaint}"):
        load_info(prepared)
    files.write_text(prepared / "data.json", "[]")
    with pytest.raises(InputError, match=r"data.json: content"):
        load_info(prepared)
