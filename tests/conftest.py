"""Fixtures that several folders of tests share: one finished study serves all processes."""

from collections.abc import Iterator

import pytest
import torch
from playwright.sync_api import Browser

from browser import MISSING, launched
from pipeline.workspace import built, finished, project

__all__ = ["built", "finished", "project"]


@pytest.fixture(autouse=True)
def same_draws() -> None:
    """Networks that a test makes have the same weights, whichever tests ran before it."""
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The only one of its process: Playwright's loop suffers no second beside it."""
    try:
        with launched() as found:
            yield found
    except FileNotFoundError:
        pytest.fail(MISSING, pytrace=False)
