"""The report over images: one Markdown page that renders on a forge, with its figures beside it."""

from pathlib import Path

import numpy as np

from ganstudy.files import read_npz, read_samples
from ganstudy.reports import figures, tables
from ganstudy.reports.study import Study
from ganstudy.reports.templates import render
from ganstudy.runs import SNAPSHOTS, Run


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
        snapshots={run.key: len(read_npz(run.folder / SNAPSHOTS)[0]) for run in study.runs},
        neighbours="recall" in study.real,
        shares=_knows_classes(study),
        grown=_grown(study),
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
    others = ", ".join(f"{key} {value:.1f}×" for key, value in floors.items() if key != best)
    return (
        f"{shown} The smallest distance to the test images is {best}'s, {floors[best]:.1f}× that "
        f"of real training images{f' ({others})' if others else ''}. {caution}"
    )


def _draw(study: Study, pictures: Path) -> None:
    sets = {"real test images": study.reference.images}
    for run in study.runs:
        sets[run.key] = read_samples(run.folder / "samples.npz")[0]
        figures.growth(pictures / f"growth-{run.key}.png", read_npz(run.folder / SNAPSHOTS)[0])
    figures.samples_side_by_side(pictures / "samples.png", sets)
    figures.walks(pictures / "walks.png", study.walks)
    figures.curves(pictures / "curves.png", study.runs)
    if "recall" in study.real:
        rows = {"real images": study.real} | {run.key: run.metrics for run in study.runs}
        figures.precision_recall(pictures / "precision-recall.png", rows)
    if _grown(study):
        figures.growth_curves(
            pictures / "growth.png",
            {run.key: [study.growth[run.key]] for run in study.runs},
            {"modes_captured": "modes captured", "mode_kl": "reverse KL"},
            study.params.train.images,
            study.params.train.snapshots,
        )
    if _knows_classes(study):
        names, labels = study.data.classes or (), np.asarray(study.reference.labels)
        figures.class_shares(
            pictures / "class-shares.png",
            names,
            (np.bincount(labels, minlength=len(names)) / len(labels)).tolist(),
            {run.key: _shares(run) for run in study.runs},
        )


def _shares(run: Run) -> list[float]:
    prefix = "class_share_"
    names = [name for name in run.metrics if name.startswith(prefix)]
    return [run.metrics[name] for name in sorted(names, key=lambda n: int(n.removeprefix(prefix)))]


def _grown(study: Study) -> bool:
    """Whether metrics of the snapshots are there."""
    return all(study.growth.get(run.key) for run in study.runs)


def _knows_classes(study: Study) -> bool:
    return all(_shares(run) for run in study.runs)
