"""How hard the suite tries, and the count of what it did.

`make test` tries a little of everything. `make faults` tries in earnest (FAULTS=full) and writes
what it counted to reports/reliability.md.
"""

import os
import platform
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.workspace import ROOT

FULL = os.environ.get("FAULTS") == "full"
PAGE = ROOT / "reports" / "reliability.md"
TALLY: Counter[tuple[str, str]] = Counter()


def tries(few: int, many: int) -> int:
    """How often to try: `few` in `make test`, `many` in `make faults`."""
    return many if FULL else few


def count(part: str, what: str, number: int = 1) -> None:
    """Adds to the page: `what` of `part` was done `number` times, and held."""
    TALLY[part, what] += number


@pytest.fixture(scope="session", autouse=True)
def page(request: pytest.FixtureRequest) -> Iterator[None]:
    """Writes the page at the end of a full suite, whole and without failures."""
    yield
    chosen = request.config.option.keyword or any("::" in part for part in request.config.args)
    if FULL and not chosen and not request.session.testsfailed:
        write(PAGE)


def write(path: Path) -> None:
    lines = [
        "# What was done to this pipeline, and held",
        "",
        f"By `make faults` on {platform.processor() or platform.machine()}, "
        f"{os.cpu_count()} cores, Python {platform.python_version()}. Every count is of outcomes",
        "that were checked: where one differs the suite fails, and this page is not written.",
        "",
    ]
    for part in dict.fromkeys(part for part, _ in TALLY):
        lines += [f"## {part}", "", "| | times |", "|---|---:|"]
        lines += [f"| {what} | {n:,} |" for (p, what), n in TALLY.items() if p == part]
        lines.append("")
    limits = (Path(__file__).parent / "LIMITS.md").read_text(encoding="utf-8")
    path.write_text("\n".join(lines) + "\n" + limits, encoding="utf-8")
