"""Digits beside edges and over photographs: what is in which domain, split and half of a photo."""

import numpy as np
import pytest

from ganstudy.data import edges, photos
from ganstudy.data.fielded import FIELDED
from ganstudy.params import DataParams

PARAMS = {name: DataParams(name=name) for name in ("digits_edges", "digits_photos")}


def rows(images: np.ndarray) -> set[bytes]:
    return {image.tobytes() for image in images}


def test_edges_are_the_dilation_less_the_image() -> None:
    square = np.zeros((1, 5, 5, 1), np.uint8)
    square[0, 1:4, 1:4] = 200
    found = edges.outlined(square)[0, ..., 0]
    expected = np.full((5, 5), 200)
    expected[1:4, 1:4] = 0
    np.testing.assert_array_equal(found, expected)
    ramp = np.arange(0, 50, 10, dtype=np.uint8)[None, None, :, None].repeat(3, 1)
    np.testing.assert_array_equal(edges.outlined(ramp)[0, 1, :, 0], [10, 10, 10, 10, 0])


@pytest.mark.parametrize("name", PARAMS)
def test_what_params_tell_is_what_is_read_in_three_splits(name: str) -> None:
    source = FIELDED[name]
    splits = source.read(PARAMS[name])
    assert list(splits) == ["train", "validation", "test"]
    for data in splits.values():
        assert dict(data.spaces) == source.spaces(PARAMS[name])
        assert data.groups == (("a", "label_a"), ("b", "label_b"))
        assert set(np.unique(data.fields["label_b"])) == set(range(10))
    whole = sum(len(data.fields[side]) for data in splits.values() for side in "ab")
    assert whole == 1797
    again = source.read(PARAMS[name])
    np.testing.assert_array_equal(splits["test"].fields["b"], again["test"].fields["b"])


def test_no_digit_is_in_two_domains_or_splits() -> None:
    """Edges of all digits differ, so those of one split's a are in no other split's b."""
    splits = FIELDED["digits_edges"].read(PARAMS["digits_edges"])
    seen: set[bytes] = set()
    for data in splits.values():
        for part in (edges.outlined(data.fields["a"]), data.fields["b"]):
            assert not seen & rows(part)
            seen |= rows(part)
    assert len(seen) == 1797


def test_digits_are_over_patches_of_the_left_half_and_in_the_test_of_the_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    photo = np.zeros((60, 120, 3), np.uint8)
    photo[:, 60:] = 100
    monkeypatch.setattr(photos, "_photographs", lambda: [photo])
    black, white = np.zeros((9, 8, 8, 1), np.uint8), np.full((9, 8, 8, 1), 255, np.uint8)
    for split, value in (("train", 0), ("validation", 0), ("test", 100)):
        assert np.all(photos.over_patches(black, split) == value)
        assert np.all(photos.over_patches(white, split) == 255 - value)


def test_source_digits_are_grey_in_colour_and_targets_are_not() -> None:
    data = FIELDED["digits_photos"].read(PARAMS["digits_photos"])["train"]
    a, b = data.fields["a"], data.fields["b"]
    assert np.all(a == a[..., :1])
    assert np.mean(b != b[..., :1]) > 0.3
