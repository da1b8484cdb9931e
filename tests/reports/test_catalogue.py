"""The page of all studies: each with its question, its answer, and links that lead somewhere."""

import re
from pathlib import Path

import pytest

from ganstudy import claims
from ganstudy.claims import Claim
from ganstudy.errors import StudyError
from ganstudy.reports.catalogue import NAME
from ganstudy.stages import redraw

HOSTILE = "<script>broken</script>"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a study of its own, two that are held to the code, one of them of one world
    alone, and a log."""
    held = {"studies/line": True, "studies/modes/ring": False}
    for place, pages in {".": True, **held, "studies/old/fashion": True}.items():
        reports = tmp_path / place / "reports"
        (reports / "figures").mkdir(parents=True)
        text = f"# How well in {place}?\n\nThe answer\nof {place}: **4** {HOSTILE}.\n\nmore\n"
        (reports / "README.md").write_text(text)
        if pages:
            (reports / "index.html").write_text("a page")
            (reports / "figures/samples.png").write_bytes(b"")
    for study in ("line", "modes"):
        (tmp_path / "studies" / study / "dvc.lock").write_text("")
    (tmp_path / "studies/losses").mkdir()
    redraw.catalogue(tmp_path)
    return tmp_path


def test_every_study_is_there_with_its_answer_and_its_links(project: Path) -> None:
    page = (project / "reports" / NAME).read_text()
    assert re.findall(r"<h2>(.+)</h2>", page) == [
        "How well in .?",
        "How well in studies/line?",
        "How well in studies/modes/ring?",
        "How well in studies/old/fashion?",
    ]
    assert "The answer of studies/modes/ring: <strong>4</strong>" in page
    assert HOSTILE not in page
    links = re.findall(r'(?:href|src)="([^"]+)"', page)
    local = [link for link in links if not link.startswith("data:")]
    assert len(local) == 4 + 3 + 3  # reports, pages, pictures
    assert all((project / "reports" / link).is_file() for link in local)


def test_a_report_that_begins_with_what_is_claimed_is_told_in_sentences(project: Path) -> None:
    reports = project / "studies/modes/ring/reports"
    made = [
        Claim("ring/modes", "modes that are found", 7.0, ">= 8", (0, 1)),
        Claim("ring/price", f"seconds of {HOSTILE}", 12.0, None, (0, 1)),
    ]
    claims.write(reports / "claims.json", made)
    (reports / "README.md").write_text(f"# A ring\n\n{claims.as_markdown(made)}\n\nmore\n")
    (reports / "figures/columns-a.png").write_bytes(b"")
    redraw.catalogue(project)
    page = (project / "reports" / NAME).read_text()
    assert "<li>modes that are found: <strong>7</strong> (aim ≥ 8: no, by 1)</li>" in page
    assert "<strong>12</strong> (published either way)</li>" in page
    assert "ring/reports/figures/columns-a.png" in page
    assert HOSTILE not in page
    assert "---" not in page.split("<body>")[1]


def test_a_study_without_a_lock_is_called_a_log(project: Path) -> None:
    page = (project / "reports" / NAME).read_text()
    sections = page.split("<section")[1:]
    assert [("a log" in section) for section in sections] == [False, False, False, True]


def test_a_page_that_is_older_than_a_report_is_found(project: Path) -> None:
    redraw.catalogue(project, compare=True)
    (project / "studies/modes/ring/reports/README.md").write_text("# Other\n\nwords\n\n")
    with pytest.raises(StudyError, match=r"studies\.html is not what the reports"):
        redraw.catalogue(project, compare=True)
