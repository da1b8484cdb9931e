"""Two domains of images without pairs, a and b, of a user's folder.

It holds a/ and b/, by themselves or in folders train, validation and test; or trainA and trainB,
testA and testB, as CycleGAN's data has them. Sub-folders of a side are its classes; those of b are
only kept where a has them too.
"""

from collections.abc import Mapping

import numpy as np

from ganstudy.data.cuts import in_splits
from ganstudy.data.places import quoted
from ganstudy.data.sides import Reader, Sided, Where, find_sides, split_of, splits_of
from ganstudy.dataset import Array, Dataset
from ganstudy.errors import InputError
from ganstudy.files import Images, Labels
from ganstudy.params import DataParams
from ganstudy.progress import log
from ganstudy.spaces import DOMAINS, Label, Space, sample_space

JOINED: Mapping[str, Where] = {
    f"{folder}{side.upper()}": (split, side)
    for folder, split in (("train", "train"), ("val", "validation"), ("test", "test"))
    for side in DOMAINS
}
KINDS = {1: "grey", 3: "in colour"}


def domains(
    a: Images,
    b: Images,
    label_a: Labels | None = None,
    label_b: Labels | None = None,
    classes: int = 0,
) -> Dataset:
    """Images (N, H, W, C) and (M, H', W', C'), each with labels where there are any."""
    fields: dict[str, Array] = {"a": a, "b": b}
    spaces: dict[str, Space] = {name: sample_space(x.shape[1:]) for name, x in fields.items()}
    groups = []
    for side, labels in zip(DOMAINS, (label_a, label_b), strict=True):
        name = f"label_{side}"
        groups.append((side,) if labels is None else (side, name))
        if labels is not None:
            fields[name], spaces[name] = labels, Label(classes)
    return Dataset(fields, spaces, tuple(groups))


def user_spaces(params: DataParams) -> dict[str, Space]:
    """What params tell of a user's domains: colour where they leave it open."""
    side, channels = params.resolution or 0, params.channels or 3
    return {name: sample_space((side, side, channels)) for name in DOMAINS}


def read_user_domains(params: DataParams) -> dict[str, Dataset]:
    """A user's folder, in splits; sides may differ in number and in channels. Raises `InputError`
    where a side is empty, or labels do not match."""
    found = find_sides(params, DOMAINS, JOINED)
    splits, reader = list(found.names), Reader(params, found.root, found.place)
    images: dict[str, dict[str, Images]] = {split: {} for split in splits}
    named: dict[str, dict[str, list[str]]] = {split: {} for split in splits}
    for side in DOMAINS:
        every = [(split, name) for split in splits for name in found.names[split][side]]
        (read,), kept = reader.read([(name,) for _, name in every])
        log(f"{quoted(found.root)}: {side} has {len(kept):,} pictures, {KINDS[read.shape[3]]}")
        of = [every[index][0] for index in kept]
        for split, here in splits_of(found.root, of, splits).items():
            images[split][side] = read[here]
            named[split][side] = [every[index][1] for index in kept[here]]
    classes = _classes(params, found, named)
    number = {name: index for index, name in enumerate(classes)}

    def labels(split: str, side: str) -> Labels | None:
        told = [_class_of(name) for name in named[split][side]]
        return np.array([number[name] for name in told], np.int64) if all(told) and number else None

    return in_splits(
        {
            split: domains(
                both["a"], both["b"], labels(split, "a"), labels(split, "b"), len(classes)
            )
            for split, both in images.items()
        },
        params,
    )


def _classes(
    params: DataParams, found: Sided, named: Mapping[str, Mapping[str, list[str]]]
) -> list[str]:
    """The classes of a, and of b where b has any. Raises `InputError` where b alone has, where they
    differ, or where some pictures of a side have a class and some have none."""
    if params.labels == "none":
        return []
    known: dict[str, set[str]] = {}
    for side in DOMAINS:
        told = {_class_of(name) for split in named.values() for name in split[side]}
        if "" in told and len(told) > 1:
            raise InputError(
                f"{quoted(found.root)}: some pictures of {side} are in sub-folders and some are "
                "not: put all into classes, or set data.labels: none"
            )
        known[side] = told - {""}
    a, b = known["a"], known["b"]
    if b and not a:
        raise InputError(
            f"{quoted(found.root)}: b has classes and a has none: label a (models that learn from "
            "labels read those of a), or set data.labels: none"
        )
    if b and a != b:
        odd = sorted(a ^ b)[0]
        raise InputError(
            f"{quoted(found.root)}: {odd!r} is a class of {'a' if odd in a else 'b'} alone: both "
            "have the same, or set data.labels: none"
        )
    if a and not b:
        log(f"{quoted(found.root)}: a has {len(a)} classes and b is not labelled")
    return sorted(a)


def _class_of(name: str) -> str:
    """The sub-folder of a side; empty where there is none."""
    first, _, rest = name.partition("/")
    if first not in JOINED:  # else the split and the side are one folder
        rest = split_of(name)[1].partition("/")[2]
    folder, _, picture = rest.partition("/")
    return folder if picture else ""
