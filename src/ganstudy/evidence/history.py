"""The course of a training as pages draw it: a few rows, of six digits."""

import io
from pathlib import Path

import numpy as np
import pandas as pd

from ganstudy.errors import InputError
from ganstudy.evidence.limits import ROWS

COUNTS = ("round", "images")  # columns that are whole numbers, and last in a part
DIGITS = "%.6g"


def thinned(history: pd.DataFrame, images: int, rows: int = ROWS) -> pd.DataFrame:
    """The means of `history` over each of `rows` equal parts of a training on so many `images`;
    round and images are those of the part's last row. Terms that a part lacks stay unknown."""
    part = np.ceil(history["images"].to_numpy() * rows / images)
    groups = history.groupby(part)
    found = groups.mean()
    for name in COUNTS:
        found[name] = groups[name].max()
    return found[history.columns].reset_index(drop=True)


def text(history: pd.DataFrame) -> str:
    """`history` as CSV."""
    counts = {name: history[name].astype(np.int64) for name in COUNTS}
    return history.assign(**counts).to_csv(index=False, float_format=DIGITS, lineterminator="\n")


def read(path: Path) -> pd.DataFrame:
    """The rows of a CSV. Raises `InputError`."""
    try:
        found = pd.read_csv(io.BytesIO(path.read_bytes())).astype(np.float64)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    except ValueError as error:  # pandas' parser errors are such
        raise InputError(f"{path} is not a readable table: {error}") from error
    if found.empty or not set(COUNTS) <= set(found):
        raise InputError(f"{path} is no history: it lacks rows, or one of {', '.join(COUNTS)}")
    return found


def unknown(images: int) -> pd.DataFrame:
    """The history of a run of which only the `images` shown are known."""
    return pd.DataFrame({"round": [0.0], "images": [float(images)]})
