"""Stacked images: channels that can be told apart again, and none from another split."""

from pathlib import Path

import numpy as np
import pytest

from ganstudy.data.images import Split, load_info, load_split
from ganstudy.data.sources import fetch
from ganstudy.data.splits import prepare
from ganstudy.data.stacked import CHANNELS, COUNTS, stack, unstack
from ganstudy.errors import InputError
from ganstudy.params import DataParams


def base(count: int = 40, first: int = 0, classes: int = 10) -> Split:
    """Grey images of 4×4, each of which tells its number (from `first` on) in two pixels."""
    images = np.zeros((count, 4, 4, 1), np.uint8)
    numbers = first + np.arange(count)
    images[:, 0, 0, 0], images[:, 0, 1, 0] = numbers // 256, numbers % 256
    images[:, 2:, 2:, 0] = 200
    return Split(images, (numbers % classes).astype(np.int64))


def numbers(images: np.ndarray) -> np.ndarray:
    """What the images tell, by channel."""
    return images[:, 0, 0].astype(int) * 256 + images[:, 0, 1]


@pytest.mark.parametrize("part", COUNTS)
def test_labels_are_100_a_plus_10_b_plus_c_of_the_channels(part: str) -> None:
    whole = stack(base(), 10, part)
    assert whole.images.shape == (COUNTS[part], 4, 4, CHANNELS)
    assert whole.images.dtype == np.uint8
    a, b, c = (numbers(whole.images) % 10).T
    np.testing.assert_array_equal(whole.labels, 100 * a + 10 * b + c)
    assert whole.labels.dtype == np.int64


def test_with_other_classes_the_label_counts_in_their_base() -> None:
    whole = stack(base(classes=4), 4, "test")
    a, b, c = (numbers(whole.images) % 4).T
    np.testing.assert_array_equal(whole.labels, 16 * a + 4 * b + c)


def test_there_are_as_many_as_in_the_papers() -> None:
    assert COUNTS == {"train": 128_000, "validation": 10_000, "test": 26_000}


def test_every_channel_is_an_image_of_the_base_and_of_no_other_split() -> None:
    train, test = base(40), base(30, first=1000)
    for given, part in ((train, "train"), (test, "test")):
        known = set(numbers(given.images)[:, 0])
        assert set(numbers(stack(given, 10, part).images).ravel()) == known
        whole = stack(given, 10, part).images
        rest = given.images[0, 1:, :, 0]
        assert (whole[:, 1:] == rest[None, :, :, None]).all()  # the rest of the picture too


def test_channels_are_drawn_independently_and_evenly() -> None:
    whole = stack(base(10), 10, "train")
    classes = numbers(whole.images)
    for channel in range(CHANNELS):
        assert np.abs(np.bincount(classes[:, channel]) / 128_000 - 0.1).max() < 0.005
    assert np.abs(np.corrcoef(classes.T) - np.eye(CHANNELS)).max() < 0.02
    counts = np.bincount(whole.labels, minlength=1000)
    assert counts.min() > 128 - 6 * np.sqrt(128)
    assert counts.max() < 128 + 6 * np.sqrt(128)


def test_stacks_are_the_same_each_time_and_others_for_another_part() -> None:
    one, again, other = (stack(base(), 10, part) for part in ("train", "train", "test"))
    assert one.digest() == again.digest()
    assert not np.array_equal(one.images[: len(other.images)], other.images)


def test_unstacking_gives_every_channel_in_turn_with_its_class() -> None:
    whole = stack(base(), 10, "test")
    apart = unstack(whole, 10)
    assert apart.images.shape == (3 * COUNTS["test"], 4, 4, 1)
    for channel in range(CHANNELS):
        np.testing.assert_array_equal(
            apart.images[channel::CHANNELS, :, :, 0], whole.images[..., channel]
        )
    np.testing.assert_array_equal(apart.labels, numbers(apart.images)[:, 0] % 10)
    together = np.stack([apart.images[c::CHANNELS, :, :, 0] for c in range(CHANNELS)], 3)
    np.testing.assert_array_equal(together, whole.images)


def test_unstacking_without_labels_has_none() -> None:
    whole = stack(base(), 10, "test")
    assert unstack(Split(whole.images[:5], None), 10).labels is None


def test_what_has_no_labels_or_colours_already_is_not_stacked() -> None:
    grey = base()
    for bad in (Split(grey.images, None), Split(grey.images.repeat(3, axis=3), grey.labels)):
        with pytest.raises(InputError, match="grey, labelled"):
            stack(bad, 10, "train")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Digits stacked, and the same digits plain, prepared by the same code."""
    folder = tmp_path_factory.mktemp("data")
    for name in ("stacked_digits", "digits"):
        params = DataParams.model_validate({"name": name})
        fetch(params, folder / name / "raw")
        prepare(folder / name / "raw", params, folder / name)
    return folder / "stacked_digits", folder / "digits"


def test_prepared_stacks_come_back_with_kind_shape_and_counts(prepared: tuple[Path, Path]) -> None:
    info = load_info(prepared[0])
    assert (info.name, info.kind, info.shape) == ("stacked_digits", "stacked", (8, 8, 3))
    assert info.scale == 1
    assert info.classes == tuple("0123456789")  # of a channel
    assert (info.train, info.validation, info.test) == (128_000, 10_000, 26_000)
    for part in COUNTS:
        found = load_split(prepared[0], part)
        assert found.images.shape == (COUNTS[part], 8, 8, 3)
        assert found.labels.min() >= 0
        assert found.labels.max() < 1000
        assert len(np.unique(found.labels)) == 1000


def test_no_digit_of_one_split_is_in_a_stack_of_another(prepared: tuple[Path, Path]) -> None:
    seen = {}
    for part in COUNTS:
        channels = unstack(load_split(prepared[0], part), 10).images.reshape(-1, 64)
        seen[part] = {row.tobytes() for row in channels}
        plain = {image.tobytes() for image in load_split(prepared[1], part).images}
        assert seen[part] == plain  # the split of the digits themselves, all of it
    assert not seen["train"] & seen["test"]
    assert not seen["train"] & seen["validation"]
    assert not seen["validation"] & seen["test"]


def test_each_digit_keeps_its_class_in_the_stack(prepared: tuple[Path, Path]) -> None:
    plain = load_split(prepared[1], "test")
    known = {
        image.tobytes(): int(label) for image, label in zip(plain.images, plain.labels, strict=True)
    }
    apart = unstack(load_split(prepared[0], "test"), 10)
    expected = [known[image.tobytes()] for image in apart.images[:3000]]
    np.testing.assert_array_equal(apart.labels[:3000], expected)
