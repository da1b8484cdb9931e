"""Datasets: named arrays, what each of them is, and which of them share rows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ganstudy.files import Labels, Samples
from ganstudy.spaces import Space

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Dataset:
    """Fields by name, each with its space. Fields of a group share rows (images and their labels,
    the two sides of a pair); groups are shuffled apart (two domains without pairs).

    Raises `ValueError` where fields, spaces and groups do not name the same, or a group's fields
    differ in rows.
    """

    fields: Mapping[str, Array]
    spaces: Mapping[str, Space]
    groups: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        grouped = sorted(name for group in self.groups for name in group)
        if not grouped == sorted(self.fields) == sorted(self.spaces):
            raise ValueError(
                f"fields {sorted(self.fields)}, spaces {sorted(self.spaces)} and groups {grouped}"
            )
        for group in self.groups:
            if len({len(self.fields[name]) for name in group}) != 1:
                rows = {name: len(self.fields[name]) for name in group}
                raise ValueError(f"fields of a group share rows; these differ: {rows}")

    def only(self, names: Iterable[str]) -> "Dataset":
        """The dataset of these fields alone."""
        wanted = set(names)
        groups = (tuple(name for name in group if name in wanted) for group in self.groups)
        return Dataset(
            {name: array for name, array in self.fields.items() if name in wanted},
            {name: space for name, space in self.spaces.items() if name in wanted},
            tuple(group for group in groups if group),
        )


def random_rows(spaces: Mapping[str, Space], rng: np.random.Generator, count: int) -> Dataset:
    """`count` random rows of such spaces, all in one group."""
    fields = {name: space.draw(rng, count) for name, space in spaces.items()}
    return Dataset(fields, spaces, (tuple(fields),))


def labelled_data(samples: Samples, labels: Labels | None, spaces: Mapping[str, Space]) -> Dataset:
    """Samples as `x` and their labels as `y`, as far as `spaces` ask for them."""
    there: dict[str, Array] = {"x": samples} | ({} if labels is None else {"y": labels})
    fields = {name: there[name] for name in spaces}
    return Dataset(fields, spaces, (tuple(fields),))
