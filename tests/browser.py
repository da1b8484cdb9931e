"""The browser that tests of pages drive, this machine's own. A script: exits 1 where none is."""

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, Page, sync_playwright

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


@dataclass
class Opened:
    """A page in the browser, what it complained of, and what it asked of the world."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


def new_page(browser: Browser, width: int, height: int, scheme: str, patience: int) -> Opened:
    """An empty page of so many pixels in a context of its own, without a network; actions wait
    `patience` milliseconds."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, offline=True
    )
    context.set_default_timeout(patience)
    found = Opened(context.new_page())
    found.page.on(
        "console",
        lambda m: found.complaints.append(m.text) if m.type in ("error", "warning") else None,
    )
    found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
    return found


def until(page: Page, expression: str, patience: float = 60) -> None:
    """Waits until JavaScript is true of the page. Playwright's own `wait_for_function` evaluates it
    inside the page, whose policy forbids that."""
    end = time.monotonic() + patience
    while not page.evaluate(expression):
        assert time.monotonic() < end, expression
        page.wait_for_timeout(20)


if __name__ == "__main__":
    with sync_playwright() as found:
        sys.exit(find(found.chromium.executable_path) is None)
