"""The report over images: one Markdown page that renders on a forge, with its figures beside it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ganstudy import claims
from ganstudy.reports import charts, conclusions, figures, tables
from ganstudy.reports.charts import Curves, Panel
from ganstudy.reports.comparison import METRIC, TITLE, Comparison
from ganstudy.reports.remarks import budget, left_out, remarks
from ganstudy.reports.study import LOOKED_AT, Study
from ganstudy.reports.templates import render

NAMED = 4  # runs of the summary, beside the best and the worst of all
PANELS = {
    "fid": Panel("FID to validation images, raw", log=True, lower_is_better=True),
    "coverage": Panel("coverage of validation images"),
    "modes_captured": Panel("modes captured"),
    "mode_kl": Panel("reverse KL", lower_is_better=True),
}
SEEDS = {
    METRIC: Panel(TITLE, log=True, lower_is_better=True),
    "recall": Panel("recall"),
    "coverage": Panel("coverage"),
    "precision": Panel("precision"),
    "modes_captured": Panel("modes captured"),
}
CLASSES = {"share": "class-shares.png", "coverage": "class-coverage.png"}  # figures by chart
MARKS = {"differ": "*", "tie": "=", "open": ""}


def write(study: Study, folder: Path) -> None:
    """Writes `folder`/README.md, `folder`/figures and, where the study claims something,
    claims.json."""
    grown = charts.growth(study, PANELS)
    _draw(study, grown, folder / "figures")
    if study.claims:
        claims.write(folder / "claims.json", study.claims)
    render(
        "report.md.j2",
        folder / "README.md",
        study=study,
        **findings(study),
        table=tables.comparison(study.real, study.runs),
        legend=tables.legend(study.real, study.runs),
        costs=tables.costs(study.runs),
        neighbours=study.overlaps(),
        shares=study.knows_classes(),
        inside=study.covers_classes(),
        looked_at=LOOKED_AT,
        grown=bool(grown),
        timed=bool(grown and study.timed()),
    )


def findings(study: Study) -> dict[str, Any]:
    """What both pages say of the study, in Markdown: its summary, remarks on what is wrong with it,
    and of a comparison over seeds its tables and conclusions."""
    found = study.comparison
    return {
        "claims": claims.as_markdown(study.claims) if study.claims else "",
        "summary": conclusions.summary(study, found) if found else summary(study),
        "remarks": remarks(study),
        "left_out": left_out(study),
        "compared": conclusions.table(found, study.real.get("fid_floor", 0.0)) if found else "",
        "tiers": conclusions.tiers(found) if found and found.pairs else [],
        "can": conclusions.can_be_concluded(found) if found else [],
        "cannot": conclusions.cannot_be_concluded(study, found) if found else [],
        "pair_table": conclusions.pair_table(found) if found else "",
        "marks": MARKS,
    }


def summary(study: Study) -> str:
    """What was compared, what came out, and what may not be concluded, in a few sentences: of a
    study whose losses have one seed each."""
    caution = (
        "One seed allows no conclusion about losses: retraining moves FID several times more than "
        "resampling does."
    )
    runs = len(study.runs)
    shown = f"{runs} run{'s' * (runs > 1)}, {budget(study)}."
    found = {run.key: run.metrics for run in study.runs if METRIC in run.metrics}
    if not found:
        return f"{shown} {caution}"
    best, *rest = sorted(found, key=lambda key: float(found[key][METRIC]))
    others = ", ".join(f"{key} {found[key][METRIC]:z.2f}" for key in rest[:NAMED])
    if len(rest) > NAMED:
        others += f", …, {rest[-1]} {found[rest[-1]][METRIC]:z.2f}"
    return (
        f"{shown} The least {TITLE} is {best}'s, {_headline(found[best])}"
        f"{f' ({others})' if others else ''}. {caution}"
    )


def _headline(m: Mapping[str, Any]) -> str:
    """The debiased FID with its interval and, where they were measured, the values that are read
    beside it."""
    beside = [f"{n} {m[n]:.3f}" for n in ("recall", "coverage") if n in m]
    if "fid_relative" in m:
        beside.append(f"relative FID {tables.relative(m)}")
    return ", ".join([tables.debiased(m), *beside])


def _draw(study: Study, grown: Sequence[Curves], pictures: Path) -> None:
    firsts = study.firsts()
    sets = {"real test images": study.reference.images}
    sets |= {run.key: study.samples[run.key] for run in firsts if run.key in study.samples}
    for run in firsts:
        if run.key in study.snapshots:
            figures.growth(pictures / f"growth-{run.key}.png", study.snapshots[run.key])
    figures.samples_side_by_side(pictures / "samples.png", sets)
    if study.walks:
        figures.walks(pictures / "walks.png", study.walks)
    keys = [run.key for run in firsts]
    figures.curves(pictures / "curves.png", firsts, charts.terms(study))
    if study.comparison:
        _draw_seeds(study, study.comparison, pictures)
    if overlap := charts.balance(study):
        figures.precision_recall(pictures / "precision-recall.png", overlap)
    if grown:
        figures.growth_curves(pictures / "growth.png", grown, "real images shown")
        if study.timed():
            timed, path = [chart.timed() for chart in grown], pictures / "growth-seconds.png"
            figures.growth_curves(path, timed, "seconds of training", "seconds")
    if study.neighbours:
        figures.neighbours(pictures / "neighbours.png", study.neighbours)
    for chart in charts.by_classes(study):
        figures.class_bars(pictures / CLASSES[chart.name], chart, keys)


def _draw_seeds(study: Study, found: Comparison, pictures: Path) -> None:
    """Every seed as a dot, and which loss is better how often."""
    figures.seeds(pictures / "seeds.png", charts.seeds(study, SEEDS))
    if not found.pairs:
        return
    figures.better(
        pictures / "better.png",
        found.families,
        {both: chance for both, (chance, _) in found.chances.items()},
        {both: MARKS[verdict] for both, (_, verdict) in found.chances.items()},
    )
