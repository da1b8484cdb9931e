"""The report over images: one Markdown page that renders on a forge, with its figures beside it."""

from pathlib import Path

from ganstudy.files import read_samples
from ganstudy.reports import figures, tables
from ganstudy.reports.figures import Panel
from ganstudy.reports.study import LOOKED_AT, Study, by_class
from ganstudy.reports.templates import render

NAMED = 4  # runs of the summary, beside the best and the worst of all
PANELS = {
    "fid": Panel("FID to validation images", log=True),
    "coverage": Panel("coverage of validation images"),
    "modes_captured": Panel("modes captured"),
    "mode_kl": Panel("reverse KL"),
}


def write(study: Study, folder: Path) -> None:
    """Writes `folder`/README.md and `folder`/figures."""
    _draw(study, folder / "figures")
    render(
        "report.md.j2",
        folder / "README.md",
        study=study,
        summary=summary(study),
        table=tables.comparison(study.real, study.runs),
        legend=tables.legend(study.real, study.runs),
        costs=tables.costs(study.runs),
        neighbours="recall" in study.real,
        shares=study.knows_classes(),
        inside=study.covers_classes(),
        looked_at=LOOKED_AT,
        grown=study.grown(),
        timed=study.grown() and study.timed(),
    )


def summary(study: Study) -> str:
    """What was compared, what came out, and what may not be concluded, in a few sentences."""
    seeds, images = len(study.params.study.seeds), study.params.train.images
    floors = {
        run.key: run.metrics["fid"] / run.metrics["fid_floor"]
        for run in study.runs
        if run.metrics["fid_floor"] > 0
    }
    caution = (
        "One seed says little about losses: retraining moves FID several times more than "
        "resampling does."
        if seeds == 1
        else f"Each loss has {seeds} seeds; a seed fixes data order and initial weights."
    )
    runs = len(study.runs)
    shown = f"{runs} run{'s' * (runs > 1)}, {images:,} images shown to each."
    if not floors:  # real training images are at no distance: nothing to be a multiple of
        return f"{shown} {caution}"
    best = min(floors, key=lambda key: floors[key])
    rest = sorted((key for key in floors if key != best), key=lambda key: floors[key])
    others = ", ".join(f"{key} {floors[key]:.1f}×" for key in rest[:NAMED])
    if len(rest) > NAMED:
        others += f", …, {rest[-1]} {floors[rest[-1]]:.1f}×"
    return (
        f"{shown} The smallest distance to the test images is {best}'s, {floors[best]:.1f}× that "
        f"of real training images{f' ({others})' if others else ''}. {caution}"
    )


def _draw(study: Study, pictures: Path) -> None:
    sets = {"real test images": study.reference.images}
    for run in study.runs:
        sets[run.key] = read_samples(run.folder / "samples.npz")[0]
        figures.growth(pictures / f"growth-{run.key}.png", study.snapshots[run.key])
    figures.samples_side_by_side(pictures / "samples.png", sets)
    figures.walks(pictures / "walks.png", study.walks)
    figures.curves(pictures / "curves.png", study.runs)
    if "recall" in study.real:
        rows = {"real images": study.real} | {run.key: run.metrics for run in study.runs}
        figures.precision_recall(pictures / "precision-recall.png", rows)
    if study.grown():
        grown = {run.key: [study.growth[run.key]] for run in study.runs}
        along = dict.fromkeys(grown, study.shown())
        panels = {k: p for k, p in PANELS.items() if k in study.growth[study.runs[0].key][0]}
        figures.growth_curves(pictures / "growth.png", grown, panels, along, "real images shown")
        if timed := study.timed():
            path = pictures / "growth-seconds.png"
            known = {key: grown[key] for key in timed}
            figures.growth_curves(path, known, panels, study.seconds, "seconds of training")
    if study.neighbours:
        figures.neighbours(pictures / "neighbours.png", study.neighbours)
    if study.knows_classes():
        real = study.real_shares()
        figures.class_bars(
            pictures / "class-shares.png",
            study.data.classes or (),
            {"real test images": real}
            | {run.key: by_class(run.metrics, "share") for run in study.runs},
            "share of each class; under its dotted line a class counts as missing",
            [0.25 * share for share in real],
        )
    if study.covers_classes():
        figures.class_bars(
            pictures / "class-coverage.png",
            study.data.classes or (),
            {"real training images": by_class(study.real, "coverage")}
            | {run.key: by_class(run.metrics, "coverage") for run in study.runs},
            "coverage inside each class: share of its test images with a sample in their ball",
        )
