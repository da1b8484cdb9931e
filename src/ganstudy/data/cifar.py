"""CIFAR-10 from its binary version: 32×32 colour images in ten classes.

The better known python version is a set of pickles, which are never read here.
"""

import tempfile
from pathlib import Path

import numpy as np

from ganstudy import files
from ganstudy.data.download import download
from ganstudy.data.images import Split
from ganstudy.data.locations import FOLDER_VARIABLE, Raw, UnavailableError, Way, find_folder, first
from ganstudy.errors import InputError
from ganstudy.params import DataParams
from ganstudy.progress import log

URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
MD5 = "c32a1d4ab5d03f1284b67883e8d87530"
FOLDER = "cifar-10-batches-bin"
TRAIN = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
TEST = "test_batch.bin"
CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
SIDE = 32
RECORD = 1 + 3 * SIDE * SIDE  # a label, then the red, green and blue planes
RECORDS = 10_000


def read_cifar10(_params: DataParams) -> Raw:
    """Reads CIFAR-10 by the first way that works; see `ways.first` for errors."""
    ways = [Way(FOLDER_VARIABLE, _from_user), Way("download", _from_download)]
    advice = (
        f"set {FOLDER_VARIABLE} to the folder with the files {', '.join((*TRAIN, TEST))} of "
        "CIFAR-10's binary version, or connect this machine to the internet"
    )
    return first("cifar10", ways, advice)


def read_batch(path: Path, records: int) -> Split:
    """Reads one file of `records` images: uint8 (records, 32, 32, 3), labels 0..9.

    Raises `InputError` naming the file when its size or a label is not what it should be.
    """
    try:
        size = path.stat().st_size
        if size != records * RECORD:
            raise InputError(f"{path} has {size:,} bytes; {records * RECORD:,} are expected")
        rows = np.fromfile(path, np.uint8).reshape(records, RECORD)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    labels = rows[:, 0].astype(np.int64)
    if labels.max() >= len(CLASSES):
        raise InputError(f"{path}: label {labels.max()}, of {len(CLASSES)} classes")
    planes = rows[:, 1:].reshape(records, 3, SIDE, SIDE)
    return Split(np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), labels)


def _from_user() -> Raw:
    folder = find_folder((FOLDER,), _lacks)
    log(f"{folder}: sizes and labels are checked; there are no checksums to compare its files to")
    return _from_folder(folder)


def _from_download() -> Raw:
    from torchvision.datasets.utils import extract_archive

    with tempfile.TemporaryDirectory(prefix="ganstudy-") as temporary:
        folder = Path(temporary)
        extract_archive(str(download([URL], MD5, folder)), temporary)
        if lacking := _lacks(folder / FOLDER):
            raise UnavailableError(f"{URL} lacks {', '.join(lacking)}")
        return _from_folder(folder / FOLDER)


def _from_folder(folder: Path) -> Raw:
    batches = [read_batch(folder / name, RECORDS) for name in TRAIN]
    train = Split(
        np.concatenate([batch.images for batch in batches]),
        np.concatenate([batch.labels for batch in batches if batch.labels is not None]),
    )
    test = read_batch(folder / TEST, RECORDS)
    digests = {name: files.sha256_file(folder / name) for name in (*TRAIN, TEST)}
    return Raw(train, test, CLASSES, sha256=digests)


def _lacks(folder: Path) -> list[str]:
    return [name for name in (*TRAIN, TEST) if not (folder / name).is_file()]
