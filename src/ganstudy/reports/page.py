"""The report: one Markdown page that renders on a forge, with its figures beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import yaml

from ganstudy.data.images import DataInfo
from ganstudy.files import Images, read_images, read_npz, write_text
from ganstudy.params import Params
from ganstudy.reports import figures, tables
from ganstudy.runs import SNAPSHOTS, Run


@dataclass(frozen=True)
class Study:
    """All that a report is made of."""

    params: Params
    data: DataInfo
    reference: tuple[Images, Sequence[int] | None]
    real: dict[str, Any]
    runs: Sequence[Run]
    command: str
    provenance: str


def write(study: Study, folder: Path) -> None:
    """Writes `folder`/README.md and `folder`/figures."""
    pictures = folder / "figures"
    _draw(study, pictures)
    snapshots = {run.key: len(read_npz(run.folder / SNAPSHOTS)[0]) for run in study.runs}
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - Markdown, from our own numbers
        keep_trailing_newline=True,
    )
    text = environment.get_template("report.md.j2").render(
        data=study.data,
        summary=summary(study),
        table=tables.comparison(study.real, study.runs),
        legend=tables.legend(),
        costs=tables.costs(study.runs),
        real=study.real,
        runs=study.runs,
        snapshots=snapshots,
        shares=_knows_classes(study),
        command=study.command,
        provenance=study.provenance,
        params=yaml.safe_dump(study.params.model_dump(mode="json"), sort_keys=False),
    )
    write_text(folder / "README.md", text)


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
    shown = f"{len(study.runs)} runs, {images:,} images shown to each."
    if not floors:  # real training images are at no distance: nothing to be a multiple of
        return f"{shown} {caution}"
    best = min(floors, key=lambda key: floors[key])
    others = ", ".join(f"{key} {value:.1f}×" for key, value in floors.items() if key != best)
    return (
        f"{shown} The smallest distance to the test images is {best}'s, {floors[best]:.1f}× that "
        f"of real training images ({others}). {caution}"
    )


def _draw(study: Study, pictures: Path) -> None:
    sets = {"real test images": study.reference[0]}
    for run in study.runs:
        sets[run.key] = read_images(run.folder / "samples.npz")[0]
        figures.growth(pictures / f"growth-{run.key}.png", read_npz(run.folder / SNAPSHOTS)[0])
    figures.samples_side_by_side(pictures / "samples.png", sets)
    figures.curves(pictures / "curves.png", study.runs)
    rows = {"real images": study.real} | {run.key: run.metrics for run in study.runs}
    figures.precision_recall(pictures / "precision-recall.png", rows)
    if _knows_classes(study):
        names, labels = study.data.classes or (), np.asarray(study.reference[1])
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


def _knows_classes(study: Study) -> bool:
    return all(_shares(run) for run in study.runs)
