"""Metrics of words: answers that are known because the pictures are painted for them."""

import numpy as np
import pytest

from ganstudy.metrics import words

PALETTE = [(230, 30, 30), (30, 230, 30), (30, 30, 230)]


def painted(colours: np.ndarray) -> np.ndarray:
    """A square of each colour somewhere on black."""
    images = np.zeros((len(colours), 14, 14, 3), np.uint8)
    for row, colour in enumerate(colours):
        at = row % 9
        images[row, at : at + 5, 3:9] = np.array(PALETTE[colour]) * (0.5 + row % 2 / 2)
    return images


def test_painted_colours_are_told_whatever_their_place_and_light() -> None:
    asked = np.arange(60) % 3
    shown = words.colours_shown(painted(asked), PALETTE)
    assert words.share_right(shown, asked) == 1
    assert words.share_right(shown, (asked + 1) % 3) == 0
    assert words.share_right(words.colours_shown(painted(0 * asked), PALETTE), asked) == 1 / 3


def test_without_colour_a_shape_is_the_same_in_every_colour_and_light() -> None:
    shapes = [painted(np.full(18, colour)) for colour in range(3)]
    first, *others = (words.without_colour(shape) for shape in shapes)
    assert first.shape == (18, 14, 14, 1)
    assert first.dtype == np.uint8
    for other in others:
        np.testing.assert_array_equal(first, other)
    np.testing.assert_array_equal(first[..., 0] > 0, shapes[0].max(3) > 0)
    assert (first.max((1, 2, 3)) == 255).all()  # the light differs from row to row
    assert not words.without_colour(np.zeros((2, 5, 5, 3), np.uint8)).any()


def test_a_black_picture_has_no_colour() -> None:
    assert words.colours_shown(np.zeros((2, 5, 5, 3), np.uint8), PALETTE).tolist() == [-1, -1]


def test_the_nearest_mean_tells_the_class_and_passes_over_those_without_rows() -> None:
    rng = np.random.default_rng(0)
    labels = np.array([0, 2, 5] * 30)
    known = np.eye(6)[labels] + rng.normal(0, 0.05, (90, 6))
    found = words.nearest_mean(np.eye(6)[[5, 0, 2]] * 0.9, known, labels)
    assert found.tolist() == [5, 0, 2]
    assert set(words.nearest_mean(rng.normal(size=(50, 6)), known, labels)) <= {0, 2, 5}


def test_coarse_looks_do_not_depend_on_light_or_size_in_pixels() -> None:
    one = painted(np.array([0, 1, 2]))
    same = one.repeat(2, 1).repeat(2, 2)
    assert words.coarse_looks(one).shape == (3, 49 * 3)
    np.testing.assert_allclose(words.coarse_looks(one), words.coarse_looks(same), atol=1e-12)
    np.testing.assert_allclose(words.coarse_looks(one), words.coarse_looks(one // 2), atol=0.03)
    assert not words.coarse_looks(0 * one).any()


def test_bags_hold_each_word_once_and_no_padding() -> None:
    assert words.bags(np.array([[2, 2, 0], [3, 1, 2]]), 3).tolist() == [[0, 1, 0], [1, 1, 1]]
    with pytest.raises(ValueError, match="name word 4 of 3"):
        words.bags(np.array([[4]]), 3)


def candidates(own: np.ndarray) -> np.ndarray:
    """Each caption of one colour (N,) with the two others behind it."""
    rows = np.stack([own, (own + 1) % 3, (own + 2) % 3], 1)
    return np.eye(3)[rows]


def test_the_right_caption_is_found_by_chance_when_blind_and_always_when_obeyed() -> None:
    rng = np.random.default_rng(0)
    learnt, asked = rng.integers(0, 3, 300), rng.integers(0, 3, 300)
    read = words.reader(words.coarse_looks(painted(learnt)), np.eye(3)[learnt])
    offered = candidates(asked)

    def score(shown: np.ndarray) -> float:
        return words.caption_of(read, words.coarse_looks(painted(shown)), offered)

    assert score(asked) == 1
    assert score((asked + 1) % 3) == 0
    assert abs(score(rng.permutation(asked)) - 1 / 3) < 0.1
    assert abs(score(0 * asked) - (asked == 0).mean()) < 1e-12


def test_captions_that_fit_equally_share_the_point() -> None:
    rng = np.random.default_rng(0)
    learnt = rng.integers(0, 3, 100)
    read = words.reader(words.coarse_looks(painted(learnt)), np.eye(3)[learnt])
    alike = np.eye(3)[np.zeros((4, 5), int)]
    assert words.caption_of(read, words.coarse_looks(painted(np.arange(4) % 3)), alike) == 1 / 5


def test_wrong_shapes_are_told() -> None:
    with pytest.raises(ValueError, match=r"uint8 \(N, H, W, C\)"):
        words.colours_shown(np.zeros((3, 5, 5)), PALETTE)
    with pytest.raises(ValueError, match="3 channels; they have 1"):
        words.colours_shown(np.zeros((3, 5, 5, 1), np.uint8), PALETTE)
    with pytest.raises(ValueError, match="labels of one shape"):
        words.share_right([1, 2], [1])
