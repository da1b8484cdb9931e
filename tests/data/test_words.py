"""Words as numbers: what counts as one, what is refused, and that what is unknown is said."""

import numpy as np
import pytest
import torch

from ganstudy import spaces
from ganstudy.data.words import text_of, tokens, tokens_of, vocabulary_of, words_of
from ganstudy.errors import InputError
from ganstudy.spaces import Tokens

KNOWN = vocabulary_of(["a small red bag", "a large t-shirt"])


def test_words_are_letters_and_digits_in_small_and_hyphens_hold_them_together() -> None:
    assert words_of("A small,  RED t-shirt!") == ["a", "small", "red", "t-shirt"]
    assert words_of("Größe 40: l'été") == ["größe", "40", "l'été"]
    assert KNOWN == ("a", "bag", "large", "red", "small", "t-shirt")


def test_a_text_is_its_words_numbers_then_zeros_and_comes_back() -> None:
    row = tokens("a red bag", KNOWN, 5)
    assert row == [1, 4, 2, 0, 0]
    assert text_of(row, KNOWN) == "a red bag"
    assert tokens_of(["a red bag", "t-shirt"], KNOWN, 3).tolist() == [[1, 4, 2], [6, 0, 0]]


def test_unknown_words_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert tokens("a checkered bag", KNOWN, 4) == [1, 2, 0, 0]
    assert "checkered" in capsys.readouterr().err
    assert tokens_of(["a plaid bag", "zebra"], KNOWN, 4).tolist() == [[1, 2, 0, 0], [0] * 4]
    assert "2 words that are not learnt are left out: plaid, zebra" in (capsys.readouterr().err)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "has no word"),
        (" ?! ", "has no word"),
        ("zebra crossing", "no word is known; 6 are, like a, bag"),
        ("bag " * 100_000, r"has 400,000 characters; 4,096 and 64 words are allowed"),
        ("bag " * 65, "has 65 words; 64 are allowed"),
        ("a a a a a", "has 5 words that are known; 4 at most"),
    ],
)
def test_what_cannot_be_read_is_one_clear_line(text: str, told: str) -> None:
    with pytest.raises(InputError, match=told) as raised:
        tokens(text, KNOWN, 4)
    assert len(str(raised.value)) < 300
    assert "\n" not in str(raised.value)


def test_the_space_of_texts_holds_its_words_through_json_and_draws_padded_rows() -> None:
    space = Tokens(4, KNOWN)
    assert spaces.from_json(spaces.to_json(space)) == space
    drawn = space.draw(np.random.default_rng(0), 50)
    assert (drawn.shape, drawn.dtype) == ((50, 4), np.int64)
    assert drawn[:, 0].all()
    assert drawn.max() <= len(KNOWN)
    assert not (drawn[:, :-1] == 0).any(1)[drawn[:, -1] > 0].any()  # no word after a 0
    assert torch.equal(space.encode(torch.from_numpy(drawn)), torch.from_numpy(drawn))
