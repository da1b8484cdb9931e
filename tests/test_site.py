"""The web site of all studies: whole, without what only reports are drawn from, its links held."""

import subprocess
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest

ROOT = Path(__file__).parents[1]


class Links(HTMLParser):
    """Where the tags of a page lead."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.found: list[Path] = []
        self._page = page
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            address = urlparse(value or "")
            if name in ("href", "src") and address.path and not address.scheme:
                self.found.append((self._page.parent / unquote(address.path)).resolve())


def laid(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", ROOT / "bin/site", folder], capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "new"
    made = laid(folder)
    assert made.returncode == 0, made.stderr
    return folder


def test_from_the_first_page_all_are_reached_and_no_link_is_broken(site: Path) -> None:
    seen: set[Path] = set()
    todo = [(site / "index.html").resolve()]
    while todo:
        page = todo.pop()
        assert page.is_file(), page
        if page.suffix == ".html" and page not in seen:
            todo += Links(page).found
        seen.add(page)
    assert {path.resolve() for path in site.rglob("*.html")} <= seen


def test_nothing_but_pages_texts_and_pictures_is_published(site: Path) -> None:
    kinds = {path.suffix for path in site.rglob("*") if path.is_file()}
    assert kinds == {".html", ".md", ".png"}


def test_a_folder_with_something_in_it_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("kept")
    refused = laid(tmp_path)
    assert refused.returncode == 2
    assert "is not empty" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
