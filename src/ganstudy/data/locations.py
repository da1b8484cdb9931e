"""The ways by which a data set may come to a machine, tried in order."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ganstudy.data.images import Split
from ganstudy.errors import InputError
from ganstudy.progress import log

FOLDER_VARIABLE = "GANSTUDY_DATA_DIR"


class UnavailableError(Exception):
    """This way does not lead to the data here; the message says why. Another may."""


@dataclass(frozen=True)
class Raw:
    """A data set as published: `test` and `validation` are None where it has no such split."""

    train: Split
    test: Split | None
    classes: tuple[str, ...] | None
    skipped: int = 0  # pictures of a folder that could not be read
    validation: Split | None = None
    sha256: Mapping[str, str] = field(default_factory=dict)  # of source files, uncompressed


@dataclass(frozen=True)
class Way:
    """`read` returns the data or raises `UnavailableError`. Damaged data is an `InputError`."""

    title: str
    read: Callable[[], Raw]


def first(name: str, ways: Sequence[Way], advice: str) -> Raw:
    """The data by the first way that leads to it.

    Raises one `InputError` that lists why every way failed, with `advice`. Files that are there
    but damaged end the search at once: other data than the user pointed to would be a surprise.
    """
    reasons = []
    for way in ways:
        try:
            raw = way.read()
        except (UnavailableError, OSError) as error:  # a full disk ends a download, say
            reasons.append(f"{way.title}: {error}")
            log(f"{name}: not by {reasons[-1]}")
            continue
        log(f"{name}: from {way.title}")
        return raw
    raise InputError(f"cannot get {name}: {'; '.join(reasons)}. What helps: {advice}")


def find_folder(subfolders: Sequence[str], lacks: Callable[[Path], Sequence[str]]) -> Path:
    """The first of `subfolders` of $GANSTUDY_DATA_DIR, or that folder itself, with all files.

    `lacks` returns the names of the files that a folder has not. Raises `UnavailableError`.
    """
    named = os.environ.get(FOLDER_VARIABLE)
    if not named:
        raise UnavailableError("it is not set")
    base = Path(named).expanduser()
    if not base.is_dir():
        raise UnavailableError(f"{named!r} is not a folder")
    places = [*(base / name for name in subfolders if (base / name).is_dir()), base]
    for place in places:
        if not lacks(place):
            return place
    fewest = min(places, key=lambda place: len(lacks(place)))
    raise UnavailableError(f"{str(fewest)!r} lacks {', '.join(lacks(fewest))}")
