"""The figures of a study, as PNG files that are equal for equal results."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt

from ganstudy.files import Images, Samples, replacing
from ganstudy.reports.pictures import save_grid, tile
from ganstudy.reports.study import Course, Metrics, Nearest, Walk
from ganstudy.study.runs import Run

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

# Okabe & Ito's palette: told apart by colour-blind readers.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
MARKERS = ("o", "s", "^", "D", "v", "h", "P", "*", "X")
DIVIDER = "#333333"  # between a sample and its neighbours
WIDE = 4  # sets of pictures beside each other
FAR = 20  # times below all runs: on a log scale no place for real samples
MARKED = 24  # points of a curve up to which each has a dot
WIDEST, MOST_NAMED = 120.0, 130  # inches of bars by class, and names beneath them
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
    """The first side² images of each set beside each other, unselected; WIDE sets a row."""
    rows, columns = -(-len(sets) // WIDE), min(len(sets), WIDE)
    with new_figure(path, 3.4 * columns, 3.7 * rows) as figure:
        grid = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes in grid:
            axes.axis("off")
        for axes, (title, images) in zip(grid, sets.items(), strict=False):
            shown = images[: side * side].astype(np.uint8, copy=False)
            axes.imshow(tile(shown, side), interpolation="nearest")
            axes.set_title(title)


def growth(path: Path, snapshots: Images, columns: int = 12) -> None:
    """Snapshots (T, N, H, W, C): a row for each moment, a column for each code."""
    rows = snapshots[:, :columns]
    save_grid(path, rows.reshape(-1, *rows.shape[2:]), rows.shape[1], least=720)


def curves(path: Path, runs: Sequence[Run]) -> None:
    """All terms of each run against images shown: WIDE panels a row, each term in its own, since
    their scales have nothing in common."""
    lines = [
        (run, terms[start : start + WIDE])
        for run in runs
        for terms in [terms_of(run)]
        for start in range(0, max(1, len(terms)), WIDE)
    ]
    columns = max(1, *(len(names) for _, names in lines))
    with new_figure(path, 3.1 * columns, 2.5 * len(lines)) as figure:
        grid = figure.subplots(len(lines), columns, squeeze=False)
        for row, (run, names) in zip(grid, lines, strict=True):
            for axes in row[len(names) :]:
                axes.axis("off")
            for axes, name in zip(row, names, strict=False):
                known = run.history[["images", name]].dropna()
                axes.plot(known["images"], known[name], color=COLOURS[0], lw=1.1)
                axes.set_title(f"{run.key}\n{name.replace('/', ': ')}", fontsize=9)
                axes.xaxis.set_major_formatter(EngFormatter(sep=""))
        figure.supxlabel("images shown", fontsize=9)


def terms_of(run: Run) -> list[str]:
    """Columns of history that are terms, each of which has a panel; a player's whole loss only
    where the loss without its penalties is not among them."""
    columns = [str(name) for name in run.history.columns if "/" in str(name)]
    twice = {n.replace("/adversarial", "/loss") for n in columns if n.endswith("/adversarial")}
    return [name for name in columns if name not in twice]


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
    step = -(-len(names) // MOST_NAMED)  # of many classes some are named
    with new_figure(path, 1.5 + min(max(7.0, 0.9 * len(names)), WIDEST), 3.2) as figure:
        axes = figure.subplots()
        for index, (label, values) in enumerate(series.items()):
            left = places + (index - (len(series) - 1) / 2) * width
            colour = "#999999" if index == 0 else COLOURS[(index - 1) % len(COLOURS)]
            axes.bar(left, values, width, label=label, color=colour)
        if least is not None:
            axes.hlines(least, places - 0.4, places + 0.4, "black", ":")
        axes.set_xticks(places[::step], names[::step], rotation=30, ha="right")
        axes.set_title(title)
        axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))


def precision_recall(path: Path, real: Metrics, families: Mapping[str, Sequence[Metrics]]) -> None:
    """Quality against diversity, one dot a run, a colour a family; grey the real images."""
    with new_figure(path, 6.6, 3.8) as figure:
        axes = figure.subplots()
        for index, (name, runs) in enumerate({"real images": [real], **families}.items()):
            known = [metrics for metrics in runs if "recall" in metrics]
            axes.scatter(
                [metrics["recall"] for metrics in known],
                [metrics["precision"] for metrics in known],
                s=60,
                color="#999999" if index == 0 else COLOURS[(index - 1) % len(COLOURS)],
                marker=MARKERS[index % len(MARKERS)],
                label=name,
            )
        axes.margins(0.12)  # of what was measured: the axes do not begin at 0
        axes.set(xlabel="recall", ylabel="precision")
        axes.set_title("quality against diversity")
        axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))


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
    """For each run a column of two titled grids of images (rows, columns, H, W, C), WIDE runs
    beside each other; `divided` draws a line behind the first column of images."""
    widest = max(images.shape[1] for grids in found.values() for images in grids.values())
    rows, columns = -(-len(found) // WIDE), min(len(found), WIDE)
    with new_figure(path, 0.5 * widest * columns, 4.9 * rows) as figure:
        cells = figure.subplots(2 * rows, columns, squeeze=False)
        for axes in cells.ravel():
            axes.axis("off")
        for index, grids in enumerate(found.values()):
            row, column = divmod(index, WIDE)
            pair = cells[2 * row : 2 * row + 2, column]
            for axes, (title, images) in zip(pair, grids.items(), strict=True):
                flat = images.reshape(-1, *images.shape[2:])
                axes.imshow(tile(flat, images.shape[1]), interpolation="nearest")
                axes.set_title(title, fontsize=10)
                if divided:
                    axes.axvline(images.shape[3] + 1.5, color=DIVIDER, lw=2)


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


@dataclass(frozen=True)
class Panel:
    """One metric: its title, whether its axis is logarithmic, and which way is better."""

    title: str
    log: bool = False
    lower_is_better: bool = False

    @property
    def titled(self) -> str:
        """The title, and that the axis is logarithmic where it is."""
        return f"{self.title} (log scale)" if self.log else self.title


def seeds(
    path: Path,
    families: Mapping[str, Sequence[Run]],
    panels: Mapping[str, Panel],
    real: Metrics,
    failed: Collection[str] = (),
) -> None:
    """Every seed as a dot: a panel for each metric, a row for each family, runs that `failed`
    (keys) as crosses; the mark is the median, in which they are worse than all others, and the
    dashed line the value of real samples, unless a log scale has no place for it. What was not
    measured has no mark."""
    with new_figure(path, 3.3 * len(panels) + 1.5, 0.34 * len(families) + 1.1) as figure:
        every = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for axes, (key, panel) in zip(every, panels.items(), strict=True):
            worst = np.inf if panel.lower_is_better else -np.inf
            for row, runs in enumerate(families.values()):
                known = [run for run in runs if key in run.metrics or run.key in failed]
                if not known:
                    continue
                values = np.array([float(run.metrics.get(key, np.nan)) for run in known])
                ill = np.array([run.key in failed for run in known])
                place = np.full(len(known), row)
                axes.plot(values[~ill], place[~ill], "o", color=COLOURS[0], alpha=0.6, ms=5)
                axes.plot(values[ill], place[ill], "x", color=COLOURS[1], ms=6)
                axes.plot([np.median(np.where(ill, worst, values))], [row], "|k", ms=14)
            shown = [
                float(run.metrics[key]) for run in chain(*families.values()) if key in run.metrics
            ]
            log = panel.log and min(shown, default=0) > 0  # a debiased distance may be 0 or less
            if key in real and (not log or real[key] > min(shown) / FAR):
                axes.axvline(real[key], color="#999999", ls="--", lw=1)
            axes.set_title(panel.titled if log == panel.log else panel.title)
            axes.set_xscale("log" if log else "linear")
        every[0].set_yticks(range(len(families)), list(families))
        every[0].invert_yaxis()


def better(
    path: Path,
    names: Sequence[str],
    chances: Mapping[tuple[str, str], float],
    marks: Mapping[tuple[str, str], str],
) -> None:
    """The chance that the row is better than the column, a cell for each of `chances` (row,
    column); `marks` stand behind the numbers, which are bold with an asterisk."""
    side = 0.62 * len(names) + 2.2
    with new_figure(path, side + 0.6, side) as figure:
        axes = figure.subplots()
        cells = np.full((len(names), len(names)), np.nan)
        for (row, column), chance in chances.items():
            i, j = names.index(row), names.index(column)
            cells[i, j] = chance
            mark = marks.get((row, column), "")
            axes.text(
                j,
                i,
                f"{chance:.2f}{mark}",
                ha="center",
                va="center",
                fontsize=8,
                fontweight="bold" if mark == "*" else "normal",
            )
        axes.imshow(cells, cmap="PuOr_r", vmin=-0.3, vmax=1.3)  # its dark ends would hide numbers
        axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
        axes.set_yticks(range(len(names)), names)
        axes.set_title("P(row better than column)")
        axes.grid(visible=False)


def growth_curves(
    path: Path,
    families: Mapping[str, Sequence[Course]],
    panels: Mapping[str, Panel],
    label: str,
    floors: Mapping[str, float] | None = None,
) -> None:
    """Metrics at each snapshot over what `label` names, a panel a metric: every run a thin line,
    the median over the runs of a family a thick one, dashed grey what real samples have, by
    `floors`. A run that ended early counts there as it ended."""
    with new_figure(path, 5.2 * len(panels) + 1.5, 3.6) as figure:
        for axes, (key, panel) in zip(
            figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True
        ):
            for index, (name, runs) in enumerate(families.items()):
                style = {"color": COLOURS[index % len(COLOURS)]}
                for run in runs if len(runs) > 1 else ():
                    values = [float(moment[key]) for moment in run.metrics]
                    axes.plot(run.along, values, lw=0.6, alpha=0.35, **style)
                places, middle = _middle(runs, key)
                line = "." * (len(places) <= MARKED) + ("--" if index >= len(COLOURS) else "-")
                axes.plot(places, middle, line, lw=1.9, label=name, **style)
            if floors and key in floors:
                axes.axhline(floors[key], color="#999999", ls="--", lw=1)
                along = axes.get_yaxis_transform()
                told = {"ha": "right", "va": "bottom", "fontsize": 8, "color": "#666666"}
                axes.text(1, floors[key], "real images, about", transform=along, **told)
            axes.set_title(panel.titled)
            axes.set_xlabel(label)
            axes.set_xlim(left=0)
            axes.set_yscale("log" if panel.log else "linear")
            axes.xaxis.set_major_formatter(EngFormatter(sep=""))
        axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))


def _middle(runs: Sequence[Course], key: str) -> tuple[list[float], list[float]]:
    """Medians over runs at each moment: of the places of those that reach it, and of all values."""
    moments = max(len(run.metrics) for run in runs)
    return (
        [float(np.median([r.along[m] for r in runs if m < len(r.along)])) for m in range(moments)],
        [
            float(np.median([float(r.metrics[min(m, len(r.metrics) - 1)][key]) for r in runs]))
            for m in range(moments)
        ],
    )
