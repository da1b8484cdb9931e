"""The page's interactive plots: Bokeh figures, each whole by itself, in JSON that repeats."""

import base64
import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import chain
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from bokeh.core.json_encoder import serialize_json
from bokeh.document import Document
from bokeh.models import (
    BoxZoomTool,
    ColumnDataSource,
    DataRange1d,
    FixedTicker,
    HoverTool,
    Line,
    NumeralTickFormatter,
    Range1d,
    ResetTool,
    SaveTool,
    Scatter,
    Text,
)
from bokeh.models.renderers import DataRenderer
from bokeh.plotting import figure
from bokeh.resources import Resources

from ganstudy.reports import charts
from ganstudy.reports.charts import Balance, ByClass, Curve, Curves, Dots, Panel
from ganstudy.reports.comparison import METRIC
from ganstudy.reports.looks import REAL, Look
from ganstudy.reports.page import PANELS, SEEDS
from ganstudy.reports.study import Study

NAMED = 6  # losses up to which curves have their names at their ends: of more they would overlap
UNLIKE = 50  # times as large are values of one term that no linear axis shows together
POINTS = 128  # of a training curve: each is a mean over as large a part of training
HIGHEST = 3000  # pixels of a plot of many classes
FLOOR = "real images"  # the name of what they reach
AGAIN = "over"  # tags figures whose abscissa the page can change
TOOLBAR = ":host { --icon-color: var(--soft); }"  # the page's colours
TOOLS = 30  # pixels of the buttons' line, which the page lays over the heading's
AXIS = {
    "minor_tick_line_color": None,
    "axis_label_text_font": "system-ui",
    "axis_label_text_font_size": "12px",
    "axis_label_text_font_style": "normal",
    "major_label_text_font": "system-ui",
    "major_label_text_font_size": "11px",
}


@dataclass(frozen=True)
class Plot:
    """A figure, the id of the element that it fills, its heading, and what is said beside it: which
    way is better, and a logarithmic axis."""

    id: str
    title: str
    figure: figure
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Plots:
    """The plots of a study by the section they stand in; `terms` by player."""

    seeds: Sequence[Plot]
    growth: Sequence[Plot]
    terms: Mapping[str, Sequence[Plot]]
    balance: Sequence[Plot]
    classes: Sequence[Plot]

    def packed(self) -> str:
        """What Bokeh embeds of each plot, as a list in JSON, gzip and base64, since curves of many
        runs say the same many times: equal for equal plots."""
        terms = chain.from_iterable(self.terms.values())
        every = chain(self.seeds, self.growth, terms, self.balance, self.classes)
        items = serialize_json([_item(plot) for plot in every])
        return base64.b64encode(gzip.compress(items.encode(), mtime=0)).decode()


def script() -> str:
    """BokehJS, its core alone."""
    return "\n".join(Resources(mode="inline", components=["bokeh"]).js_raw)


def plots(study: Study, looks: Mapping[str, Look]) -> Plots:
    """Every plot that the study's measurements allow."""
    overlap = charts.balance(study)
    return Plots(
        [_seeds(chart, looks) for chart in charts.seeds(study, {METRIC: SEEDS[METRIC]}).values()],
        [_growth(chart, looks) for chart in charts.growth(study, PANELS)],
        _terms(study, looks),
        [_balance(overlap, looks)] if overlap else [],
        [_by_class(chart, looks) for chart in charts.by_classes(study)],
    )


def _item(plot: Plot) -> Any:
    """What Bokeh embeds: a document of this plot alone, so that a page can draw it by itself."""
    document = Document()
    document.add_root(plot.figure)
    item = {
        "target_id": plot.id,
        "root_id": plot.figure.id,
        "doc": document.to_json(deferred=False),
    }
    return _renumbered(item, {})


def _renumbered(value: Any, known: dict[str, str]) -> Any:
    """`value` with the ids of its models, which count on through a process, in order of meeting."""
    if isinstance(value, dict):
        return {
            name: known.setdefault(part, f"m{len(known)}")
            if name in ("id", "root_id") and isinstance(part, str)
            else _renumbered(part, known)
            for name, part in value.items()
        }
    if isinstance(value, list | tuple):
        return [_renumbered(part, known) for part in value]
    return value


# Curves over training


def _growth(chart: Curves, looks: Mapping[str, Look]) -> Plot:
    plot = _curves(f"growth-{chart.name}", chart, looks, dots=True)
    if chart.floor is not None:
        _floor(plot.figure, chart.floor, list(chart.runs.values()))
    return plot


def _floor(drawn: figure, floor: float, curves: Sequence[Curve]) -> None:
    """A dashed line from the first point of all curves to the last."""
    ends = {}
    for along in ("images", "seconds"):
        known = np.concatenate([getattr(curve, along) for curve in curves])
        known = known[np.isfinite(known)] if np.isfinite(known).any() else np.zeros(1)
        ends[along] = np.array([known.min(), known.max()])
    line = Line(x="images", y="floor", line_color=REAL, line_width=1.8, line_dash="dashed")
    drawn.add_glyph(_source(ends | {"floor": np.array([floor, floor])}), line, name=FLOOR)


def _terms(study: Study, looks: Mapping[str, Look]) -> Mapping[str, Sequence[Plot]]:
    """Every term of training by player, each over all runs that have it."""
    longest = max(float(run.history["images"].iloc[-1]) for run in study.runs)
    found: dict[str, list[Plot]] = {}
    for name, chart in charts.terms(study).items():
        player, term = name.split("/")
        runs = {key: _thinned(curve, longest) for key, curve in chart.runs.items()}
        panel = replace(chart.panel, log=_unlike([curve.values for curve in runs.values()]))
        drawn = replace(chart, panel=panel, runs=runs)
        found.setdefault(player, []).append(_curves(f"term-{player}-{term}", drawn, looks))
    return found


def _unlike(curves: Sequence[npt.NDArray[Any]]) -> bool:
    """Whether the largest of positive curves would flatten others on a linear axis."""
    known = [values[np.isfinite(values)] for values in curves]
    known = [values for values in known if len(values)]
    if not known or min(values.min() for values in known) <= 0:
        return False
    middles = [float(np.median(values)) for values in known]
    return max(middles) > UNLIKE * min(middles)


def _thinned(curve: Curve, longest: float) -> Curve:
    """A curve in parts of which the `longest` has POINTS, each the mean of its values."""
    frame = pd.DataFrame({"images": curve.images, "seconds": curve.seconds, "values": curve.values})
    parts = frame.groupby(np.ceil(curve.images * POINTS / longest))
    ends = parts[["images", "seconds"]].max()
    means = parts["values"].mean().interpolate(limit_area="inside")
    return Curve(ends["images"].to_numpy(), ends["seconds"].to_numpy(), means.to_numpy())


def _source(columns: Mapping[str, npt.NDArray[Any]]) -> ColumnDataSource:
    return ColumnDataSource({name: values.astype(np.float32) for name, values in columns.items()})


def _curves(place: str, chart: Curves, looks: Mapping[str, Look], *, dots: bool = False) -> Plot:
    """One curve a run over images shown, or, once the page says so, over seconds."""
    panel, column = chart.panel, chart.name
    drawn = _figure(240 + 60 * dots, "log" if panel.log else "linear")
    drawn.tags = [AGAIN]
    drawn.xaxis.axis_label = "images shown"
    drawn.xaxis.formatter = NumeralTickFormatter(format="0.[0]a")
    families = {look.family for look in looks.values()}
    touched: list[DataRenderer] = []  # one renderer a run: pointing at a dot of a line tells once
    for key, curve in chart.runs.items():
        look, source = looks[key], _source(_columns(curve, column))
        line = Line(x="images", y=column, line_color=look.colour, line_width=1.8)
        line.line_dash = look.dash
        hit: DataRenderer = drawn.add_glyph(source, line, name=key, visible=look.shown)
        if dots:
            dot = Scatter(x="images", y=column, marker=look.marker, size=6)
            dot.update(fill_color=look.colour, line_color=look.colour)
            mark = drawn.add_glyph(source, dot, name=key, visible=look.shown)
            hit = hit if len(curve.images) > 1 else mark
        touched.append(hit)
        if len(families) <= NAMED and look.first:
            _name_end(drawn, curve, column, key, look)
    tip = _tip(
        {
            "images": "@images{0,0}",
            "seconds": "@seconds{0,0}",
            panel.title: f"@{{{column}}}{{0.[0000]}}",
        }
    )
    drawn.add_tools(HoverTool(tooltips=tip, renderers=touched))
    return Plot(f"plot-{place}", panel.title, drawn, _notes(panel, log=panel.log))


def _columns(curve: Curve, name: str) -> dict[str, npt.NDArray[Any]]:
    return {"images": curve.images, "seconds": curve.seconds, name: curve.values}


def _notes(panel: Panel, *, log: bool) -> list[str]:
    """What is said beside a heading."""
    return ["lower is better"] * panel.lower_is_better + ["log scale"] * log


def _name_end(drawn: figure, curve: Curve, column: str, key: str, look: Look) -> None:
    """The family's name above the last point of a curve."""
    known = np.flatnonzero(np.isfinite(curve.values))
    if not len(known):
        return
    source = _source({n: values[known[-1:]] for n, values in _columns(curve, column).items()})
    source.data["name"] = [look.family]
    text = Text(x="images", y=column, text="name", x_offset=-2, y_offset=-5)
    text.update(text_align="right", text_baseline="bottom", text_color=look.colour)
    text.update(text_font={"value": "system-ui"}, text_font_size="11px", text_font_style="bold")
    drawn.add_glyph(source, text, name=key, visible=look.shown)


# Dots


def _seeds(chart: Dots, looks: Mapping[str, Look]) -> Plot:
    """Every seed as a dot, also of runs that the reader hides; a failed one is a cross, the bar the
    median."""
    names, title = list(chart.families), chart.panel.title
    drawn = _figure(
        60 + 30 * len(names),
        "linear",
        y_range=Range1d(start=len(names) - 0.4, end=-0.6),
        across="log" if chart.log else "linear",
    )
    _name_lines(drawn, names)
    drawn.xaxis.axis_label = title
    touched: list[DataRenderer] = []
    for place, (name, dots) in enumerate(chart.families.items()):
        look = next(look for look in looks.values() if look.family == name)
        median = chart.median(name)
        if np.isfinite(median):
            bar = Scatter(x="value", y="place", marker="dash", angle=np.pi / 2, size=24)
            bar.update(line_color=look.colour, line_width=3)
            drawn.add_glyph(_source({"value": np.array([median]), "place": np.array([place])}), bar)
        for dot in (dot for dot in dots if np.isfinite(dot.value)):
            mark = Scatter(x="value", y="place", size=9, fill_alpha=0.6)
            mark.update(marker="x" if dot.failed else look.marker)
            mark.update(line_color=look.colour, fill_color=look.colour)
            source = ColumnDataSource({"run": [dot.key], "value": [dot.value], "place": [place]})
            touched.append(drawn.add_glyph(source, mark))
    tip = _tip({title: "@value{0,0.00}"}, "@run")
    drawn.add_tools(HoverTool(tooltips=tip, renderers=touched))
    return Plot("plot-seeds", f"{title} of every seed", drawn, _notes(chart.panel, log=chart.log))


def _name_lines(drawn: figure, names: Sequence[str]) -> None:
    """Lines 0, 1, … from the top have `names`."""
    drawn.yaxis.ticker = FixedTicker(ticks=list(range(len(names))))
    drawn.yaxis.major_label_overrides = dict(enumerate(names))


def _balance(chart: Balance, looks: Mapping[str, Look]) -> Plot:
    """Precision against recall, one dot a run; real images are a cross. The axes reach as far as
    what is shown."""
    across, up = (
        DataRange1d(only_visible=True, range_padding=0.15, default_span=0.1) for _ in range(2)
    )
    drawn = _figure(380, "linear", across, up)
    drawn.xaxis.axis_label, drawn.yaxis.axis_label = "recall", "precision"
    if chart.real is not None:
        _real(drawn, _at(chart.real), Scatter(x="recall", y="precision", marker="x", size=14))
    for key, place in chart.runs.items():
        _dots(drawn, _at(place), Scatter(x="recall", y="precision", size=11), key, looks)
    fields = {name: f"@{name}{{0.000}}" for name in ("precision", "recall")}
    drawn.add_tools(HoverTool(tooltips=_tip(fields)))
    notes = ["both: higher is better", "axes do not begin at 0"]
    return Plot("plot-balance", "precision against recall", drawn, notes)


def _at(place: tuple[float, float]) -> ColumnDataSource:
    return _source(dict(zip(("recall", "precision"), map(np.atleast_1d, place), strict=True)))


def _by_class(chart: ByClass, looks: Mapping[str, Look]) -> Plot:
    """A line of dots for each class, the losses apart by a little; real images are dashes."""
    names, families = chart.classes, list(dict.fromkeys(looks[key].family for key in chart.runs))
    high = min(24 + 5 * len(families), max(18, HIGHEST // len(names)))
    lines = Range1d(start=len(names) - 0.4, end=-0.6)
    drawn = _figure(
        60 + high * len(names), "linear", DataRange1d(start=0, only_visible=True), lines
    )
    _name_lines(drawn, names)
    drawn.xaxis.axis_label = chart.title
    dash = Scatter(x="value", y="place", marker="dash", angle=np.pi / 2, size=22)
    _real(drawn, _lines(chart.real, 0.0), dash)
    for key, values in chart.runs.items():
        share = (families.index(looks[key].family) + 0.5) / len(families)
        source = _lines(values, 0.7 * (share - 0.5))
        _dots(drawn, source, Scatter(x="value", y="place", size=9), key, looks)
    drawn.add_tools(HoverTool(tooltips=_tip({chart.title: "@value{0.000}"})))
    return Plot(f"plot-class-{chart.name}", chart.title, drawn)


def _lines(values: Sequence[float], offset: float) -> ColumnDataSource:
    return _source({"value": np.array(values), "place": np.arange(len(values)) + offset})


def _real(drawn: figure, source: ColumnDataSource, mark: Scatter) -> None:
    mark.update(line_color=REAL, line_width=3)
    drawn.add_glyph(source, mark, name=FLOOR)


def _dots(
    drawn: figure, source: ColumnDataSource, dot: Scatter, key: str, looks: Mapping[str, Look]
) -> None:
    look = looks[key]
    dot.update(marker=look.marker, fill_color=look.colour, line_color=look.colour, fill_alpha=0.85)
    drawn.add_glyph(source, dot, name=key, visible=look.shown)


def _tip(fields: Mapping[str, str], name: str = "$name") -> str:
    """A tooltip's HTML: the run's name, and below it each of `fields` with Bokeh's code for it."""
    rows = "".join(
        f'<span style="color: var(--soft)">{escape(name)}</span><span>{code}</span>'
        for name, code in fields.items()
    )
    head = f'<b style="grid-column: 1 / -1">{name}</b>'
    return (
        '<div style="display: grid; grid-template-columns: auto auto; gap: 0 .8em; '
        f'font: 13px/1.5 system-ui">{head}{rows}</div>'
    )


def _figure(
    height: int,
    scale: Literal["linear", "log"],
    x_range: Range1d | DataRange1d | None = None,
    y_range: Range1d | DataRange1d | None = None,
    across: Literal["linear", "log"] = "linear",
) -> figure:
    """A figure without ground or title: the page gives it colours; dragging scrolls until a reader
    takes the zoom."""
    drawn = figure(
        height=height + TOOLS,
        sizing_mode="stretch_width",
        x_range=x_range or DataRange1d(only_visible=True),
        y_range=y_range or DataRange1d(only_visible=True, range_padding=0.2),
        x_axis_type=across,
        y_axis_type=scale,
        tools=[BoxZoomTool(), ResetTool(), SaveTool()],
        active_drag=None,
        toolbar_location="above",
        background_fill_color=None,
        border_fill_color=None,
        outline_line_color=None,
        min_border=4,
    )
    drawn.toolbar.logo = None
    drawn.toolbar.autohide = True
    drawn.toolbar.stylesheets = [TOOLBAR]
    for axis in drawn.axis:
        axis.update(**AXIS)
    for axis in [*drawn.xaxis] * (across == "log") + [*drawn.yaxis] * (scale == "log"):
        axis.ticker = FixedTicker(ticks=[m * 10.0**e for e in range(-4, 8) for m in (1, 2, 5)])
        axis.formatter = NumeralTickFormatter(format="0,0.[0000]")
    return drawn
