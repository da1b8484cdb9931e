"""Split data on disk: what `fetch` and `prepare` leave, and how later stages read it."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NamedTuple

from pydantic import ConfigDict, TypeAdapter, ValidationError

from ganstudy import files
from ganstudy.errors import InputError, nearest
from ganstudy.files import Labels, Samples
from ganstudy.params import KINDS, DataKind, Kind

SPLITS = ("train", "validation", "test")
INFO = "data.json"


class Split(NamedTuple):
    """Images (N, H, W, C) uint8 in 0..255, or points (N, d) float32; labels (N,) int64 or None."""

    images: Samples
    labels: Labels | None

    def digest(self) -> str:
        """SHA-256 over the arrays, in hex."""
        return files.sha256_arrays(*self.arrays())

    def arrays(self) -> list[Samples | Labels]:
        """The arrays that are there, as an npz holds them."""
        return [self.images] if self.labels is None else [self.images, self.labels]


@dataclass(frozen=True)
class DataInfo:
    """What data.json says: `shape` of one sample, (H, W, C) or (d,); `scale` by which networks see
    points divided (1 for images); counts and digests of the splits."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: str
    kind: Kind
    shape: tuple[int] | tuple[int, int, int]
    scale: float
    classes: tuple[str, ...] | None
    train: int
    validation: int
    test: int
    sha256_train: str
    sha256_validation: str
    sha256_test: str

    @property
    def traits(self) -> DataKind:
        """What holds for data of its kind."""
        return KINDS[self.kind]


def load_info(prepared: Path) -> DataInfo:
    """Reads `prepared`/data.json. Raises `InputError` when it is missing or malformed."""
    path = prepared / INFO
    if not path.is_file():
        raise InputError(f"{path} is missing: run `dvc repro prepare`")
    try:
        return TypeAdapter(DataInfo).validate_python(files.read_json(path))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise InputError(
            f"{path}: {key or 'content'}: {first['msg'].lower()}: run `dvc repro prepare`"
        ) from error


def load_split(prepared: Path, split: str) -> Split:
    """Reads one split; see `Split`.

    Raises `InputError` when `split` is no split's name, when the file is missing, or when its
    content is not what data.json says.
    """
    if split not in SPLITS:
        raise InputError(f"there is no split {split!r}; {nearest(split, SPLITS)}")
    return _load(prepared, split, load_info(prepared))


def read_checked(path: Path, digest: str, remedy: str) -> Split:
    """Reads a split whose arrays must have `digest`; `remedy` tells the user how to get it."""
    if not path.is_file():
        raise InputError(f"{path} is missing: run `{remedy}`")
    split = Split(*files.read_samples(path))
    if split.digest() != digest:  # half of one run and half of another, or an edited file
        raise InputError(f"{path} is not the file that the JSON beside it tells of: run `{remedy}`")
    return split


def _load(prepared: Path, split: str, info: DataInfo) -> Split:
    digests = {
        "train": info.sha256_train,
        "validation": info.sha256_validation,
        "test": info.sha256_test,
    }
    return read_checked(prepared / f"{split}.npz", digests[split], "dvc repro prepare")
