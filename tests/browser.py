"""The browser that tests of pages drive, this machine's own. A script: exits 1 where none is."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "msedge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
MISSING = "no Chrome, Chromium or Edge is here: `make browser` gets one or says how"


def find(downloaded: str) -> str | None:
    """The program: one of NAMES, else what `playwright install` downloaded."""
    found = (shutil.which(name) for name in NAMES)
    return next(filter(None, [*found, shutil.which(downloaded)]), None)


@contextmanager
def launched() -> Iterator[Browser]:
    """A headless browser. Raises `FileNotFoundError` where there is none."""
    with sync_playwright() as playwright:
        program = find(playwright.chromium.executable_path)
        if program is None:
            raise FileNotFoundError(MISSING)
        browser = playwright.chromium.launch(executable_path=program)
        yield browser
        browser.close()


if __name__ == "__main__":
    with sync_playwright() as found:
        sys.exit(find(found.chromium.executable_path) is None)
