"""Spaces: what one field of the data is, or one input or output of a network.

A space says how values lie on disk (`stored`, of one sample) and how networks see them (`size`,
likewise), and goes from one to the other. torch is imported where tensors are made: data is
prepared without it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

from ganstudy.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt
    from numpy.random import Generator
    from torch import Tensor

    Array = npt.NDArray[Any]

SMALLEST_BASE, LARGEST_BASE = 4, 15
DOMAINS = ("a", "b")  # fields of images of two domains, wherever there are two


class Space(Protocol):
    """What all spaces have. The numbers that tell one of its kind from another are its fields."""

    @property
    def size(self) -> tuple[int, ...]:
        """The shape of one value, as networks see it."""

    def encode(self, stored: "Tensor") -> "Tensor":
        """Values as they are stored, as networks see them."""

    def decode(self, seen: "Tensor") -> "Tensor":
        """And back."""

    def tiny(self, share: float) -> "Space":
        """A space like it whose sides are this share of its own, for fingerprints."""

    def draw(self, rng: "Generator", count: int) -> "Array":
        """`count` random values, as they are stored."""


@dataclass(frozen=True)
class Image:
    """Images of so many channels, rows and columns; networks see them in [-1, 1]."""

    channels: int
    height: int
    width: int
    scale: ClassVar[float] = 1.0

    @property
    def stored(self) -> tuple[int, ...]:
        """(H, W, C)."""
        return (self.height, self.width, self.channels)

    @property
    def size(self) -> tuple[int, ...]:
        """(C, H, W)."""
        return (self.channels, self.height, self.width)

    @property
    def values(self) -> int:
        """Numbers in one image."""
        return self.channels * self.height * self.width

    def encode(self, stored: "Tensor") -> "Tensor":
        """uint8 (N, H, W, C) in [0, 255] to (N, C, H, W) in [-1, 1], in torch's default dtype."""
        import torch

        images = stored.permute(0, 3, 1, 2)
        return (
            images.to(torch.get_default_dtype(), memory_format=torch.contiguous_format)
            .mul_(2 / 255)
            .sub_(1)
        )

    def decode(self, seen: "Tensor") -> "Tensor":
        """(N, C, H, W) in [-1, 1] to uint8 (N, H, W, C), rounded to nearest."""
        import torch

        pixels = seen.float().add(1).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8)
        return pixels.permute(0, 2, 3, 1)

    def tiny(self, share: float) -> "Image":
        """Smaller ones; a side has 4 pixels at least."""
        height, width = (max(4, round(share * side)) for side in (self.height, self.width))
        return Image(self.channels, height, width)

    def draw(self, rng: "Generator", count: int) -> "Array":
        """Noise."""
        return rng.integers(0, 256, (count, *self.stored)).astype("uint8")

    def pyramid(self) -> list[tuple[int, int]]:
        """Sizes (height, width) from the base up to the full image, each twice the one before.

        28 gives 7, 14, 28; 32 gives 4, 8, 16, 32. Raises `InputError` when halving ends on a base
        that is too large to start from, naming sizes that work.
        """
        sizes = [(self.height, self.width)]
        while True:
            height, width = sizes[0]
            if height % 2 or width % 2 or min(height, width) // 2 < SMALLEST_BASE:
                break
            sizes.insert(0, (height // 2, width // 2))
        if max(sizes[0]) > LARGEST_BASE or len(sizes) < 2:
            raise InputError(
                f"a convolutional network cannot reach {self.height}×{self.width} by doubling a "
                f"base of {SMALLEST_BASE} to {LARGEST_BASE} pixels; near it: data.resolution "
                f"{_near(max(self.height, self.width))}, or network.name mlp"
            )
        return sizes


@dataclass(frozen=True)
class Points:
    """Points of `dimensions` coordinates; networks see them divided by `scale`."""

    dimensions: int
    scale: float

    @property
    def stored(self) -> tuple[int, ...]:
        """(d,)."""
        return (self.dimensions,)

    size = stored

    @property
    def values(self) -> int:
        """Coordinates of one point."""
        return self.dimensions

    def encode(self, stored: "Tensor") -> "Tensor":
        """float32 (N, d) to the same in units of `scale`, in torch's default dtype."""
        import torch

        return stored.to(torch.get_default_dtype()) / self.scale

    def decode(self, seen: "Tensor") -> "Tensor":
        """(N, d) in units of `scale` to float32 (N, d)."""
        return seen.float() * self.scale

    def tiny(self, share: float) -> "Points":
        """The same: a point has no sides."""
        return self

    def draw(self, rng: "Generator", count: int) -> "Array":
        """From N(0, I)."""
        return rng.normal(size=(count, *self.size)).astype("float32")

    def pyramid(self) -> list[tuple[int, int]]:
        """Points have none: raises `InputError`."""
        raise InputError(
            "a convolutional network cannot make points, which have no pixels: use network.name mlp"
        )


@dataclass(frozen=True)
class Voxels:
    """Solids on a grid of so many cells upwards (depth), back (height) and across (width); networks
    see each cell's occupancy in [0, 1]."""

    depth: int
    height: int
    width: int
    scale: ClassVar[float] = 1.0

    @property
    def stored(self) -> tuple[int, ...]:
        """(D, H, W)."""
        return (self.depth, self.height, self.width)

    @property
    def size(self) -> tuple[int, ...]:
        """(1, D, H, W)."""
        return (1, *self.stored)

    @property
    def values(self) -> int:
        """Cells of one solid."""
        return self.depth * self.height * self.width

    def encode(self, stored: "Tensor") -> "Tensor":
        """bool (N, D, H, W) to 0 and 1, (N, 1, D, H, W) in torch's default dtype."""
        import torch

        return stored[:, None].to(torch.get_default_dtype())

    def decode(self, seen: "Tensor") -> "Tensor":
        """Occupancies (N, 1, D, H, W) in [0, 1] to bool (N, D, H, W): more than half full."""
        return seen[:, 0] > 0.5

    def tiny(self, share: float) -> "Voxels":
        """The smallest that networks for voxels make."""
        return Voxels(8, 8, 8)

    def draw(self, rng: "Generator", count: int) -> "Array":
        """Cells full or empty by chance."""
        return rng.random((count, *self.stored)) < 0.5

    def pyramid(self) -> list[tuple[int, int]]:
        """Solids have no rows and columns: raises `InputError`."""
        raise InputError(
            "a network for pictures cannot make voxels, which are solid: use a model of voxels, "
            "such as gan3d"
        )


FlatSpace = Image | Points  # what networks for pictures, or for points, make
SampleSpace = FlatSpace | Voxels  # what is generated and measured


class _Plain:
    """A space that networks see as it is stored."""

    def encode(self, stored: "Tensor") -> "Tensor":
        """The same."""
        return stored

    def decode(self, seen: "Tensor") -> "Tensor":
        """The same."""
        return seen

    def tiny(self, share: float) -> Self:
        """The same."""
        return self


@dataclass(frozen=True)
class Label(_Plain):
    """Classes 0 … `classes` - 1, int64 (N,)."""

    classes: int
    size: ClassVar[tuple[int, ...]] = ()

    def draw(self, rng: "Generator", count: int) -> "Array":
        """Each equally often."""
        return rng.integers(0, self.classes, count)


@dataclass(frozen=True)
class Noise(_Plain):
    """Codes (N, dimensions): z ~ N(0, I), or what an encoder makes of samples."""

    dimensions: int

    @property
    def size(self) -> tuple[int, ...]:
        """(dimensions,)."""
        return (self.dimensions,)

    def draw(self, rng: "Generator", count: int) -> "Array":
        """From N(0, I)."""
        return rng.normal(size=(count, self.dimensions)).astype("float32")


@dataclass(frozen=True)
class Tokens(_Plain):
    """Texts of up to `length` words as int64 (N, length): word number i of the `vocabulary` is
    i + 1, and 0 stands after the last. Who has the space can read words, like a run that is saved.
    """

    length: int
    vocabulary: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "vocabulary", tuple(self.vocabulary))  # JSON has lists

    @property
    def size(self) -> tuple[int, ...]:
        """(length,)."""
        return (self.length,)

    def draw(self, rng: "Generator", count: int) -> "Array":
        """Texts of any words, one at least."""
        words = rng.integers(1, len(self.vocabulary) + 1, (count, self.length))
        used = rng.integers(1, self.length + 1, (count, 1))
        return words * (range(self.length) < used)


@dataclass(frozen=True)
class Score(_Plain):
    """D's raw scores (N,)."""

    size: ClassVar[tuple[int, ...]] = ()

    def draw(self, rng: "Generator", count: int) -> "Array":
        """From N(0, 1)."""
        return rng.normal(size=count).astype("float32")


SPACES: dict[str, type[Any]] = {
    "image": Image,
    "points": Points,
    "voxels": Voxels,
    "tokens": Tokens,
    "label": Label,
    "noise": Noise,
    "score": Score,
}


def to_json(space: Space) -> dict[str, Any]:
    """A space as JSON values: its name in `SPACES` as `space`, beside its fields."""
    name = next(name for name, kind in SPACES.items() if isinstance(space, kind))
    return {"space": name, **asdict(space)}  # type: ignore[call-overload]


def from_json(content: dict[str, Any]) -> Space:
    """The space that `to_json` wrote. What is no space raises `LookupError` or `TypeError`."""
    fields = dict(content)
    made: Space = SPACES[fields.pop("space")](**fields)
    return made


def sample_space(stored: tuple[int, ...], scale: float = 1.0) -> FlatSpace:
    """The space of samples stored as (H, W, C) images or (d,) points."""
    if len(stored) == 1:
        return Points(stored[0], scale)
    height, width, channels = stored
    return Image(channels, height, width)


def labelled(stored: tuple[int, ...], scale: float = 1.0, classes: int = 0) -> dict[str, Space]:
    """The fields of most data: samples `x` and, where there are classes, labels `y`."""
    fields: dict[str, Space] = {"x": sample_space(stored, scale)}
    return fields | ({"y": Label(classes)} if classes else {})


def partly_labelled(stored: tuple[int, ...], scale: float, classes: int) -> dict[str, Space]:
    """The fields of data of which few samples have labels: all samples `x`, and `labelled` ones
    with their `y`."""
    samples = sample_space(stored, scale)
    return {"x": samples, "labelled": samples, "y": Label(classes)}


def samples_of(spaces: Mapping[str, Space]) -> SampleSpace:
    """The space of samples `x`."""
    found = spaces["x"]
    if not isinstance(found, SampleSpace):
        raise TypeError(f"x is {found}, and no sample")
    return found


def classes_of(spaces: Mapping[str, Space]) -> int:
    """The number of classes of labels `y`; 0 without."""
    labels = spaces.get("y")
    return labels.classes if isinstance(labels, Label) else 0


def _near(side: int) -> int:
    """The reachable side closest to `side`."""
    reachable = [base << k for base in range(SMALLEST_BASE, LARGEST_BASE + 1) for k in range(1, 8)]
    return min(reachable, key=lambda candidate: (abs(candidate - side), candidate))
