"""A user's folder of two domains: what is read, and what is refused."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from data.test_pairs import picture, save
from ganstudy.data.domains import read_user_domains
from ganstudy.errors import InputError
from ganstudy.params import DataParams
from ganstudy.training.batches import Batches


def side(root: Path, count: int, start: int = 0, mode: str = "L") -> None:
    for index in range(count):
        save(root / f"{index}.png", picture(start + index, mode=mode))


def read(root: Path, **changes):
    return read_user_domains(
        DataParams.model_validate(
            {"name": "domains", "folder": str(root), "resolution": 8} | changes
        )
    )


def values(data, name: str) -> list[int]:
    return sorted(data.fields[name][:, 0, 0, 0].tolist())


def test_sides_differ_in_number_and_channels_and_are_split_apart(tmp_path: Path) -> None:
    side(tmp_path / "a", 10)
    side(tmp_path / "b", 20, 100, "RGB")
    splits = read(tmp_path)
    assert sorted(v for d in splits.values() for v in values(d, "a")) == list(range(10))
    assert sorted(v for d in splits.values() for v in values(d, "b")) == list(range(100, 120))
    assert (len(splits["test"].fields["a"]), len(splits["test"].fields["b"])) == (2, 4)
    assert [splits["train"].spaces[name].channels for name in "ab"] == [1, 3]
    assert splits["train"].groups == (("a",), ("b",))


def test_the_layout_of_cyclegan_is_read_with_its_splits(tmp_path: Path) -> None:
    for name, count, start in (("trainA", 6, 0), ("trainB", 7, 50), ("testA", 2, 100)):
        side(tmp_path / name, count, start)
    side(tmp_path / "testB", 3, 200)
    splits = read(tmp_path)
    assert values(splits["test"], "a") == [100, 101]
    assert values(splits["test"], "b") == [200, 201, 202]
    rest = [v for name in ("train", "validation") for v in values(splits[name], "b")]
    assert sorted(rest) == list(range(50, 57))


def test_sub_folders_are_classes_of_both_sides_or_of_a_alone(tmp_path: Path) -> None:
    for name, start in (("cat", 0), ("dog", 20)):
        side(tmp_path / "a" / name, 10, start)
        side(tmp_path / "b" / name, 10, 100 + start)
    for data in read(tmp_path).values():
        assert data.groups == (("a", "label_a"), ("b", "label_b"))
        for name, start in (("a", 0), ("b", 100)):
            dogs = data.fields[name][:, 0, 0, 0] >= start + 20
            assert (data.fields[f"label_{name}"] == dogs).all()
    assert read(tmp_path, labels="none")["train"].groups == (("a",), ("b",))
    for path in (tmp_path / "b").rglob("*.png"):
        path.rename(tmp_path / "b" / f"{path.parent.name}{path.name}")
    assert read(tmp_path)["train"].groups == (("a", "label_a"), ("b",))


def _one_side(root: Path) -> None:
    side(root / "a", 3)


def _labels_of_b_alone(root: Path) -> None:
    side(root / "a", 3)
    side(root / "b" / "cat", 3)


def _other_classes(root: Path) -> None:
    side(root / "a" / "cat", 3)
    side(root / "b" / "dog", 3)


def _half_labelled(root: Path) -> None:
    side(root / "a", 3)
    side(root / "a" / "dog", 3, 50)
    side(root / "b", 3)


def _two_layouts(root: Path) -> None:
    for name in ("a", "b", "trainA", "trainB"):
        side(root / name, 3)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_one_side, "the side b holds no picture"),
        (_labels_of_b_alone, "b has classes and a has none: label a"),
        (_other_classes, "'cat' is a class of a alone"),
        (_half_labelled, "some pictures of a are in sub-folders and some are not"),
        (_two_layouts, "a/ and b/ by themselves and in folders of splits"),
    ],
)
def test_sides_that_do_not_match_are_refused_in_one_line(tmp_path: Path, spoil, told: str) -> None:
    spoil(tmp_path)
    with pytest.raises(InputError, match=told) as raised:
        read(tmp_path)
    assert "\n" not in str(raised.value)


def test_a_domain_smaller_than_a_batch_is_named(tmp_path: Path) -> None:
    side(tmp_path / "a", 20)
    side(tmp_path / "b", 7, 100)
    train = read(tmp_path)["train"]
    with pytest.raises(
        InputError, match=r"a batch of 8 needs .* training samples; there are 5 of b"
    ):
        Batches(train, 8, 0, torch.device("cpu"))


def test_pictures_are_drawn_in_one_mode(tmp_path: Path) -> None:
    side(tmp_path / "a", 6)
    side(tmp_path / "b", 6, 100, "RGB")
    Image.new("RGB", (8, 8), (9, 8, 7)).save(tmp_path / "a" / "0.png")
    train = read(tmp_path)["train"]
    assert train.spaces["a"].channels == 3  # one in colour: all are kept in colour
    assert read(tmp_path, channels=1)["train"].spaces["b"].channels == 1
