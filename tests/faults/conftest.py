"""How hard the suite tries, and the count of what it did.

`make test` tries a little of everything. `make faults` tries in earnest (FAULTS=full) and writes
what it counted to reports/reliability.md.
"""

import os
import platform
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from pipeline.workspace import ROOT

FULL = os.environ.get("FAULTS") == "full"
PAGE = ROOT / "reports" / "reliability.md"
TALLY: Counter[tuple[str, str]] = Counter()
INTRODUCTION = """# What was done to this pipeline, and held

By `make faults`, or of a part by `make faults FILES=tests/faults/test_fuzz.py`. Every count is of
outcomes that were checked: where one differs the suite fails, and this page is not written.
"""


def tries(few: int, many: int) -> int:
    """How often to try: `few` in `make test`, `many` in `make faults`."""
    return many if FULL else few


def count(part: str, what: str, number: int = 1) -> None:
    """Adds to the page: `what` of `part` was done `number` times, and held."""
    TALLY[part, what] += number


@pytest.fixture(scope="session", autouse=True)
def page(request: pytest.FixtureRequest) -> Iterator[None]:
    """Writes what was counted at the end of whole files of the suite without failures."""
    yield
    chosen = request.config.option.keyword or any("::" in part for part in request.config.args)
    if FULL and not chosen and not request.session.testsfailed:
        write(PAGE)


def write(path: Path) -> None:
    """Writes the page: parts that were tried anew, and the others as they stand there."""
    made = (
        f"*{date.today().isoformat()}, {platform.processor() or platform.machine()}, "
        f"{os.cpu_count()} cores, Python {platform.python_version()}*"
    )
    parts = _parts(path)
    for part in dict.fromkeys(part for part, _ in TALLY):
        rows = [f"| {what} | {n:,} |" for (p, what), n in TALLY.items() if p == part]
        parts[part] = "\n".join([made, "", "| | times |", "|---|---:|", *rows])
    text = [INTRODUCTION, *(f"## {part}\n\n{content}\n" for part, content in parts.items())]
    limits = (Path(__file__).parent / "LIMITS.md").read_text(encoding="utf-8")
    path.write_text("\n".join([*text, limits]), encoding="utf-8")


def _parts(path: Path) -> dict[str, str]:
    """The parts of the page as it is, by heading, without its limits."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    found = dict(part.split("\n", 1) for part in text.split("\n## ")[1:])
    found.pop("Limits", None)
    return {heading: content.strip() for heading, content in found.items()}
