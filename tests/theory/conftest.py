"""One small study for all tests of the theory."""

import os
from pathlib import Path

import pytest

from theory.small import laid, played


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small study that was played and drawn."""
    folder = laid(tmp_path_factory.mktemp("theory") / "study")
    before = Path.cwd()
    os.chdir(folder)
    try:
        played()
    finally:
        os.chdir(before)
    return folder
