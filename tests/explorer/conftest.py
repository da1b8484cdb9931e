"""One browser and one study of each kind for all tests of the explorer."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from browser import MISSING, launched
from explorer.trained import KINDS, page_of, study


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    try:
        with launched() as found:
            yield found
    except FileNotFoundError:
        pytest.fail(MISSING, pytrace=False)


@pytest.fixture(scope="session")
def studies(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a study of a kind, trained and with its page when it is first asked for."""
    base = tmp_path_factory.mktemp("explorer")

    def made(kind: str) -> Path:
        folder = base / kind
        if not folder.exists():
            page_of(study(folder, **KINDS[kind]))
        return folder

    return made


@dataclass
class Opened:
    """A page in the browser, what it complained of, and what it asked of the world."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., Opened]]:
    """Opens a file, with a hash, without a network."""
    contexts: list[BrowserContext] = []

    def open_page(path: Path, part: str = "", width: int = 1280, scheme: str = "light") -> Opened:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True
        )
        contexts.append(context)
        context.set_default_timeout(60_000)
        found = Opened(context.new_page())
        found.page.on(
            "console",
            lambda m: found.complaints.append(m.text) if m.type in ("error", "warning") else None,
        )
        found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
        context.route(
            "**/*", lambda route: (found.requests.append(route.request.url), route.continue_())
        )
        found.page.goto(path.as_uri() + part)
        found.page.locator("#past li").first.wait_for()
        return found

    yield open_page
    for context in contexts:
        context.close()
