"""The errors a user is meant to read: one clear line each, no traceback."""

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class StudyError(Exception):
    """A failure that the user can act on. `exit_code` is what the command ends with.

    Each argument is one mistake, which is told on a line of its own.
    """

    exit_code = 1

    def __str__(self) -> str:
        return "; ".join(str(mistake) for mistake in self.args)


class InputError(StudyError):
    """Bad input: a key, a value, a file. The message says what is allowed."""

    exit_code = 2


class DivergedError(StudyError):
    """Training produced a value that is not finite; the last good checkpoint is kept."""


@contextmanager
def naming(key: str) -> Iterator[None]:
    """Inside, mistakes are told as those of `key` in params: what finds them knows no params."""
    try:
        yield
    except InputError as error:
        raise InputError(*(f"{key}: {mistake}" for mistake in error.args)) from error


# Names of params.yaml that have changed, and what they are now.
RENAMED = {
    "decay": "lr_decay",
    "every": "interval",
    "gradient": "wgan_gp",
    "gradient_one_sided": "wgan_lp",
    "reuse": "reuse_fakes",
}


def nearest(name: str, allowed: Iterable[str]) -> str:
    """Says what is allowed in place of `name`, its new name or the closest first: for error
    messages."""
    names = sorted(allowed)
    if RENAMED.get(name) in names:
        return f"it is called {RENAMED[name]!r} now"
    close = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{hint}allowed: {', '.join(names)}"
