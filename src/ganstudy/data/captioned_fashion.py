"""Fashion-MNIST in colours and sizes, with captions like "a large red sandal".

What is learnt from has not all combinations of class, colour and size: `HELD` of them stand in the
test split alone, in every second row, so that what a generator makes of them it has put together
from words. Data of Zalando Research, MIT licence; sources and checksums: `ganstudy.data.mnist`.
"""

from collections.abc import Mapping
from itertools import product

import numpy as np

from ganstudy.data.images import Split
from ganstudy.data.mnist import FASHION_MNIST
from ganstudy.data.words import tokens_of, vocabulary_of
from ganstudy.dataset import Dataset
from ganstudy.errors import InputError
from ganstudy.files import Images, Labels
from ganstudy.params import DataParams
from ganstudy.seeding import numpy_generator
from ganstudy.spaces import Image, Label, Space, Tokens

CLASSES = (
    *("t-shirt", "trouser", "pullover", "dress", "coat"),
    *("sandal", "shirt", "sneaker", "bag", "boot"),
)
COLOURS: Mapping[str, tuple[int, int, int]] = {
    "red": (235, 40, 40),
    "orange": (245, 145, 25),
    "yellow": (240, 230, 40),
    "green": (40, 185, 60),
    "turquoise": (45, 215, 205),
    "blue": (50, 80, 235),
    "purple": (150, 60, 215),
    "pink": (250, 120, 190),
}
SIZES = ("small", "large")
COMBINATIONS = np.array(list(product(range(len(CLASSES)), range(len(COLOURS)), range(len(SIZES)))))
HELD = 0.2  # of them
SIDE = 28
SEED = 0  # one set of captions for all runs of a study


def caption(clothing: int, colour: int, size: int) -> str:
    """Of one combination."""
    return f"a {SIZES[size]} {tuple(COLOURS)[colour]} {CLASSES[clothing]}"


CAPTIONS = tuple(caption(*row) for row in COMBINATIONS.tolist())
TOKENS = Tokens(4, vocabulary_of(CAPTIONS))


def spaces(params: DataParams) -> Mapping[str, Space]:
    """Images `x`, captions `text`, and what these say: `clothing`, `colour`, `size`; `held` is 1
    where the combination is one that is not learnt from."""
    if params.resolution not in (None, SIDE) or params.channels not in (None, 3):
        raise InputError(f"data.resolution: {params.name} has {SIDE} pixels in colour: set to null")
    return {
        "x": Image(3, SIDE, SIDE),
        "text": TOKENS,
        "clothing": Label(len(CLASSES)),
        "colour": Label(len(COLOURS)),
        "size": Label(len(SIZES)),
        "held": Label(2),
    }


def read(params: DataParams) -> Mapping[str, Dataset]:
    """Its splits."""
    raw, described = FASHION_MNIST.read(params), spaces(params)
    assert raw.test is not None  # noqa: S101 - it has one
    order = numpy_generator(SEED, "captions: validation").permutation(len(raw.train.images))
    count = round(len(order) * params.validation)
    parts = {
        "train": _rows(raw.train, np.sort(order[count:])),
        "validation": _rows(raw.train, np.sort(order[:count])),
        "test": raw.test,
    }
    return {name: captioned(part, described, name) for name, part in parts.items()}


def captioned(part: Split, described: Mapping[str, Space], name: str) -> Dataset:
    """Grey images (N, H, W, 1) of classes, each in a colour and a size by chance; the split `name`
    is test where combinations that are held out come in every second row."""
    clothing = np.asarray(part.labels)
    held = np.arange(len(clothing)) % 2 * (name == "test")
    rng = numpy_generator(SEED, f"captions: {name}")
    taken = held_out()
    rows = np.zeros(len(clothing), np.int64)
    for label, out in product(range(len(CLASSES)), (0, 1)):
        mine = (clothing == label) & (held == out)
        allowed = np.flatnonzero((COMBINATIONS[:, 0] == label) & (taken == bool(out)))
        rows[mine] = rng.choice(allowed, int(mine.sum()))
    colour, size = COMBINATIONS[rows, 1], COMBINATIONS[rows, 2]
    table = tokens_of(CAPTIONS, TOKENS.vocabulary, TOKENS.length)
    fields = {
        "x": coloured(part.images[..., 0].astype(np.uint8, copy=False), colour, size),
        "text": table[rows],
        "clothing": clothing,
        "colour": colour,
        "size": size,
        "held": held.astype(np.int64),
    }
    return Dataset(fields, described, (tuple(fields),))


def held_out() -> np.ndarray:
    """Which rows of `COMBINATIONS` are not learnt from: bool (160,), of every class as many or one
    more."""
    rng = numpy_generator(SEED, "captions: held out")
    each = len(COMBINATIONS) // len(CLASSES)
    found = np.zeros((len(CLASSES), each), bool)
    quota = np.full(len(CLASSES), int(HELD * each))
    quota[rng.permutation(len(CLASSES))[: round(HELD * found.size) - int(quota.sum())]] += 1
    for row, count in zip(found, quota, strict=True):
        row[rng.permutation(each)[:count]] = True
    return found.ravel()


def coloured(grey: Images, colour: Labels, size: Labels) -> Images:
    """uint8 (N, 28, 28) as (N, 28, 28, 3) in colours by their number; small ones have half the
    side, averaged, in the middle."""
    halves = grey.reshape(len(grey), SIDE // 2, 2, SIDE // 2, 2).mean((2, 4))
    small = np.zeros_like(grey)
    edge = SIDE // 4
    small[:, edge:-edge, edge:-edge] = np.rint(halves)
    shown = np.where((size == SIZES.index("small"))[:, None, None], small, grey)
    light = np.array(list(COLOURS.values()), np.float32)[colour] / 255
    return np.rint(shown[..., None] * light[:, None, None]).astype(np.uint8)


def _rows(part: Split, rows: Labels) -> Split:
    assert part.labels is not None  # noqa: S101 - Fashion-MNIST's
    return Split(part.images[rows], part.labels[rows])
