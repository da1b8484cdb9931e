"""Tables of the pages that benchmarks write."""

import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

from ganstudy.files import write_text


def wanted_of(sections: Collection[str]) -> list[str]:
    """The parts that the command line names, with commas between; none where all are meant. Ends
    the process with the names that there are at one that there is not."""
    wanted = [name.strip() for name in " ".join(sys.argv[1:]).split(",") if name.strip()]
    if unknown := [name for name in wanted if name not in sections]:
        raise SystemExit(f"error: no part {unknown[0]!r}; there are: {', '.join(sections)}")
    return wanted


def write_page(
    path: Path, head: Sequence[str], parts: Mapping[str, Sequence[str]], dated: str
) -> None:
    """Writes and prints a page: `head` and all `parts`, or, where it is `dated` by what measured
    some parts alone, these in the place of those that the page has."""
    if dated:
        page = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
        for part in parts.values():
            page = replaced(page, [*part[:2], f"Of {date.today()}, on {dated}.", "", *part[2:]])
    else:
        page = [*head, *(line for part in parts.values() for line in part)]
    write_text(path, "\n".join(page).rstrip("\n") + "\n")
    print(path.read_text(encoding="utf-8"))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterable[str]:
    """The lines of a Markdown table, its first column to the left and the rest to the right."""
    yield "| " + " | ".join(head) + " |"
    yield "|---|" + "---:|" * (len(head) - 1)
    for row in rows:
        yield "| " + " | ".join(row) + " |"
    yield ""


def replaced(page: list[str], part: list[str]) -> list[str]:
    """The lines of a page with a part, which starts with its heading, in the place of that of this
    heading, or at the end."""
    if part[0] not in page:
        return [*page, "", *part]
    start = page.index(part[0])
    ends = (i for i in range(start + 1, len(page)) if page[i].startswith("#"))
    apart = [""] if part[-1] else []
    return [*page[:start], *part, *apart, *page[next(ends, len(page)) :]]
