"""How fingerprints compute and write numbers, so that every CPU writes the same."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch


@contextmanager
def in_float64() -> Iterator[None]:
    """Inside, torch computes in float64: other CPUs then differ in digits that are not written."""
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(default)


def texts(values: Mapping[str, float], digits: int) -> dict[str, str]:
    """Each value with so many significant digits."""
    return {name: f"{value:.{digits - 1}e}" for name, value in values.items()}
