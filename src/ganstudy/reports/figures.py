"""The figures of a study, as PNG files that are equal for equal results."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
import numpy.typing as npt

from ganstudy.files import Images, Samples, replacing
from ganstudy.reports.charts import Balance, ByClass, Curve, Curves, Dots, terms_of
from ganstudy.reports.pictures import save_grid, tile
from ganstudy.reports.study import Nearest, Walk
from ganstudy.study.runs import Run, family_of

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

# Okabe & Ito's palette: told apart by colour-blind readers.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
MARKERS = ("o", "s", "^", "D", "v", "h", "P", "*", "X")
REAL = "#999999"
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


def curves(path: Path, runs: Sequence[Run], told: Mapping[str, Curves]) -> None:
    """All terms of each of `runs` against images shown: WIDE panels a row, each term in
    its own, since their scales have nothing in common."""
    lines = [
        (run.key, drawn[start : start + WIDE])
        for run in runs
        for drawn in [list(terms_of(run, told).items())]
        for start in range(0, max(1, len(drawn)), WIDE)
    ]
    columns = max(1, *(len(drawn) for _, drawn in lines))
    with new_figure(path, 3.1 * columns, 2.5 * len(lines)) as figure:
        grid = figure.subplots(len(lines), columns, squeeze=False)
        for row, (key, drawn) in zip(grid, lines, strict=True):
            for axes in row[len(drawn) :]:
                axes.axis("off")
            for axes, (name, curve) in zip(row, drawn, strict=False):
                known = np.isfinite(curve.values)
                axes.plot(curve.images[known], curve.values[known], color=COLOURS[0], lw=1.1)
                axes.set_title(f"{key}\n{name.replace('/', ': ')}", fontsize=9)
                axes.xaxis.set_major_formatter(EngFormatter(sep=""))
        figure.supxlabel("images shown", fontsize=9)


def class_bars(path: Path, chart: ByClass, keys: Sequence[str]) -> None:
    """A group of bars for each class, grey the real images, then the runs `keys`; what is least is
    dotted."""
    names, series = chart.classes, {chart.reference: chart.real}
    series |= {key: chart.runs[key] for key in keys}
    width = 0.8 / len(series)
    places = np.arange(len(names))
    step = -(-len(names) // MOST_NAMED)  # of many classes some are named
    with new_figure(path, 1.5 + min(max(7.0, 0.9 * len(names)), WIDEST), 3.2) as figure:
        axes = figure.subplots()
        for index, (label, values) in enumerate(series.items()):
            left = places + (index - (len(series) - 1) / 2) * width
            axes.bar(left, values, width, label=label, color=_beside_real(index))
        if chart.least is not None:
            axes.hlines(chart.least, places - 0.4, places + 0.4, "black", ":")
        axes.set_xticks(places[::step], names[::step], rotation=30, ha="right")
        axes.set_title(chart.caption)
        axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))


def precision_recall(path: Path, chart: Balance) -> None:
    """Quality against diversity, one dot a run, a colour a family; grey the real images."""
    families = {"real images": [] if chart.real is None else [chart.real]}
    families |= {name: [] for name in chart.families}
    for key, place in chart.runs.items():
        families[family_of(key)].append(place)
    with new_figure(path, 6.6, 3.8) as figure:
        axes = figure.subplots()
        for index, (name, places) in enumerate(families.items()):
            axes.scatter(
                [recall for recall, _ in places],
                [precision for _, precision in places],
                s=60,
                color=_beside_real(index),
                marker=MARKERS[index % len(MARKERS)],
                label=name,
            )
        axes.margins(0.12)  # of what was measured: the axes do not begin at 0
        axes.set(xlabel="recall", ylabel="precision")
        axes.set_title("quality against diversity")
        axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))


def _beside_real(index: int) -> str:
    """The colour of what stands beside real images, which are the first."""
    return REAL if index == 0 else COLOURS[(index - 1) % len(COLOURS)]


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


def seeds(path: Path, charts: Mapping[str, Dots]) -> None:
    """Every seed as a dot: a panel for each metric, a row for each family, runs that failed as
    crosses; the mark is the median, and the dashed line the value of real samples, unless a log
    scale has no place for it. What was not measured has no mark."""
    families = list(next(iter(charts.values())).families)
    with new_figure(path, 3.3 * len(charts) + 1.5, 0.34 * len(families) + 1.1) as figure:
        every = figure.subplots(1, len(charts), sharey=True, squeeze=False)[0]
        for axes, chart in zip(every, charts.values(), strict=True):
            for row, (family, dots) in enumerate(chart.families.items()):
                if not dots:
                    continue
                values = np.array([dot.value for dot in dots])
                ill = np.array([dot.failed for dot in dots])
                place = np.full(len(dots), row)
                axes.plot(values[~ill], place[~ill], "o", color=COLOURS[0], alpha=0.6, ms=5)
                axes.plot(values[ill], place[ill], "x", color=COLOURS[1], ms=6)
                axes.plot([chart.median(family)], [row], "|k", ms=14)
            real, log = chart.real, chart.log
            if real is not None and (not log or real > min(chart.values()) / FAR):
                axes.axvline(real, color=REAL, ls="--", lw=1)
            axes.set_title(chart.panel.titled if log == chart.panel.log else chart.panel.title)
            axes.set_xscale("log" if log else "linear")
        every[0].set_yticks(range(len(families)), families)
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
    path: Path, charts: Sequence[Curves], label: str, along: Literal["images", "seconds"] = "images"
) -> None:
    """Metrics at each snapshot over what `label` names, a panel a metric: every run a thin line,
    the median over the runs of a family a thick one, dashed grey what real samples have. A run that
    ended early counts there as it ended."""
    with new_figure(path, 5.2 * len(charts) + 1.5, 3.6) as figure:
        for axes, chart in zip(
            figure.subplots(1, len(charts), squeeze=False)[0], charts, strict=True
        ):
            for index, (name, runs) in enumerate(chart.families().items()):
                style = {"color": COLOURS[index % len(COLOURS)]}
                for run in runs if len(runs) > 1 else ():
                    axes.plot(getattr(run, along), run.values, lw=0.6, alpha=0.35, **style)
                places, middle = _middle(runs, along)
                line = "." * (len(places) <= MARKED) + ("--" if index >= len(COLOURS) else "-")
                axes.plot(places, middle, line, lw=1.9, label=name, **style)
            if chart.floor is not None:
                axes.axhline(chart.floor, color=REAL, ls="--", lw=1)
                along_axis = axes.get_yaxis_transform()
                told = {"ha": "right", "va": "bottom", "fontsize": 8, "color": "#666666"}
                axes.text(1, chart.floor, "real images, about", transform=along_axis, **told)
            axes.set_title(chart.panel.titled)
            axes.set_xlabel(label)
            axes.set_xlim(left=0)
            axes.set_yscale("log" if chart.panel.log else "linear")
            axes.xaxis.set_major_formatter(EngFormatter(sep=""))
        axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))


def _middle(runs: Sequence[Curve], along: str) -> tuple[list[float], list[float]]:
    """Medians over runs at each moment: of the places of those that reach it, and of all values."""
    moments = range(max(len(run.values) for run in runs))
    places = [[getattr(r, along)[m] for r in runs if m < len(r.values)] for m in moments]
    values = [[run.values[min(m, len(run.values) - 1)] for run in runs] for m in moments]
    return [float(np.median(p)) for p in places], [float(np.median(v)) for v in values]
