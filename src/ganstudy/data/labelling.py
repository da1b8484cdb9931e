"""Which picture is of which class and split: by names alone, refused where they do not tell.

Layouts that are read: pictures directly in the folder; one sub-folder a class; either of them in
folders named train, validation (val, valid) and test; StyleGAN's numbered folders, with classes in
dataset.json.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from ganstudy.errors import InputError

LabelSource = Literal["folders", "dataset.json", "none"]
SPLIT_FOLDERS = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}
# trainA, test_images, val2017, dev: splits, perhaps, by names that are not known.
LIKE_SPLITS = re.compile(
    r"(?:train|training|val|valid|validation|test|testing|dev|eval|holdout)"
    r"(?:[-_ ]?(?:[a-z]|\d+|data|images|imgs|set|split))?",
    re.IGNORECASE,
)
# Names by which tools spread files over folders or workers: 00000, shard-3, worker_1, 3f.
NUMBERED = re.compile(
    r"(?:(?:batch|chunk|device|dir|epoch|fold|folder|gpu|group|iter|job|node|part|proc|process|rank"
    r"|run|samples?|seed|set|shard|split|step|subset|task|thread|worker)[-_ ]?)?"
    r"\d+(?:[-_]of[-_]\d+)?",
    re.IGNORECASE,
)
HEXADECIMAL = re.compile(r"[0-9a-f]{2}", re.IGNORECASE)
ANSWERS = (
    "set data.labels: folders where they are the classes, or data.labels: none where they are not"
)


class UnsureLabelsError(InputError):
    """Names that do not say for sure what the classes are: the user knows, the message asks, and
    `data.labels: none` always is an answer."""


@dataclass(frozen=True)
class Labelling:
    """Names of pictures, those of a split one after the other; `classes` is empty where there are
    none, `labels` gives the class of a name; `splits` is empty where there are none."""

    names: tuple[str, ...]
    classes: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    splits: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notices: tuple[str, ...] = ()


def label(
    names: Sequence[str], dataset: Mapping[str, Any] | None, source: LabelSource | None
) -> Labelling:
    """Classes and splits of pictures with the relative paths `names`, at least one.

    `dataset` is the content of dataset.json where there is one; see `read_dataset`. Without a
    `source` labels come from there, else from folders. Raises `UnsureLabelsError` where either
    could be meant, and `InputError` where the layout is none of the module's.
    """
    names = tuple(sorted(names))
    if source == "dataset.json" or (source is None and dataset and dataset["labels"] is not None):
        return _by_dataset(names, dataset)
    if source == "none":
        return _in_splits(names) or Labelling(names)
    if source is None and dataset and _are_numbered(_tops(names)):
        return Labelling(names)  # it says that there are no labels
    if source is None and dataset and _tops(names):
        raise UnsureLabelsError(
            f"dataset.json says that there are no labels, and there are sub-folders: {ANSWERS}"
        )
    return _by_folders(names, source)


def read_dataset(content: bytes) -> Mapping[str, Any] | None:
    """StyleGAN's dataset.json: `labels` maps names to classes, or is None; None where the JSON is
    something else. Raises `InputError` for what only looks like it."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputError(f"dataset.json is not valid JSON: {error}") from error
    if not isinstance(found, dict) or "labels" not in found:
        return None
    pairs = found["labels"]
    if pairs is None:
        return {"labels": None}
    if isinstance(pairs, dict):
        pairs = list(pairs.items())
    if not isinstance(pairs, list):
        raise InputError("dataset.json: labels must be a list of [name, label], or null")
    labels: dict[str, int | str] = {}
    for pair in pairs:
        if not (isinstance(pair, list | tuple) and len(pair) == 2 and isinstance(pair[0], str)):
            raise InputError(f"dataset.json: labels must be [name, label]; there is {_short(pair)}")
        name, value = pair[0].replace("\\", "/").removeprefix("./"), pair[1]
        number = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        if not number and not (isinstance(value, str) and value):
            raise UnsureLabelsError(
                f"dataset.json: the label of {name!r} is {_short(value)}, which is no class: a "
                "whole number from 0 or a name is; with data.labels: none labels are not read"
            )
        if labels.setdefault(name, value) != value:
            raise InputError(f"dataset.json labels {name!r} twice, differently")
    return {"labels": labels}


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:40] + "…"


def _by_dataset(names: tuple[str, ...], dataset: Mapping[str, Any] | None) -> Labelling:
    if dataset is None:
        raise InputError("data.labels: dataset.json, but there is no dataset.json with labels")
    if dataset["labels"] is None:
        raise InputError("dataset.json says that there are no labels: set data.labels to none")
    found: Mapping[str, int | str] = dataset["labels"]
    lacking = [name for name in names if name not in found]
    if lacking:
        raise UnsureLabelsError(
            f"dataset.json labels {len(names) - len(lacking):,} of {len(names):,} pictures, and "
            f"{lacking[0]!r} is not among them; with data.labels: none all are read without labels"
        )
    values = {found[name] for name in names}
    numbers = all(isinstance(value, int) for value in values)
    if not numbers and any(isinstance(value, int) for value in values):
        raise InputError("dataset.json: labels are either numbers or names; there are both")
    classes = tuple(str(value) for value in sorted(values, key=lambda value: (value,)))
    _must_be_text(classes)
    absent = len(found) - len(names)
    notices = ["the classes are those of dataset.json"]
    if absent:
        notices.append(f"dataset.json labels {absent:,} pictures that are not there")
    layout = _in_splits(names) or Labelling(names)
    return replace(
        layout,
        classes=classes,
        labels={name: str(found[name]) for name in names},
        notices=tuple(notices),
    )


def _by_folders(names: tuple[str, ...], source: LabelSource | None) -> Labelling:
    tops = _tops(names)
    direct = [name for name in names if "/" not in name]
    if direct and tops:
        nested = next(name for name in names if "/" in name)
        raise UnsureLabelsError(
            f"it holds pictures ({direct[0]!r}) and sub-folders of pictures ({nested!r}): put each "
            "picture into its class's folder, or all directly inside; with data.labels: none they "
            "are read without classes"
        )
    if direct:
        return Labelling(names)
    deep = next((name for name in names if name.count("/") > 1), None)
    if _are_splits(tops) and (source is None or deep):
        return _splits_by_folders(names, source)
    if source is None and _are_like_splits(tops):
        raise UnsureLabelsError(
            f"it has sub-folders named like splits ({_listed(tops)}): name them train, val and "
            f"test, with no others beside them, or {ANSWERS}"
        )
    if deep:
        raise _too_deep(deep)
    if source is None and _are_numbered(tops):
        raise UnsureLabelsError(
            f"it has sub-folders named by number ({_listed(tops)}), as classes may be and parts of "
            f"a set: {ANSWERS}"
        )
    return Labelling(names, *_classes(names, 0))


def _splits_by_folders(names: tuple[str, ...], source: LabelSource | None) -> Labelling:
    splits = _in_splits(names)
    if splits is None:
        raise UnsureLabelsError(
            f"it has folders named as splits ({_listed(_tops(names))}) and none to train on: name "
            f"one train, or {ANSWERS}"
        )
    with_classes = {name.split("/")[0]: name for name in names if name.count("/") > 1}
    without = {name.split("/")[0]: name for name in names if name.count("/") == 1}
    if not with_classes:
        return splits
    if without:
        raise UnsureLabelsError(
            f"pictures of a split lie in folders of classes ({min(with_classes.values())!r}) and "
            f"directly in it ({min(without.values())!r}): sort all into classes; with data.labels: "
            "none all are read without"
        )
    deep = next((name for name in names if name.count("/") > 2), None)
    if deep:
        raise _too_deep(deep)
    classes, labels = _classes(names, 1)
    if source is None and _are_numbered(classes):
        raise UnsureLabelsError(
            f"its splits have sub-folders named by number ({_listed(classes)}), as classes may be "
            f"and parts of a set: {ANSWERS}"
        )
    known = {labels[name] for name in splits.splits["train"]}
    for name in names:
        if labels[name] not in known:
            raise InputError(f"no training picture is of the class of {name!r}")
    return Labelling(splits.names, classes, labels, splits.splits)


def _in_splits(names: tuple[str, ...]) -> Labelling | None:
    """Without classes; None where the top folders are no splits, or none is to train on."""
    tops = _tops(names)
    if not _are_splits(tops) or any("/" not in name for name in names):
        return None
    folders: dict[str, str] = {}
    for top in tops:
        split = SPLIT_FOLDERS[top.lower()]
        if split in folders:
            raise InputError(
                f"{folders[split]!r} and {top!r} both name the {split} split: move one away"
            )
        folders[split] = top
    if "train" not in folders:
        return None
    splits: dict[str, tuple[str, ...]] = {
        split: tuple(name for name in names if name.split("/")[0] == folders[split])
        for split in ("train", "validation", "test")
        if split in folders
    }
    return Labelling(tuple(name for part in splits.values() for name in part), splits=splits)


def _tops(names: Sequence[str]) -> list[str]:
    return sorted({name.split("/")[0] for name in names if "/" in name})


def _classes(names: Sequence[str], level: int) -> tuple[tuple[str, ...], dict[str, str]]:
    labels = {name: name.split("/")[level] for name in names}
    classes = tuple(sorted(set(labels.values())))
    _must_be_text(classes)
    return classes, labels


def _must_be_text(classes: Sequence[str]) -> None:
    for name in classes:
        try:
            name.encode()
        except UnicodeEncodeError as error:  # it could not be written to a report
            raise InputError(f"{name!r} is no text: rename it") from error


def _are_splits(tops: Sequence[str]) -> bool:
    return bool(tops) and all(top.lower() in SPLIT_FOLDERS for top in tops)


def _are_like_splits(tops: Sequence[str]) -> bool:
    """All of them, or several: a train may be a class among others."""
    alike = sum(bool(LIKE_SPLITS.fullmatch(top)) for top in tops)
    return alike == len(tops) or alike > 1


def _are_numbered(tops: Sequence[str]) -> bool:
    if not tops:
        return False
    hexadecimal = all(HEXADECIMAL.fullmatch(top) for top in tops)
    return all(NUMBERED.fullmatch(top) for top in tops) or (
        hexadecimal and any(char.isdigit() for top in tops for char in top)
    )


def _too_deep(name: str) -> UnsureLabelsError:
    return UnsureLabelsError(
        f"{name!r} lies too deep: pictures lie directly in the folder, or in one sub-folder for "
        "each class; with data.labels: none they are read from any depth, without classes"
    )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:3])
    return f"{shown}, … {names[-1]!r}" if len(names) > 4 else ", ".join(map(repr, names))
