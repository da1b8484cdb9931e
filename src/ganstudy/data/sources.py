"""Getting a data set: by name, from wherever this machine has it, to plain arrays."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ganstudy import files
from ganstudy.data.cifar import read_cifar10
from ganstudy.data.folder import FolderImages, Rules, read_folder
from ganstudy.data.images import Split
from ganstudy.data.locations import Raw
from ganstudy.data.mnist import FASHION_MNIST, KMNIST, MNIST
from ganstudy.data.pictures import Rendering
from ganstudy.data.points import MIXTURES
from ganstudy.errors import InputError
from ganstudy.params import DataParams, DatasetName
from ganstudy.progress import log, printable

INFO = "source.json"
CLASSES_SHOWN = 10
NAME_SHOWN = 24  # letters of a class's name


def fetch(params: DataParams, out: Path) -> None:
    """Writes `out`/train.npz, test.npz and validation.npz where the data has its own, and
    source.json.

    An npz holds images uint8 (N, H, W, C) or points float32 (N, d) and, for labelled data, labels
    int64 (N,); stacked data sets are stacked by `prepare`, here they are what they are made of.
    source.json is flat: name, classes, counts (test is null without a test split) and checksums. It
    does not say by which way the data came, so that the same data is the same file on every
    machine. Raises `InputError` when the data cannot be had, saying why, or is damaged.
    """
    raw = SOURCES[params.name](params)
    files.write_npz(out / "train.npz", *raw.train.arrays())
    for name, split in (("test", raw.test), ("validation", raw.validation)):
        if split is None:
            (out / f"{name}.npz").unlink(missing_ok=True)  # another data set's
        else:
            files.write_npz(out / f"{name}.npz", *split.arrays())
    files.write_json(out / INFO, _describe(params.name, raw))
    own = "no test split" if raw.test is None else f"{len(raw.test.images):,} test samples"
    held = "" if raw.validation is None else f", {len(raw.validation.images):,} of validation"
    log(f"{params.name}: {len(raw.train.images):,} samples and {own}{held} in {out}")
    log(f"{params.name}: {_count_classes(raw)}")


def _count_classes(raw: Raw) -> str:
    """The classes with their counts, of all splits together."""
    if raw.classes is None:
        return "no classes"
    counts = np.zeros(len(raw.classes), np.int64)
    for split in (raw.train, raw.test, raw.validation):
        if split is not None and split.labels is not None:
            counts += np.bincount(split.labels, minlength=len(counts))
    shown = list(zip(raw.classes, counts.tolist(), strict=True))[:CLASSES_SHOWN]
    text = ", ".join(f"{_short(printable(name))} {count:,}" for name, count in shown)
    if len(shown) < len(counts):
        text += f", … ({counts.min():,} to {counts.max():,} each)"
    if len(counts) == 1:
        return f"one class: {text}; a judge learns nothing from one, but with data.labels: none"
    return f"{len(counts):,} classes: {text}"


def _short(name: str) -> str:
    return name if len(name) <= NAME_SHOWN else f"{name[: NAME_SHOWN - 5]}…{name[-4:]}"


def _describe(name: str, raw: Raw) -> dict[str, Any]:
    description = {
        "name": name,
        "classes": None if raw.classes is None else list(raw.classes),
        "skipped": raw.skipped,
        "train": len(raw.train.images),
        "test": None if raw.test is None else len(raw.test.images),
        "sha256_train": raw.train.digest(),
        "sha256_test": None if raw.test is None else raw.test.digest(),
        **{f"sha256_of_{file}": digest for file, digest in raw.sha256.items()},
    }
    if raw.validation is not None:
        description["validation"] = len(raw.validation.images)
        description["sha256_validation"] = raw.validation.digest()
    return description


def _read_digits(_params: DataParams) -> Raw:
    """1,797 grey 8×8 images of digits, from scikit-learn itself: 0..16 becomes 0..255."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = (digits.images.astype(np.int64) * 255 + 8) // 16
    labels = digits.target.astype(np.int64)
    return Raw(Split(images.astype(np.uint8)[..., None], labels), None, tuple("0123456789"))


def _read_user_folder(params: DataParams) -> Raw:
    if params.folder is None:
        raise InputError("data.name: folder needs data.folder")
    found = read_folder(
        Path(params.folder).expanduser(),
        resolution=params.resolution,
        channels=params.channels,
        fit=params.fit,
        broken=params.broken,
        rules=folder_rules(params),
    )
    whole = slice(None)
    train, validation, test = (
        _rows(found, found.splits.get(name, whole if name == "train" else None))
        for name in ("train", "validation", "test")
    )
    assert train is not None  # noqa: S101 - splits without it are refused
    return Raw(train, test, found.classes or None, len(found.skipped), validation)


def folder_rules(params: DataParams) -> Rules:
    """How params say that a folder is to be read."""
    return Rules(
        params.labels, params.links, params.pages, Rendering(params.background, params.bits)
    )


def _rows(found: FolderImages, rows: slice | None) -> Split | None:
    if rows is None:
        return None
    return Split(found.images[rows], None if found.labels is None else found.labels[rows])


SOURCES: Mapping[DatasetName, Callable[[DataParams], Raw]] = {
    "fashion_mnist": FASHION_MNIST.read,
    "mnist": MNIST.read,
    "kmnist": KMNIST.read,
    "cifar10": read_cifar10,
    "digits": _read_digits,
    "folder": _read_user_folder,
    "ring": lambda _params: MIXTURES["ring"].raw(),
    "grid": lambda _params: MIXTURES["grid"].raw(),
    "stacked_digits": _read_digits,
    "stacked_fashion": FASHION_MNIST.read,
    "stacked_mnist": MNIST.read,
}
