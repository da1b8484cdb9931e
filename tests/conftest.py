"""Fixtures that several folders of tests share: one finished study serves all processes."""

import pytest
import torch

from pipeline.workspace import built, finished, project

__all__ = ["built", "finished", "project"]


@pytest.fixture(autouse=True)
def same_draws() -> None:
    """Networks that a test makes have the same weights, whichever tests ran before it."""
    torch.manual_seed(0)
