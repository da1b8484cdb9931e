"""`reports/studies.html`: every study of the project on one page, from the reports there are."""

from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from ganstudy import claims
from ganstudy.reports.templates import fill

NAME = "studies.html"
STYLE = Path(__file__).parent / "web" / "page.css"
PICTURES = ("samples.png", "points.png", "seeds.png", "columns-*.png")  # the first that there is


@dataclass(frozen=True)
class Entry:
    """A study: its place in the project, question and answers with which its report begins, its
    links as the page has them, and whether it is a log, which the gate does not hold to code."""

    place: str
    question: str
    answers: list[str]
    report: str
    page: str
    picture: str
    log: bool


def write(root: Path, out: Path) -> None:
    """Writes the page to `out`; its links are right in `root`/reports. A folder without a report is
    not on it."""
    own = "reports/README.md"
    others = chain.from_iterable(root.glob(f"studies/{place}/{own}") for place in ("*", "*/*"))
    reports = [root / own, *sorted(others)]
    entries = [_entry(root, path) for path in reports if path.is_file()]
    fill("web/studies.html.j2", out, entries=entries, style=STYLE.read_text(encoding="utf-8"))


def _entry(root: Path, report: Path) -> Entry:
    folder = report.parent
    place = folder.parent.relative_to(root)
    question, answer, *_ = report.read_text(encoding="utf-8").split("\n\n")
    pictures = chain.from_iterable(sorted((folder / "figures").glob(name)) for name in PICTURES)
    return Entry(
        "main" if place == Path() else place.as_posix(),
        question.removeprefix("# "),
        _claimed(folder) if answer.startswith("|") else [" ".join(answer.split())],
        _link(root, report),
        _link(root, folder / "index.html"),
        _link(root, next(pictures, folder / "none")),
        place != Path()
        and not any((root / near / "dvc.lock").is_file() for near in (place, place.parent)),
    )


def _claimed(folder: Path) -> list[str]:
    """A report that begins with a table: the sentences of what it claims."""
    return [claims.as_sentence(claim) for claim in claims.read(folder / "claims.json")]


def _link(root: Path, path: Path) -> str:
    """From `root`/reports; empty where there is no such file."""
    return f"../{path.relative_to(root).as_posix()}" if path.is_file() else ""
