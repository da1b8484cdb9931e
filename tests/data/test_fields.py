"""Named fields on disk: they come back as they were, and say when they are not what was written."""

from pathlib import Path

import numpy as np
import pytest

from ganstudy.data.fields import FIELDS, load_dataset, write_datasets
from ganstudy.dataset import Dataset
from ganstudy.errors import InputError
from ganstudy.files import read_json, read_npz, write_json
from ganstudy.spaces import Image, Label, Points


def pairs() -> Dataset:
    """Images with labels, and, shuffled apart, points."""
    rng = np.random.default_rng(0)
    fields = {
        "x": rng.integers(0, 256, (5, 4, 6, 1)).astype(np.uint8),
        "y": np.arange(5) % 3,
        "other": rng.normal(size=(7, 2)).astype(np.float32),
    }
    spaces = {"x": Image(1, 4, 6), "y": Label(3), "other": Points(2, 1.5)}
    return Dataset(fields, spaces, (("x", "y"), ("other",)))


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    write_datasets(tmp_path, {"train": pairs(), "test": pairs()})
    return tmp_path


def test_fields_spaces_and_groups_come_back(prepared: Path) -> None:
    found, written = load_dataset(prepared, "train"), pairs()
    assert found.spaces == written.spaces
    assert found.groups == written.groups
    for name, array in written.fields.items():
        assert np.array_equal(found.fields[name], array)
        assert found.fields[name].dtype == array.dtype


def test_images_and_labels_are_where_every_reader_looks_for_them(prepared: Path) -> None:
    images, labels = read_npz(prepared / "train.npz")
    assert np.array_equal(images, pairs().fields["x"])
    assert np.array_equal(labels, pairs().fields["y"])


def test_equal_data_gives_equal_bytes(prepared: Path) -> None:
    assert (prepared / "train.npz").read_bytes() == (prepared / "test.npz").read_bytes()


@pytest.mark.parametrize(
    "change",
    [
        lambda info: info.pop("groups"),
        lambda info: info["spaces"].pop("other"),
        lambda info: info["spaces"]["y"].update(space="lable"),
        lambda info: info["spaces"].update(more={"space": "score"}),
        lambda info: info.update(groups=[["x", "y", "other"]]),
        lambda info: info["sha256"].update(train="0" * 64),
    ],
)
def test_a_description_that_does_not_fit_is_bad_input(prepared: Path, change) -> None:
    info = read_json(prepared / FIELDS)
    change(info)
    write_json(prepared / FIELDS, info)
    with pytest.raises(InputError, match=r"fields\.json"):
        load_dataset(prepared, "train")


def test_fields_of_a_group_share_rows() -> None:
    data = pairs()
    with pytest.raises(ValueError, match="share rows"):
        Dataset(data.fields, data.spaces, (("x", "y", "other"),))


def test_a_dataset_of_some_fields_keeps_their_groups() -> None:
    assert pairs().only({"other", "y"}).groups == (("y",), ("other",))
