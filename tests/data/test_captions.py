"""Captions: of coloured clothes, some combinations held out, and of a user's folder."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganstudy.data import captioned_fashion, captions, styles
from ganstudy.data.captioned_fashion import CLASSES, COLOURS, COMBINATIONS, TOKENS, held_out
from ganstudy.data.images import Split
from ganstudy.data.words import text_of
from ganstudy.dataset import Dataset
from ganstudy.errors import InputError
from ganstudy.params import DataParams
from ganstudy.spaces import Image as ImageSpace
from ganstudy.spaces import Label, Tokens


def clothes(split: str, count: int = 800) -> Dataset:
    grey = np.full((count, 28, 28, 1), 200, np.uint8)
    labels = np.arange(count) // 2 % len(CLASSES)
    params = DataParams.model_construct(name="fashion_captions", resolution=None, channels=None)
    described = captioned_fashion.spaces(params)
    return captioned_fashion.captioned(Split(grey, labels), described, split)


def combinations(data: Dataset) -> set[tuple[int, ...]]:
    rows = np.stack([data.fields[name] for name in ("clothing", "colour", "size")], 1)
    return set(map(tuple, rows.tolist()))


def test_a_fifth_of_combinations_is_never_learnt_from_and_half_of_the_test() -> None:
    held = set(map(tuple, COMBINATIONS[held_out()].tolist()))
    assert len(held) == 32
    train, test = clothes("train", 4000), clothes("test", 4000)
    assert not combinations(train) & held
    assert len(combinations(train)) == 128
    assert not train.fields["held"].any()
    out = test.fields["held"] == 1
    assert out.mean() == 0.5
    for side, expected in ((out, held), (~out, combinations(train))):
        rows = {name: test.fields[name][side] for name in ("clothing", "colour", "size")}
        assert set(zip(*(r.tolist() for r in rows.values()), strict=True)) == expected
    words = {word for row in train.fields["text"] for word in row}
    assert words == set(range(1, len(TOKENS.vocabulary) + 1))  # every word is learnt


def test_a_caption_says_what_its_picture_is() -> None:
    data = clothes("validation")
    for row in range(40):
        text = text_of(data.fields["text"][row], TOKENS.vocabulary).split()
        image = data.fields["x"][row].astype(float)
        brightest = image[14, 14]
        wanted = np.array(COLOURS[text[2]]) * 200 / 255
        assert np.abs(brightest - wanted).max() <= 1
        lit = (image.max(2) > 0).sum()
        assert lit == {"small": 14 * 14, "large": 28 * 28}[text[1]]
        assert CLASSES[data.fields["clothing"][row]] == text[3]


def test_the_same_captions_every_time() -> None:
    one, two = clothes("train"), clothes("train")
    assert all(np.array_equal(one.fields[name], two.fields[name]) for name in one.fields)


def folder(path: Path, rows: list[tuple[str, str]], kind: str = "csv", draw: bool = True) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    if draw:
        for index, name in enumerate(dict.fromkeys(name for name, _ in rows)):
            Image.new("RGB", (9, 9), (10 + index, 0, 0)).save(path / name)
    if kind == "csv":
        with (path / "metadata.csv").open("w", newline="") as stream:
            csv.writer(stream).writerows([("file_name", "text"), *rows])
    else:
        lines = [json.dumps({"file_name": name, "text": text}) for name, text in rows]
        (path / "metadata.jsonl").write_text("\n".join(lines))
    return path


def chosen(path: Path, **changes) -> DataParams:
    values = DataParams(name="folder", folder=str(path), resolution=8).model_dump()
    return DataParams.model_construct(**values | changes)


ROWS = [(f"{index}.png", f"a {word} thing") for index, word in enumerate(["red", "blue"] * 10)]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_folder_with_metadata_is_split_and_its_words_are_those_of_training(
    tmp_path: Path, kind: str
) -> None:
    params = chosen(folder(tmp_path / "data", [*ROWS, ("odd.png", "a zebra thing")], kind))
    splits = captions.read(params)
    assert {name: len(part.fields["x"]) for name, part in splits.items()} == {
        "train": 15,
        "validation": 2,
        "test": 4,
    }
    space = splits["train"].spaces["text"]
    assert captions.spaces(params) == splits["train"].spaces
    learnt = {text_of(row, space.vocabulary) for row in splits["train"].fields["text"]}
    assert {word for text in learnt for word in text.split()} == set(space.vocabulary)
    pixels = [image.tobytes() for part in splits.values() for image in part.fields["x"]]
    assert len(set(pixels)) == 21  # each once


def test_equal_pictures_stand_on_one_side(tmp_path: Path) -> None:
    root = folder(tmp_path / "data", ROWS)
    for index in range(20):
        (root / f"copy{index}.png").write_bytes((root / f"{index}.png").read_bytes())
    folder(root, [*ROWS, *((f"copy{i}.png", "a copy thing") for i in range(20))], draw=False)
    splits = captions.read(chosen(root))
    sides = [{image.tobytes() for image in part.fields["x"]} for part in splits.values()]
    assert sum(map(len, sides)) == len(set.union(*sides)) == 20


def test_folders_of_splits_are_the_splits(tmp_path: Path) -> None:
    for name, rows in (("train", ROWS), ("test", ROWS[:3])):
        folder(tmp_path / "data" / name, rows)
    splits = captions.read(chosen(tmp_path / "data"))
    assert [len(splits[name].fields["x"]) for name in ("train", "validation", "test")] == [18, 2, 3]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([*ROWS, ("missing.png", "a thing")], r"row 22: there is no file 'missing\.png'"),
        ([*ROWS, ("../1.png", "a thing")], r"row 22: there is no file '\.\./1\.png'"),
        ([("0.png", "a"), ("1.png", "")], r"row 3: the text '' has no word"),
        ([("0.png", "bag " * 20_000)], "has 80,000 characters"),
        ([("0.png", "bag " * 100_000)], "cannot be read: field larger than field limit"),
        ([], "has no row"),
    ],
)
def test_wrong_metadata_is_one_line_that_names_the_row(
    tmp_path: Path, rows: list[tuple[str, str]], told: str
) -> None:
    root = folder(tmp_path / "data", ROWS)
    folder(root, rows, draw=False)
    with pytest.raises(InputError, match=told):
        captions.read(chosen(root))


def test_without_metadata_columns_or_encoding_it_says_so(tmp_path: Path) -> None:
    root = folder(tmp_path / "data", ROWS)
    (root / "metadata.csv").unlink()
    with pytest.raises(InputError, match=r"has no metadata\.csv or metadata\.jsonl"):
        captions.read(chosen(root))
    (root / "metadata.csv").write_text("file,caption\n0.png,a thing\n")
    with pytest.raises(InputError, match="row 2: file_name and text are needed"):
        captions.read(chosen(root))
    (root / "metadata.csv").write_bytes(b"file_name,text\n0.png,\xff\n")
    with pytest.raises(InputError, match="is not UTF-8"):
        captions.read(chosen(root))
    (root / "metadata.csv").unlink()
    (root / "metadata.jsonl").write_text('{"file_name": ')
    with pytest.raises(InputError, match=r"metadata\.jsonl cannot be read"):
        captions.read(chosen(root))


def test_a_picture_that_cannot_be_read_is_refused_or_skipped(tmp_path: Path) -> None:
    root = folder(tmp_path / "data", ROWS)
    (root / "3.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"cannot use '3\.png'.*data\.broken: skip"):
        captions.read(chosen(root))
    splits = captions.read(chosen(root, broken="skip"))
    assert sum(len(part.fields["x"]) for part in splits.values()) == 19


def test_rows_are_told_by_their_texts_and_whether_they_are_held_out() -> None:
    spaces = {"x": ImageSpace(3, 1, 1), "text": Tokens(2, ("blue", "red", "two")), "held": Label(2)}
    fields = {
        "x": np.zeros((3, 1, 1, 3), np.uint8),
        "text": np.array([[2, 3], [1, 3], [2, 0]]),
        "held": np.array([0, 1, 0]),
    }
    data = Dataset(fields, spaces, (tuple(fields),))
    assert styles.texts(data, 2) == ["red two", "blue two (held out)"]
    assert styles.texts(data.only({"x", "text"}), 3) == ["red two", "blue two", "red"]
    assert styles.texts(data.only({"x"}), 3) == []
