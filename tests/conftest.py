"""Fixtures that several folders of tests share: one finished study serves them all."""

import pytest
import torch

from pipeline.workspace import finished, project

__all__ = ["finished", "project"]


@pytest.fixture(autouse=True)
def same_draws() -> None:
    """Networks that a test makes have the same weights, whichever tests ran before it."""
    torch.manual_seed(0)
