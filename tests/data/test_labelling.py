"""Names to classes and splits: known layouts, and none taken for another."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganstudy.data.labelling import Labelling, UnsureLabelsError, label, read_dataset
from ganstudy.errors import InputError

BOTH_ANSWERS = r"data\.labels: folders .* data\.labels: none"


def dataset(labels: object) -> dict | None:
    return read_dataset(json.dumps({"labels": labels}).encode())


def by_class(found: Labelling) -> dict[str, list[str]]:
    return {name: [x for x in found.names if found.labels[x] == name] for name in found.classes}


# dataset.json

SHARDS = ["00000/img00000000.png", "00000/img00000001.png", "00001/img00000002.png"]


def test_classes_come_from_stylegan_s_file_never_from_its_folders() -> None:
    found = label(SHARDS, dataset([[SHARDS[0], 1], [SHARDS[1], 0], [SHARDS[2], 1]]), None)
    assert by_class(found) == {"0": [SHARDS[1]], "1": [SHARDS[0], SHARDS[2]]}


def test_ten_and_more_classes_are_in_the_order_of_numbers() -> None:
    names = [f"{index}.png" for index in range(12)]
    found = label(names, dataset([[name, int(name[:-4])] for name in names]), None)
    assert found.classes == tuple(map(str, range(12)))


def test_a_file_without_labels_says_that_there_are_none() -> None:
    assert label(SHARDS, dataset(None), None).classes == ()


def test_a_file_without_labels_beside_named_folders_leaves_a_doubt() -> None:
    with pytest.raises(UnsureLabelsError, match=BOTH_ANSWERS):
        label(["cat/1.png", "dog/1.png"], dataset(None), None)


def test_pictures_that_the_file_does_not_name_are_refused() -> None:
    with pytest.raises(InputError, match=r"labels 2 of 3 pictures, and '00001/img00000002.png'"):
        label(SHARDS, dataset([[name, 0] for name in SHARDS[:2]]), None)


def test_names_in_the_file_without_a_picture_are_counted() -> None:
    found = label(SHARDS[:1], dataset([[name, 0] for name in SHARDS]), None)
    assert any("2 pictures that are not there" in notice for notice in found.notices)


@pytest.mark.parametrize("value", [[0.5, 1.5], 1.5, True, -1, None, {}, ""])
def test_labels_that_are_no_classes_are_refused_with_what_helps(value: object) -> None:
    with pytest.raises(InputError, match=r"'a.png' is .* no class.*data\.labels: none"):
        dataset([["a.png", value]])


@pytest.mark.parametrize("labels", ["text", 5, [["a.png"]], [5], [[1, 2]], ["ab"]])
def test_what_only_looks_like_the_file_is_refused(labels: object) -> None:
    with pytest.raises(InputError, match=r"dataset\.json"):
        dataset(labels)


def test_one_picture_with_two_labels_is_refused() -> None:
    with pytest.raises(InputError, match=r"'a\.png' twice"):
        dataset([["a.png", 0], ["a.png", 1]])


def test_another_tool_s_dataset_json_is_passed_over() -> None:
    assert read_dataset(b'{"name": "my data"}') is None
    assert read_dataset(b"[1, 2]") is None


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_broken_json_is_one_line(content: bytes) -> None:
    with pytest.raises(InputError, match=r"dataset\.json is not valid JSON"):
        read_dataset(content)


def test_the_file_can_be_overruled() -> None:
    given_labels = dataset([[name, 0] for name in SHARDS])
    assert label(SHARDS, given_labels, "folders").classes == ("00000", "00001")
    assert label(SHARDS, given_labels, "none").classes == ()
    with pytest.raises(InputError, match=r"there is no dataset\.json"):
        label(SHARDS, None, "dataset.json")


# Numbered folders


@pytest.mark.parametrize(
    "folders",
    [
        ("00000", "00001"),
        ("0", "1", "2"),
        ("shard-0", "shard-1"),
        ("part_00000-of-00002", "part_00001-of-00002"),
        ("worker0", "worker1"),
        ("Batch 1", "Batch 2"),
        ("0a", "3f", "ff"),
        ("2019", "2020"),
    ],
)
def test_numbered_folders_are_asked_about(folders: tuple[str, ...]) -> None:
    names = [f"{folder}/{index}.png" for folder in folders for index in range(3)]
    with pytest.raises(UnsureLabelsError, match=BOTH_ANSWERS):
        label(names, None, None)
    assert label(names, None, "folders").classes == folders
    assert label(names, None, "none").classes == ()


@pytest.mark.parametrize(
    "folders",
    [
        ("class0", "class1"),
        ("cat", "dog"),
        ("0", "1", "other"),
        ("n01440764", "n01443537"),  # ImageNet's
        ("train", "truck"),
        ("ab", "cd"),
        ("a rather long class name 0001", "a rather long class name 0002"),
    ],
)
def test_names_are_classes_without_a_question(folders: tuple[str, ...]) -> None:
    found = label([f"{folder}/1.png" for folder in folders], None, None)
    assert by_class(found) == {folder: [f"{folder}/1.png"] for folder in folders}


# Splits


def test_split_folders_are_splits_and_no_classes() -> None:
    names = ["val/1.png", "train/1.png", "train/2.png", "test/1.png"]
    found = label(names, None, None)
    assert found.classes == ()
    assert found.splits == {
        "train": ("train/1.png", "train/2.png"),
        "validation": ("val/1.png",),
        "test": ("test/1.png",),
    }
    assert found.names == ("train/1.png", "train/2.png", "val/1.png", "test/1.png")


@pytest.mark.parametrize("source", [None, "folders"])
def test_classes_within_splits_are_read(source) -> None:
    names = ["train/cat/1.png", "train/dog/1.png", "Valid/cat/2.png"]
    found = label(names, None, source)
    assert found.classes == ("cat", "dog")
    assert found.labels["Valid/cat/2.png"] == "cat"
    assert set(found.splits) == {"train", "validation"}


def test_splits_and_the_labels_of_a_file_go_together() -> None:
    found = label(["train/1.png", "test/1.png"], dataset({"train/1.png": 4, "test/1.png": 4}), None)
    assert (found.classes, set(found.splits)) == (("4",), {"train", "test"})


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        (["test/1.png", "val/1.png"], "none to train on"),
        (["train/1.png", "val/1.png", "valid/1.png"], "'val' and 'valid' both name"),
        (["train/cat/1.png", "test/1.png"], r"'train/cat/1.png'.*'test/1.png'.*none"),
        (["train/cat/1.png", "test/dog/1.png"], "no training picture .* 'test/dog/1.png'"),
        (["train/cat/x/1.png", "test/cat/1.png"], "'train/cat/x/1.png' lies too deep"),
        (["train/0/1.png", "train/1/1.png"], BOTH_ANSWERS),
    ],
)
def test_splits_in_doubt_are_refused_with_what_to_do(names: list[str], complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        label(names, None, None)


@pytest.mark.parametrize(
    "folders",
    [
        ("testA", "testB", "trainA", "trainB"),  # two domains
        ("train2017", "val2017"),
        ("dev", "test", "train"),
        ("test", "train", "unlabeled"),
        ("test_images", "train_images"),
    ],
)
def test_folders_like_splits_are_asked_about(folders: tuple[str, ...]) -> None:
    names = [f"{folder}/1.png" for folder in folders]
    with pytest.raises(UnsureLabelsError, match=rf"like splits.*name them train.*{BOTH_ANSWERS}"):
        label(names, None, None)
    assert label(names, None, "folders").classes == folders
    assert label(names, None, "none").classes == ()


def test_who_says_folders_means_folders() -> None:
    assert label(["train/1.png", "plane/1.png"], None, "folders").classes == ("plane", "train")
    assert label(["train/1.png", "test/1.png"], None, "folders").classes == ("test", "train")


# Anything


part = st.sampled_from(
    [
        "a",
        "b",
        "cat",
        "0",
        "1",
        "00000",
        "train",
        "val",
        "test",
        "Test",
        "x\ny",
        "é",
        "ff",
        "\udcff",
    ]
)
paths = st.lists(part, min_size=1, max_size=4).map(lambda parts: "/".join([*parts, "1.png"]))


@settings(max_examples=300, deadline=None)
@given(
    names=st.sets(paths | st.just("1.png"), min_size=1, max_size=8),
    source=st.sampled_from([None, "folders", "none", "dataset.json"]),
    labels=st.none()
    | st.just({"labels": None})
    | st.dictionaries(paths, st.integers(0, 3) | st.just("cat")).map(lambda all_: {"labels": all_}),
)
def test_any_names_are_labelled_whole_or_refused_in_one_line(names, source, labels) -> None:
    try:
        found = label(sorted(names), labels, source)
    except InputError as error:
        refusal = str(error)
    else:
        refusal = ""
    if refusal:
        assert "\n" not in refusal
        return
    assert sorted(found.names) == sorted(names)  # nothing is lost, nothing twice
    assert list(found.classes) == sorted(set(found.classes)) or labels
    if found.classes:
        assert set(found.labels) == names
        assert set(found.labels.values()) == set(found.classes)
    if found.splits:
        assert [name for part in found.splits.values() for name in part] == list(found.names)
        assert found.splits["train"]
    if source == "none":
        assert not found.classes
    if source is None and not labels and found.classes and not found.splits:
        assert not all(re.fullmatch(r"\d+", name) for name in found.classes)
