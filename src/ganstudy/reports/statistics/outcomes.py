"""One metric of every run of a grid, failed and missing runs included."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Outcomes:
    """A value for each loss and seed; seeds are paired across losses: equal data order, equal
    initial codes.

    `names` of the losses, L of them; `seeds`, S of them; `values` float (L, S), NaN where the run
    is not there; `failed` bool (L, S), runs that count as worse than every other, whatever their
    value; `lower_is_better` says which way the metric goes. Raises `ValueError` where shapes do not
    fit, a name is there twice, or a value is infinite.
    """

    names: Sequence[str]
    seeds: Sequence[int]
    values: Array
    failed: npt.NDArray[np.bool_]
    lower_is_better: bool = True

    def __post_init__(self) -> None:
        shape = (len(self.names), len(self.seeds))
        if self.values.shape != shape or self.failed.shape != shape:
            raise ValueError(
                f"values and failed must be {shape} (losses, seeds); they are "
                f"{self.values.shape} and {self.failed.shape}"
            )
        if len(set(self.names)) < len(self.names) or len(set(self.seeds)) < len(self.seeds):
            raise ValueError(f"names and seeds must differ: {self.names}, {self.seeds}")
        if np.isinf(self.values).any():
            raise ValueError("values must be finite, or NaN for a run that is not there")

    def costs(self) -> Array:
        """Values (L, S) turned so that lower is better: +inf where a run failed, NaN where it is
        not there and did not fail."""
        costs: Array = np.where(self.failed, np.inf, self.sign * self.values)
        return costs

    def cost(self, name: str) -> Array:
        """The costs (n,) of one loss's runs that are there."""
        costs: Array = self.costs()[list(self.names).index(name)]
        return costs[~np.isnan(costs)]

    def paired(self, first: str, second: str) -> tuple[Array, Array]:
        """The costs (n,) of two losses at the seeds that both have."""
        rows = [self.costs()[list(self.names).index(name)] for name in (first, second)]
        both = ~np.isnan(rows).any(axis=0)
        return rows[0][both], rows[1][both]

    def rows(self, names: Sequence[str]) -> "Outcomes":
        """Those of some of the losses."""
        index = [list(self.names).index(name) for name in names]
        return Outcomes(
            names, self.seeds, self.values[index], self.failed[index], self.lower_is_better
        )

    @property
    def sign(self) -> float:
        """What turns a value into a cost, and a cost into a value."""
        return 1.0 if self.lower_is_better else -1.0


def as_costs(values: Any, name: str, minimum: int = 1) -> Array:
    """`values` as float64 (n,), n >= `minimum`, without NaN and -inf; +inf is a failed run."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or len(array) < minimum:
        raise ValueError(f"{name} must be (n,) with n >= {minimum}; it is {array.shape}")
    if np.isnan(array).any() or np.isneginf(array).any():
        raise ValueError(f"{name} must be numbers, or inf for a failed run; it is {array}")
    return array
