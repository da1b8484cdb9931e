"""Downloads that end: within a bounded silence, complete and checked, or with a reason."""

import contextlib
import http.client
import io
import socket
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from ganstudy.data.locations import UnavailableError
from ganstudy.progress import log

SILENCE_SECONDS = 20.0


def download(urls: Sequence[str], md5: str, folder: Path) -> Path:
    """Downloads a file into `folder` from the first of `urls` that gives it with this MD5.

    Raises `UnavailableError` with the reason of each URL. A server that stays silent for
    `SILENCE_SECONDS` is given up.
    """
    from torchvision.datasets.utils import download_url

    reasons = []
    for url in urls:
        name = url.rsplit("/", 1)[-1]
        log(f"downloading {url}")
        try:
            with _impatient(), _quiet_in_logs():
                download_url(url, str(folder), filename=name, md5=md5)
            return folder / name
        except (OSError, RuntimeError, http.client.HTTPException) as error:
            reasons.append(f"{url}: {' '.join(str(error).split()) or type(error).__name__}")
    raise UnavailableError(", ".join(reasons))


@contextlib.contextmanager
def _impatient() -> Iterator[None]:
    before = socket.getdefaulttimeout()  # the helper takes no timeout of its own
    socket.setdefaulttimeout(SILENCE_SECONDS)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _quiet_in_logs() -> contextlib.AbstractContextManager[object]:
    """The helper's bar is for terminals; in a log it would be thousands of lines."""
    if sys.stderr.isatty():
        return contextlib.nullcontext()
    return contextlib.redirect_stderr(io.StringIO())
