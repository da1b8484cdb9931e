"""OpenMoji with its words."""

import json
from pathlib import Path

import numpy as np
import pytest

from data.test_made_pairs import emoji_folder
from ganstudy.data import captioned_emoji
from ganstudy.data.fielded import FIELDED
from ganstudy.data.locations import FOLDER_VARIABLE
from ganstudy.data.words import text_of
from ganstudy.errors import InputError
from ganstudy.params import DataParams

PARAMS = DataParams(name="openmoji_captions", resolution=16, test=0.25, validation=0.1)


def with_words(root: Path, names: list[str]) -> Path:
    """The package, emoji n called by name n, with tags."""
    path = emoji_folder(root) / "data/openmoji.json"
    rows = json.loads(path.read_text())
    for row, name in zip(rows, names, strict=False):
        row |= {"annotation": name, "tags": "bar, Red, bar"}
    path.write_text(json.dumps(rows))
    return root


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    return tmp_path / "openmoji"


def test_captions_are_names_then_tags_of_words_that_training_has_often(place: Path) -> None:
    with_words(place, [f"{'wide' if n > 19 else 'narrow'} thing no{n}" for n in range(40)])
    splits = captioned_emoji.read(PARAMS)
    assert {name: len(data.fields["x"]) for name, data in splits.items()} == {
        "train": 27, "validation": 3, "test": 10,
    }  # fmt: skip
    described = captioned_emoji.spaces(PARAMS)
    words = described["text"].vocabulary
    assert words == ("bar", "narrow", "red", "thing", "wide")  # no name is that of three
    for data in splits.values():
        assert data.spaces == described
        shares = 1 - data.fields["x"][..., 1].mean((1, 2)) / 255  # that the red bar fills
        for share, row in zip(shares, data.fields["text"], strict=True):
            assert (
                text_of(row, words) == f"{'wide' if share > 20.5 / 42 else 'narrow'} thing bar red"
            )
    # No emoji is on two sides.
    bars = [data.fields["x"].sum((1, 2, 3)) for data in splits.values()]
    assert len(np.unique(np.concatenate(bars))) == 40


def test_emoji_without_words_are_left_out_and_too_few_refused(place: Path) -> None:
    with_words(place, ["thing"] * 8)
    read = captioned_emoji.read(PARAMS)
    assert sum(len(data.fields["text"]) for data in read.values()) == 8
    with pytest.raises(InputError, match=r"data\.channels"):
        captioned_emoji.spaces(PARAMS.model_copy(update={"channels": 1}))


def test_none_with_words_is_one_line(place: Path) -> None:
    emoji_folder(place)
    with pytest.raises(InputError, match="no word is that of 3 emoji"):
        captioned_emoji.spaces(PARAMS)


def test_its_licence_stands_beside_every_figure() -> None:
    assert "CC BY-SA 4.0" in FIELDED["openmoji_captions"].licence
