"""Every page, table and figure of a study, drawn from what git keeps of it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ganstudy.params import Kind, Params
from ganstudy.reports import html, modes, page, played, relations, summary
from ganstudy.reports.assembled import assemble, command
from ganstudy.reports.relations import FieldStudy
from ganstudy.reports.study import Study

PAGES: Mapping[Kind, Sequence[Callable[[Study, Path], None]]] = {
    "images": [page.write, html.write, summary.write],
    "stacked": [page.write, html.write, summary.write],
    "points": [modes.write, played.write, summary.write],
}


def render(params: Params, out: Path, *, partial: bool = False) -> Study | FieldStudy:
    """Writes the report of the study in this folder into `out`; see PAGES, and `assemble` for what
    is raised. It is a function of params, `reports/metrics` and `reports/evidence`, whatever the
    commit, the clock or the machine."""
    if params.data.traits.fields:
        fields = relations.assemble(params, command(), partial=partial)
        relations.write(fields, out)
        return fields
    study = assemble(params, partial=partial)
    for write in PAGES[study.data.kind]:
        write(study, out)
    return study
