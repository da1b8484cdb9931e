"""Getting a data set: by name, from wherever this machine has it, to plain arrays."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ganstudy import files
from ganstudy.data.cifar import read_cifar10
from ganstudy.data.folder import read_folder
from ganstudy.data.images import Split
from ganstudy.data.mnist import FASHION_MNIST, KMNIST, MNIST
from ganstudy.data.points import MIXTURES
from ganstudy.data.ways import Raw
from ganstudy.errors import InputError
from ganstudy.params import DataParams, DatasetName
from ganstudy.progress import say

INFO = "source.json"


def fetch(params: DataParams, out: Path) -> None:
    """Writes `out`/train.npz, `out`/test.npz where the data has its own, and `out`/source.json.

    An npz holds images uint8 (N, H, W, C) or points float32 (N, d) and, for labelled data, labels
    int64 (N,); stacked data sets are stacked by `prepare`, here they are what they are made of.
    source.json
    is flat: name, classes, counts (test is null without a test split) and checksums. It does not
    say by which way the data came, so that the same data is the same file on every machine.
    Raises `InputError` when the data cannot be had, saying why, or is damaged.
    """
    raw = SOURCES[params.name](params)
    files.write_npz(out / "train.npz", *raw.train.arrays())
    if raw.test is None:
        (out / "test.npz").unlink(missing_ok=True)  # another data set's
    else:
        files.write_npz(out / "test.npz", *raw.test.arrays())
    files.write_json(out / INFO, _describe(params.name, raw))
    own = "no test split" if raw.test is None else f"{len(raw.test.images):,} test samples"
    say(f"{params.name}: {len(raw.train.images):,} samples and {own} in {out}")


def _describe(name: str, raw: Raw) -> dict[str, Any]:
    return {
        "name": name,
        "classes": None if raw.classes is None else list(raw.classes),
        "skipped": raw.skipped,
        "train": len(raw.train.images),
        "test": None if raw.test is None else len(raw.test.images),
        "sha256_train": raw.train.digest(),
        "sha256_test": None if raw.test is None else raw.test.digest(),
        **{f"sha256_of_{file}": digest for file, digest in raw.sha256.items()},
    }


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
    )
    split = Split(found.images, found.labels)
    return Raw(split, None, found.classes or None, skipped=len(found.skipped))


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
