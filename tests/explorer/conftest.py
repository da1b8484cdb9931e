"""One study of each kind for all tests of the explorer."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext

from browser import Opened, new_page
from explorer.trained import KINDS, page_of, study


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


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., Opened]]:
    """Opens a file, with a hash, without a network, and waits until it has drawn."""
    contexts: list[BrowserContext] = []

    def open_page(
        path: Path,
        part: str = "",
        width: int = 1280,
        scheme: str = "light",
        wait: str = "#past li",
    ) -> Opened:
        found = new_page(browser, width, 900, scheme, 60_000)
        context = found.page.context
        contexts.append(context)
        context.route(
            "**/*", lambda route: (found.requests.append(route.request.url), route.continue_())
        )
        found.page.goto(path.as_uri() + part)
        found.page.locator(wait).first.wait_for()
        return found

    yield open_page
    for context in contexts:
        context.close()
