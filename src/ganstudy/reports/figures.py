"""The figures of a study, as PNG files that are equal for equal results."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

from ganstudy.files import Images, replacing
from ganstudy.reports.pictures import save_grid, tile
from ganstudy.runs import Run

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

# Okabe & Ito's palette: told apart by colour-blind readers.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
STYLE: dict[Any, Any] = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "font.size": 10,
    "axes.titlesize": 11,
    "figure.facecolor": "white",
    "savefig.dpi": 110,
}


@contextmanager
def _figure(path: Path, width: float, height: float) -> Iterator[Figure]:
    with mpl.rc_context(STYLE):
        figure = plt.figure(figsize=(width, height), layout="constrained")
        yield figure
        with replacing(path) as temporary:
            figure.savefig(temporary, format="png", metadata={"Software": None})
        plt.close(figure)


def samples_side_by_side(path: Path, sets: Mapping[str, Images], side: int = 8) -> None:
    """The first side² images of each set beside each other, unselected."""
    with _figure(path, 3.4 * len(sets), 3.7) as figure:
        for axes, (title, images) in zip(
            np.atleast_1d(figure.subplots(1, len(sets))), sets.items(), strict=True
        ):
            axes.imshow(tile(images[: side * side], side), interpolation="nearest")
            axes.set_title(title)
            axes.axis("off")


def growth(path: Path, snapshots: Images, columns: int = 12) -> None:
    """Snapshots (T, N, H, W, C): a row for each moment, a column for each code."""
    rows = snapshots[:, :columns]
    save_grid(path, rows.reshape(-1, *rows.shape[2:]), rows.shape[1], least=720)


def curves(path: Path, runs: Sequence[Run]) -> None:
    """All terms of each run against images shown: a row of panels for each run."""
    panels = {run.key: _panels(run) for run in runs}
    columns = max(len(groups) for groups in panels.values())
    with _figure(path, 4.2 * columns, 2.6 * len(runs)) as figure:
        grid = figure.subplots(len(runs), columns, squeeze=False)
        for row, run in zip(grid, runs, strict=True):
            for axes in row[len(panels[run.key]) :]:
                axes.axis("off")
            for axes, (title, names) in zip(row, panels[run.key].items(), strict=False):
                for colour, name in zip(COLOURS, names, strict=False):
                    known = run.history[["images", name]].dropna()
                    axes.plot(
                        known["images"], known[name], color=colour, lw=1.1, label=name.split("/")[1]
                    )
                axes.set_title(f"{run.key}: {title}")
                axes.set_xlabel("images shown")
                axes.xaxis.set_major_formatter(EngFormatter(sep=""))
                axes.legend(frameon=False, fontsize=8)


def _panels(run: Run) -> dict[str, list[str]]:
    """Columns of history by panel: each player's loss together, its other terms together."""
    columns = [name for name in run.history.columns if "/" in name]
    players = list(dict.fromkeys(name.split("/")[0] for name in columns))
    panels: dict[str, list[str]] = {}
    for player in players:
        losses = [f"{player}/{term}" for term in ("adversarial", "loss")]
        panels[f"{player} loss"] = [name for name in losses if name in columns][:1]
        others = [n for n in columns if n.startswith(f"{player}/") and n not in losses]
        if others:
            panels[f"{player} terms"] = others
    return panels


def class_shares(
    path: Path, names: Sequence[str], real: Sequence[float], runs: Mapping[str, Sequence[float]]
) -> None:
    """Estimated share of each class in each run, beside the reference's."""
    series = {"real test images": real, **runs}
    width = 0.8 / len(series)
    with _figure(path, max(7.0, 0.9 * len(names)), 3.2) as figure:
        axes = figure.subplots()
        for index, (label, shares) in enumerate(series.items()):
            places = np.arange(len(names)) + (index - (len(series) - 1) / 2) * width
            colour = "#999999" if index == 0 else COLOURS[(index - 1) % len(COLOURS)]
            axes.bar(places, shares, width, label=label, color=colour)
        quarter = 0.25 * np.asarray(real)
        axes.hlines(quarter, np.arange(len(names)) - 0.4, np.arange(len(names)) + 0.4, "black", ":")
        axes.set_xticks(np.arange(len(names)), names, rotation=30, ha="right")
        axes.set_ylabel("share of samples")
        axes.set_title("class shares; under its dotted line a class counts as missing")
        axes.legend(frameon=False, fontsize=8)


def precision_recall(path: Path, rows: Mapping[str, Mapping[str, Any]]) -> None:
    """Quality against diversity, one dot a run."""
    with _figure(path, 4.6, 3.8) as figure:
        axes = figure.subplots()
        for index, (name, metrics) in enumerate(rows.items()):
            colour = "#999999" if index == 0 else COLOURS[(index - 1) % len(COLOURS)]
            axes.scatter(metrics["recall"], metrics["precision"], s=60, color=colour, label=name)
        axes.set(xlim=(0, 1.03), ylim=(0, 1.03), xlabel="recall", ylabel="precision")
        axes.set_title("quality against diversity")
        axes.legend(frameon=False, fontsize=8, loc="lower left")
