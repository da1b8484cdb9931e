"""Splits of data with fields: what they bring, and shares of the rest held out by content."""

from collections.abc import Mapping

from ganstudy.data.sides import WHOLE
from ganstudy.data.splits import Held, split
from ganstudy.dataset import Array, Dataset
from ganstudy.errors import InputError
from ganstudy.files.memmap import taken
from ganstudy.params import DataParams
from ganstudy.spaces import Label


def in_splits(found: Mapping[str, Dataset], params: DataParams) -> dict[str, Dataset]:
    """Train, validation and test of what was `found`, by split, or under `WHOLE` all of it. What
    lacks a split has a share of what is left for training held out."""
    known = dict(found)
    train = known.pop(WHOLE, None) or known.pop("train", None)
    if train is None:
        raise InputError(f"there are splits {', '.join(known)}, and none to train on")
    held_out: list[tuple[Held, float]] = [("test", params.test), ("validation", params.validation)]
    for held, share in held_out:
        if held not in known:
            train, known[held] = cut_off(train, share, held)
    return {"train": train, "validation": known["validation"], "test": known["test"]}


def cut_off(data: Dataset, share: float, held: Held) -> tuple[Dataset, Dataset]:
    """What is kept and what is held out of `data`: of each group this share, by class where it has
    labels; rows in which the first field is equal stay together."""
    halves: tuple[dict[str, Array], dict[str, Array]] = ({}, {})
    for group in data.groups:
        labels = next((n for n in group if isinstance(data.spaces[n], Label)), None)
        strata = None if labels is None else data.fields[labels]
        rows = split(data.fields[group[0]], strata, share, held)
        for half, chosen in zip(halves, rows, strict=True):
            half |= {name: taken(data.fields[name], chosen) for name in group}
    kept, held_out = (Dataset(half, data.spaces, data.groups) for half in halves)
    return kept, held_out
