"""Tables of the pages that benchmarks write."""

from collections.abc import Iterable, Sequence


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
    return [*page[:start], *part, *page[next(ends, len(page)) :]]
