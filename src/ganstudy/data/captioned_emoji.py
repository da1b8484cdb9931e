"""OpenMoji in colour with its words: what each emoji is called, then its tags.

The package and what is left out of it: see `openmoji`. Splits are by emoji, so that no picture of a
code is on two sides. Words that few emoji have cannot be learnt: they are no words here.
"""

from collections.abc import Iterable, Mapping

import numpy as np

from ganstudy.data.images import SPLITS
from ganstudy.data.openmoji import COLOUR, NATIVE, Emoji, drawn, emoji
from ganstudy.data.words import tokens_of, vocabulary_of, words_of
from ganstudy.dataset import Dataset
from ganstudy.errors import InputError
from ganstudy.params import DataParams
from ganstudy.seeding import numpy_generator
from ganstudy.spaces import Image, Space, Tokens

LENGTH = 12  # words of a caption; of more the first: names stand before tags
LEAST = 3  # emoji of the training split that have a word which is learnt
SEED = 0  # one split for all runs of a study


def spaces(params: DataParams) -> Mapping[str, Space]:
    """Images `x` and captions `text`, of whose words the training split has some of each."""
    with emoji() as listed:
        return _spaces(params, _splits(listed, params)["train"])


def read(params: DataParams) -> Mapping[str, Dataset]:
    """Its splits."""
    with emoji() as listed:
        parts = _splits(listed, params)
        described = _spaces(params, parts["train"])
        side = params.resolution or NATIVE
        images = {name: drawn(part, COLOUR, side) for name, part in parts.items()}
    tokens = described["text"]
    assert isinstance(tokens, Tokens)  # noqa: S101 - it is made below
    return {
        name: Dataset(
            {
                "x": images[name],
                "text": tokens_of(_captions(part), tokens.vocabulary, tokens.length),
            },
            described,
            (("x", "text"),),
        )
        for name, part in parts.items()
    }


def _spaces(params: DataParams, train: Iterable[Emoji]) -> dict[str, Space]:
    if params.channels not in (None, 3):
        raise InputError(f"data.channels: {params.name} is in colour: set it to null")
    side = params.resolution or NATIVE
    learnt = vocabulary_of(_captions(train), LEAST)
    if not learnt:
        raise InputError(f"{params.name}: no word is that of {LEAST} emoji")
    return {"x": Image(3, side, side), "text": Tokens(LENGTH, learnt)}


def _splits(listed: list[Emoji], params: DataParams) -> dict[str, list[Emoji]]:
    """By emoji, those with words."""
    there = [one for one in listed if one.words]
    order = numpy_generator(SEED, "emoji with words").permutation(len(there))
    test = round(len(there) * params.test)
    validation = round((len(there) - test) * params.validation)
    bounds = {"test": (0, test), "validation": (test, test + validation)}
    bounds["train"] = (test + validation, len(there))
    return {name: [there[i] for i in np.sort(order[slice(*bounds[name])])] for name in SPLITS}


def _captions(part: Iterable[Emoji]) -> list[str]:
    """Each word once, the name's first."""
    return [" ".join(dict.fromkeys(words_of(one.words))) for one in part]
