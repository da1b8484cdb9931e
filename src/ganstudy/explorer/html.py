"""One HTML file that computes by itself and asks no network: template, scripts, data as JSON."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2

from ganstudy.data.images import DataInfo
from ganstudy.files import write_text

WEB = Path(__file__).parent / "web"
MOST_BYTES = 5_000_000  # of the whole page


@dataclass(frozen=True)
class Explored:
    """A run of the page, which is `text`: JSON of its networks and of what it is shown with."""

    key: str
    text: str


def write(
    out: Path,
    template: str,
    scripts: Sequence[str],
    data: DataInfo,
    about: Any,
    runs: Sequence[Explored],
    **values: Any,
) -> None:
    """Writes a page of the web/ `template` and `scripts` with the `runs`, and what it is `about` as
    JSON; `values` are for the template alone. Equal runs give equal bytes."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(WEB),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        keep_trailing_newline=True,
        trim_blocks=True,
    )
    report = resources.files("ganstudy.reports") / "web/page.css"
    page = environment.get_template(template).render(
        data=data,
        about=as_json(about),
        runs=[run.text for run in runs],
        style=report.read_text(encoding="utf-8") + _read("explorer.css"),
        scripts=[_read(name) for name in ("shared.js", "engine.js", *scripts)],
        **values,
    )
    write_text(out, page)


def as_json(value: Any) -> str:
    """JSON that can stand in a script element: no `<` can end it."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def _read(name: str) -> str:
    return (WEB / name).read_text(encoding="utf-8")
