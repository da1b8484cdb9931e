"""Handwritten digits in two domains without pairs: each digit is in one of them, in every split."""

from collections.abc import Callable, Mapping

import numpy as np

from ganstudy.data.cuts import in_splits
from ganstudy.data.domains import domains
from ganstudy.data.sides import WHOLE
from ganstudy.data.sources import SOURCES
from ganstudy.dataset import Dataset, labelled_data
from ganstudy.files import Images
from ganstudy.params import DataParams, DatasetName
from ganstudy.seeding import numpy_generator
from ganstudy.spaces import labelled

CLASSES = 10
SIDES: Mapping[DatasetName, int] = {"digits": 8, "mnist": 28}  # in pixels
Drawn = Callable[[Images, str], Images]  # digits (N, H, W, 1) of a split, as a domain shows them


def two_domains(
    params: DataParams, name: DatasetName, seed_name: str, a: Drawn, b: Drawn
) -> dict[str, Dataset]:
    """The digits of data set `name` in splits, one half as `a` draws them and the other as `b`
    does, both with their labels: what learns without those of `b` does not read them."""
    raw = SOURCES[name](params)
    parts = {WHOLE if raw.test is None else "train": raw.train}
    parts |= {} if raw.test is None else {"test": raw.test}
    space = labelled(raw.train.images.shape[1:], classes=CLASSES)
    whole = {split: labelled_data(*part, space) for split, part in parts.items()}
    found = {}
    for split, data in in_splits(whole, params).items():
        images, labels = data.fields["x"], data.fields["y"]
        order = numpy_generator(0, f"data/halves of {seed_name}/{split}").permutation(len(images))
        one, other = np.array_split(order, 2)
        found[split] = domains(
            a(images[one], split), b(images[other], split), labels[one], labels[other], CLASSES
        )
    return found
