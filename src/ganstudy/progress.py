"""Progress of long work: a bar with rate and time left on a terminal, sparse lines in a log."""

import os
import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

LOG_SECONDS = 30.0
TELLS = os.environ.get("RANK", "0") == "0"  # of the processes that torchrun started, the first


def log(message: str) -> None:
    """Prints one line for the user, to standard error, at once; of several processes one does."""
    if TELLS:
        print(message, file=sys.stderr, flush=True)


def printable(name: str) -> str:
    """A name of anybody's within one line."""
    return name if name.isprintable() else repr(name)


class ProgressBar:
    """Counts `total` units of work, named `unit`, under a `title`; use as a context manager.

    Without a title it is silent.
    """

    def __init__(self, title: str, total: int, unit: str = "images", start: int = 0) -> None:
        title = title if TELLS else ""
        self._title, self._total, self._unit = title, total, unit
        self._done = self._start = start
        self._began = self._last = time.monotonic()
        console = Console(stderr=True)
        self._bar: Progress | None = None
        if title and console.is_terminal:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.percentage:3.0f} %  {task.fields[note]}"),
                TimeRemainingColumn(),
                console=console,
                transient=True,
            )
            self._task = self._bar.add_task(title, total=total, completed=start, note="")

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        if kind is None and self._title:
            seconds = time.monotonic() - self._began
            log(f"{self._title}: {self._done:,} {self._unit} in {seconds:.0f} s")

    def advance(self, count: int, note: str = "") -> None:
        """Says that `count` more units are done; `note` is a short text to show beside."""
        self._done += count
        now = time.monotonic()
        rate = (self._done - self._start) / max(now - self._began, 1e-9)
        text = f"{rate:,.0f} {self._unit}/s  {note}"
        if self._bar is not None:
            self._bar.update(self._task, completed=self._done, note=text)
        elif self._title and now - self._last > LOG_SECONDS:
            self._last = now
            left = (self._total - self._done) / max(rate, 1e-9)
            share = self._done / max(self._total, 1)
            log(f"{self._title}: {share:.0%}, {text}, {left:.0f} s left")
