"""Templates beside this file, filled in and written whole."""

from pathlib import Path
from typing import Any, Protocol

import jinja2
import markdown_it
import yaml
from markupsafe import Markup

from ganstudy.data.images import DataInfo
from ganstudy.files import write_text
from ganstudy.params import Params
from ganstudy.reports.words import TITLES


class Studied(Protocol):
    """A study, whatever else it holds."""

    @property
    def params(self) -> Params:
        """Its parameters."""

    @property
    def data(self) -> DataInfo:
        """What it is about."""


def render(template: str, out: Path, study: Studied, **values: Any) -> None:
    """Writes `template` with a study, its params and `values` to `out`."""
    told = study.params.model_dump(mode="json", exclude={"runtime"})  # that changes no result
    params = yaml.safe_dump(told, sort_keys=False)
    values = {"title": TITLES.get(study.data.name, study.data.name), **values}
    fill(template, out, study=study, params=params, **values)


def fill(template: str, out: Path, folder: Path | None = None, **values: Any) -> None:
    """Writes `template` with `values` to `out`; a name that is not given is an error. Templates
    are looked for in `folder`, where one is given, and beside this module."""
    here = Path(__file__).parent
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([here] if folder is None else [folder, here]),
        undefined=jinja2.StrictUndefined,
        # Markdown is from our own numbers; pages escape every name and text.
        autoescape=jinja2.select_autoescape(["html.j2"], default=False),
        keep_trailing_newline=True,
        trim_blocks=True,
    )
    environment.filters |= {"markdown": _html, "inline": _inline}
    write_text(out, environment.get_template(template).render(**values))


_MARKDOWN = markdown_it.MarkdownIt("commonmark", {"html": False}).enable("table")


def _html(text: str) -> Markup:
    """Paragraphs and tables of Markdown as HTML; HTML in it is escaped."""
    html = _MARKDOWN.render(text).replace("<th></th>", "<td></td>")  # a corner heads nothing
    return Markup(html)  # noqa: S704 - the renderer escapes


def _inline(text: str) -> Markup:
    """A sentence of Markdown as HTML."""
    return Markup(_MARKDOWN.renderInline(text))  # noqa: S704 - the renderer escapes
