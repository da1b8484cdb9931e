"""Pages for everybody: axe-core (rules after WCAG) finds nothing on any committed page."""

import subprocess
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from browser import new_page

ROOT = Path(__file__).parents[1]
LOOKS = {"a desk, light": (1280, "light"), "a phone, dark": (390, "dark")}


def pages() -> list[str]:
    told = subprocess.run(
        ["git", "ls-files", "*.html"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return told.stdout.splitlines()


def violations(browser: Browser, address: str, look: str) -> list[str]:
    """What axe says of a page, a line each: the rule, and the first place that breaks it."""
    width, scheme = LOOKS[look]
    found = new_page(browser, width, 900, scheme, 120_000)
    found.page.goto(address)
    told = Axe().run(found.page).response["violations"]
    found.page.context.close()
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in told]


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("page", pages())
def test_a_committed_page_has_no_violation(browser: Browser, page: str, look: str) -> None:
    assert violations(browser, (ROOT / page).as_uri(), look) == []


@pytest.mark.parametrize(
    ("planted", "rule"),
    [
        ('<img src="data:,">', "image-alt"),
        ('<p style="color: #bbb; background: #fff">hardly to be read</p>', "color-contrast"),
        ("<button></button>", "button-name"),
    ],
)
def test_what_is_wrong_with_a_page_is_seen(
    browser: Browser, tmp_path: Path, planted: str, rule: str
) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        f'<!doctype html><html lang="en"><title>a page</title><main><h1>A page</h1>{planted}</main>'
    )
    [only] = violations(browser, page.as_uri(), "a desk, light")
    assert only.startswith(f"{rule}: ")
