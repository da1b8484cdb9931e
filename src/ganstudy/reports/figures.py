"""The figures of a study, as PNG files that are equal for equal results."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt

from ganstudy.files import Images, Samples, replacing
from ganstudy.reports.pictures import save_grid, tile
from ganstudy.reports.study import Metrics, Nearest, Walk
from ganstudy.runs import Run

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

# Okabe & Ito's palette: told apart by colour-blind readers.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
MARKED = 24  # points of a curve up to which each has a dot
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
def new_figure(path: Path, width: float, height: float) -> Iterator[Figure]:
    """A figure of so many inches, written to `path` as PNG at the end."""
    with mpl.rc_context(STYLE):
        figure = plt.figure(figsize=(width, height), layout="constrained")
        yield figure
        with replacing(path) as temporary:
            figure.savefig(temporary, format="png", metadata={"Software": None})
        plt.close(figure)


def samples_side_by_side(path: Path, sets: Mapping[str, Samples], side: int = 8) -> None:
    """The first side² images of each set beside each other, unselected."""
    with new_figure(path, 3.4 * len(sets), 3.7) as figure:
        for axes, (title, images) in zip(
            np.atleast_1d(figure.subplots(1, len(sets))), sets.items(), strict=True
        ):
            shown = images[: side * side].astype(np.uint8, copy=False)
            axes.imshow(tile(shown, side), interpolation="nearest")
            axes.set_title(title)
            axes.axis("off")


def growth(path: Path, snapshots: Images, columns: int = 12) -> None:
    """Snapshots (T, N, H, W, C): a row for each moment, a column for each code."""
    rows = snapshots[:, :columns]
    save_grid(path, rows.reshape(-1, *rows.shape[2:]), rows.shape[1], least=720)


def curves(path: Path, runs: Sequence[Run]) -> None:
    """All terms of each run against images shown: a row of panels for each run."""
    panels = {run.key: _panels(run) for run in runs}
    columns = max(1, *(len(groups) for groups in panels.values()))
    with new_figure(path, 4.2 * columns, 2.6 * len(runs)) as figure:
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


def class_bars(
    path: Path,
    names: Sequence[str],
    series: Mapping[str, Sequence[float]],
    title: str,
    least: Sequence[float] | None = None,
) -> None:
    """A group of bars for each class, the first of `series` being the real images; `least` is
    dotted."""
    width = 0.8 / len(series)
    places = np.arange(len(names))
    with new_figure(path, 1.5 + max(7.0, 0.9 * len(names)), 3.2) as figure:
        axes = figure.subplots()
        for index, (label, values) in enumerate(series.items()):
            left = places + (index - (len(series) - 1) / 2) * width
            colour = "#999999" if index == 0 else COLOURS[(index - 1) % len(COLOURS)]
            axes.bar(left, values, width, label=label, color=colour)
        if least is not None:
            axes.hlines(least, places - 0.4, places + 0.4, "black", ":")
        axes.set_xticks(places, names, rotation=30, ha="right")
        axes.set_title(title)
        axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))


def precision_recall(path: Path, rows: Mapping[str, Mapping[str, Any]]) -> None:
    """Quality against diversity, one dot a run."""
    with new_figure(path, 4.6, 3.8) as figure:
        axes = figure.subplots()
        for index, (name, metrics) in enumerate(rows.items()):
            if "recall" not in metrics:
                continue
            colour = "#999999" if index == 0 else COLOURS[(index - 1) % len(COLOURS)]
            axes.scatter(metrics["recall"], metrics["precision"], s=60, color=colour, label=name)
        axes.set(xlim=(0, 1.03), ylim=(0, 1.03), xlabel="recall", ylabel="precision")
        axes.set_title("quality against diversity")
        axes.legend(frameon=False, fontsize=8, loc="lower left")


def walks(path: Path, found: Mapping[str, Walk]) -> None:
    """Interpolations of each run above its traversals, side by side."""
    _two_of_each(
        path,
        {
            key: {
                f"{key}: between {walk.ends}": walk.interpolation,
                f"{key}: one dimension a row": walk.traversal,
            }
            for key, walk in found.items()
        },
    )


def neighbours(path: Path, found: Mapping[str, Nearest]) -> None:
    """Samples, each in the first column of its row, beside the training images nearest to them: of
    each run the first samples, then those that are closest to a training image."""
    sets = {
        key: {
            f"{key}: first samples": nearest.first,
            f"{key}: closest to training": nearest.closest,
        }
        for key, nearest in found.items()
    }
    _two_of_each(path, sets, divided=True)


def _two_of_each(
    path: Path, found: Mapping[str, Mapping[str, Images]], *, divided: bool = False
) -> None:
    """For each run a column of two titled grids of images (rows, columns, H, W, C); `divided` draws
    a line behind the first column of images."""
    widest = max(images.shape[1] for grids in found.values() for images in grids.values())
    with new_figure(path, 0.5 * widest * len(found), 4.9) as figure:
        columns = figure.subplots(2, len(found), squeeze=False).T
        for column, grids in zip(columns, found.values(), strict=True):
            for axes, (title, images) in zip(column, grids.items(), strict=True):
                flat = images.reshape(-1, *images.shape[2:])
                axes.imshow(tile(flat, images.shape[1]), interpolation="nearest")
                axes.set_title(title, fontsize=10)
                axes.axis("off")
                if divided:
                    axes.axvline(images.shape[3] + 1.5, color=COLOURS[1], lw=2)


def clouds(
    path: Path,
    sets: Mapping[str, Samples],
    landscapes: Mapping[str, npt.NDArray[np.float64]],
    reach: float,
    columns: int = 4,
) -> None:
    """Points (N, 2) of each set over the landscape of the same name, all from -reach to reach."""
    columns = min(columns, len(sets))
    rows = -(-len(sets) // columns)
    with new_figure(path, 3.3 * columns, 3.5 * rows) as figure:
        grid = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes in grid[len(sets) :]:
            axes.axis("off")
        for axes, (name, points) in zip(grid, sets.items(), strict=False):
            if name in landscapes:
                box = (-reach, reach, -reach, reach)
                ranks = landscapes[name].ravel().argsort().argsort().reshape(landscapes[name].shape)
                axes.imshow(ranks, extent=box, origin="lower", cmap="YlGnBu_r", alpha=0.55)
            axes.plot(points[:, 0], points[:, 1], ".", ms=1.6, color="#D55E00", mec="none")
            axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", title=name)
            axes.grid(visible=False)
            axes.tick_params(labelsize=7)


def seeds(
    path: Path, families: Mapping[str, Sequence[Metrics]], keys: Mapping[str, str], real: Metrics
) -> None:
    """Every seed as a dot: a panel for each of `keys` (metric: title), a row for each family; the
    dashed line is the value of real samples."""
    with new_figure(path, 3.3 * len(keys) + 1.5, 0.34 * len(families) + 1.1) as figure:
        panels = figure.subplots(1, len(keys), sharey=True, squeeze=False)[0]
        for axes, (key, title) in zip(panels, keys.items(), strict=True):
            for row, metrics in enumerate(families.values()):
                values = [float(one[key]) for one in metrics]
                axes.plot(values, [row] * len(values), "o", color=COLOURS[0], alpha=0.6, ms=6)
                axes.plot([np.median(values)], [row], "|", color="black", ms=14)
            axes.axvline(real[key], color="#999999", ls="--", lw=1)
            axes.set_title(title)
        panels[0].set_yticks(range(len(families)), list(families))
        panels[0].invert_yaxis()


@dataclass(frozen=True)
class Panel:
    """One metric over training: its title, and whether its axis is logarithmic."""

    title: str
    log: bool = False


def growth_curves(
    path: Path,
    families: Mapping[str, Sequence[Sequence[Metrics]]],
    panels: Mapping[str, Panel],
    along: Mapping[str, Sequence[float]],
    label: str,
) -> None:
    """Metrics at each snapshot, a panel a metric, over `along`, each family's abscissae, which
    `label` names: medians over the runs of a family, bands from the least to the greatest. A run
    that ended early counts as it ended."""
    with new_figure(path, 5.2 * len(panels) + 1.5, 3.6) as figure:
        for axes, (key, panel) in zip(
            figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True
        ):
            for index, (name, runs) in enumerate(families.items()):
                moments = len(along[name])
                values = np.array(
                    [
                        [float(m[key]) for m in run] + [float(run[-1][key])] * (moments - len(run))
                        for run in runs
                    ]
                )
                style = {"color": COLOURS[index % len(COLOURS)]}
                line = "." * (moments <= MARKED) + ("--" if index >= len(COLOURS) else "-")
                axes.plot(along[name], np.median(values, 0), line, lw=1.4, label=name, **style)
                least, most = values.min(0), values.max(0)
                axes.fill_between(along[name], least, most, alpha=0.12, lw=0, **style)
            axes.set_title(panel.title)
            axes.set_xlabel(label)
            axes.set_xlim(left=0)
            axes.set_yscale("log" if panel.log else "linear")
            axes.xaxis.set_major_formatter(EngFormatter(sep=""))
        axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
