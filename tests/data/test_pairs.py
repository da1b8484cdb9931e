"""A user's folder of pairs: what is read, and how what does not match is refused."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganstudy.data.fielded import fetch_fields, prepare_fields
from ganstudy.data.fields import load_dataset
from ganstudy.data.pairs import read_user_pairs
from ganstudy.errors import InputError
from ganstudy.params import DataParams

GREY, COLOUR = "L", "RGB"


def picture(value: int, size: tuple[int, int] = (8, 8), mode: str = GREY) -> Image.Image:
    """A picture whose top left quarter is `value`."""
    image = Image.new(mode, size, 0)
    image.paste(value if mode == GREY else (value, 10, 20), (0, 0, size[0] // 2, size[1] // 2))
    return image


def folder(root: Path, count: int = 10, **changes: Image.Image) -> Path:
    """source/ grey and target/ in colour; the corner of pair i is 10 i, and 10 i + 5 in target."""
    for index in range(count):
        save(root / "source" / f"{index}.png", picture(10 * index))
        save(root / "target" / f"{index}.png", picture(10 * index + 5, mode=COLOUR))
    for name, image in changes.items():
        save(root / name, image)
    return root


def save(path: Path, image: Image.Image) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)


def read(root: Path, **changes):
    return read_user_pairs(
        DataParams.model_validate({"name": "pairs", "folder": str(root), "resolution": 8} | changes)
    )


def test_pairs_stay_together_and_no_row_is_lost_or_on_two_sides(tmp_path: Path) -> None:
    splits = read(folder(tmp_path))
    seen = []
    for data in splits.values():
        corner = {name: data.fields[name][:, 0, 0, 0].astype(int) for name in data.fields}
        np.testing.assert_array_equal(corner["target"], corner["source"] + 5)
        seen += corner["source"].tolist()
    assert sorted(seen) == [10 * index for index in range(10)]
    assert [data.spaces["source"].channels for data in splits.values()] == [1, 1, 1]
    assert splits["test"].spaces["target"].channels == 3
    assert splits["train"].groups == (("source", "target"),)


def test_a_picture_twice_as_wide_is_a_pair_side_by_side(tmp_path: Path) -> None:
    for index in range(6):
        both = Image.new("RGB", (16, 8))
        both.paste(picture(10 * index, mode=COLOUR), (0, 0))
        both.paste(picture(10 * index + 5, mode=COLOUR), (8, 0))
        save(tmp_path / f"{index}.png", both)
    for data in read(tmp_path).values():
        assert data.fields["source"].shape[1:] == (8, 8, 3)
        corner = {name: data.fields[name][:, 0, 0, 0].astype(int) for name in data.fields}
        np.testing.assert_array_equal(corner["target"], corner["source"] + 5)


def test_splits_of_the_folder_are_kept_and_a_zip_reads_as_its_folder(tmp_path: Path) -> None:
    root = tmp_path / "whole"
    folder(root / "train", 5)
    folder(root / "test", 3)
    splits = read(root)
    assert len(splits["test"].fields["source"]) == 3
    assert len(splits["train"].fields["source"]) + len(splits["validation"].fields["source"]) == 5
    with zipfile.ZipFile(tmp_path / "whole.zip", "w") as archive:
        for path in root.rglob("*.png"):
            archive.write(path, path.relative_to(tmp_path))
    for name, data in read(tmp_path / "whole.zip").items():
        for field, rows in data.fields.items():
            np.testing.assert_array_equal(rows, splits[name].fields[field])


def test_extensions_may_differ_and_a_broken_pair_is_skipped_whole(tmp_path: Path) -> None:
    folder(tmp_path)
    (tmp_path / "target/3.png").unlink()
    save(tmp_path / "target/3.bmp", picture(35, mode=COLOUR))
    (tmp_path / "target/7.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"cannot use 'source/7.png'.*data.broken: skip"):
        read(tmp_path)
    splits = read(tmp_path, broken="skip")
    seen = [v for d in splits.values() for v in d.fields["source"][:, 0, 0, 0].tolist()]
    assert sorted(seen) == [0, 10, 20, 30, 40, 50, 60, 80, 90]


def _unpartnered(root: Path) -> None:
    save(folder(root) / "source/x.png", picture(1))


def _empty_side(root: Path) -> None:
    for path in (folder(root) / "target").iterdir():
        path.unlink()


def _unequal_sizes(root: Path) -> None:
    save(folder(root) / "target/4.png", picture(45, (16, 16)))


def _odd_width(root: Path) -> None:
    save(root / "one.png", Image.new("L", (15, 8)))


def _twice(root: Path) -> None:
    save(folder(root) / "source/4.bmp", picture(40))


def _stray(root: Path) -> None:
    save(folder(root) / "cover.png", picture(40))


def _nothing(root: Path) -> None:
    (root / "notes.txt").write_text("none")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_unpartnered, r"'source/x.png' has no partner in target/, nor have 0 others"),
        (_empty_side, "the side target holds no picture"),
        (_unequal_sizes, r"'source/4.png' has 8×8 pixels and 'target/4.png' 16×16"),
        (_odd_width, r"'one.png' is 15 pixels wide: .*A\|B, have an even width"),
        (_twice, r"'source/4.bmp' and 'source/4.png' have one name but for the extension"),
        (_stray, r"'cover.png' is in neither of source/ and target/"),
        (_nothing, "it holds no picture; pairs are in source/ and target/, or side by side"),
    ],
)
def test_what_does_not_match_is_refused_in_one_line(tmp_path: Path, spoil, told: str) -> None:
    spoil(tmp_path)
    with pytest.raises(InputError, match=told) as raised:
        read(tmp_path)
    assert "\n" not in str(raised.value)
    assert repr(str(tmp_path)) in str(raised.value)


def test_they_are_fetched_and_prepared(tmp_path: Path) -> None:
    params = DataParams(name="pairs", folder=str(folder(tmp_path / "mine")), resolution=8)
    fetch_fields(params, tmp_path / "raw")
    prepare_fields(tmp_path / "raw", params, tmp_path / "prepared")
    read_again = load_dataset(tmp_path / "prepared", "test")
    for name, rows in read_user_pairs(params)["test"].fields.items():
        np.testing.assert_array_equal(read_again.fields[name], rows)
