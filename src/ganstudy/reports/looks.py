"""How each run looks on the page: one colour and marker a loss, one dash a seed, in every plot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ganstudy.study.runs import Run, by_family

# Each has a contrast of at least 3 with both of the page's grounds (WCAG 2.2, 1.4.11).
COLOURS = (
    "#1f78c8", "#d9600a", "#0f9270", "#c2509a", "#9a7d0a", "#6d5ce0",
    "#c8373c", "#2a93a8", "#7a8a1a", "#a44fd0", "#a36a48", "#5c7a94",
)  # fmt: skip
REAL = "#858b94"
MARKERS = (
    *("circle", "square", "triangle", "diamond", "inverted_triangle", "hex", "plus", "star"),
    *("square_pin", "triangle_pin"),
)
DASHES = ("solid", "dashed", "dotted", "dotdash", "dashdot")
# The same in a legend: the marker as a path about (14, 6), the dash as SVG's array.
SHAPES = {
    "circle": "M14 2a4 4 0 1 0 .01 0z",
    "square": "M10.5 2.5h7v7h-7z",
    "triangle": "M14 1.5l4.5 8h-9z",
    "diamond": "M14 1l4 5-4 5-4-5z",
    "inverted_triangle": "M14 10.5l4.5-8h-9z",
    "hex": "M10 3.5l4-2.5 4 2.5v5l-4 2.5-4-2.5z",
    "plus": "M13 1h2v4h4v2h-4v4h-2v-4h-4v-2h4z",
    "square_pin": "M9.5 1.5q4.5 2 9 0q-2 4.5 0 9q-4.5-2-9 0q2-4.5 0-9z",
    "triangle_pin": "M14 .5q.5 6 5.500 9.5q-5.500-1.500-11 0q5-3.500 5.500-9.5z",
    "star": "M14 .8l1.3 3.4 3.6.2-2.8 2.3.9 3.5-3-2-3 2 .9-3.5-2.8-2.3 3.6-.2z",
}
STROKES = {
    "solid": "none",
    "dashed": "6 3",
    "dotted": "2 3",
    "dotdash": "2 3 6 3",
    "dashdot": "6 3 2 3",
}
DRAWN = 36  # runs up to which all plots are drawn at once; of more, those that are looked at
CROWD = 12  # runs up to which all are shown at first; of more, the first seed of each loss


@dataclass(frozen=True)
class Look:
    """A run's colour, marker and dash, whether it is the first of its family, and whether the page
    shows it at first."""

    family: str
    seed: str
    colour: str
    marker: str
    dash: str
    first: bool
    shown: bool

    @property
    def shape(self) -> str:
        """The marker as an SVG path."""
        return SHAPES[self.marker]

    @property
    def stroke(self) -> str:
        """The dash as SVG's array."""
        return STROKES[self.dash]


def looks(runs: Sequence[Run]) -> Mapping[str, Look]:
    """The look of each run, by key and in order."""
    found = {}
    for row, (family, members) in enumerate(by_family(runs).items()):
        for column, run in enumerate(members):
            found[run.key] = Look(
                family,
                run.key.rsplit("-", 1)[1],
                COLOURS[row % len(COLOURS)],
                MARKERS[row % len(MARKERS)],
                DASHES[column % len(DASHES)],
                column == 0,
                len(runs) <= CROWD or column == 0,
            )
    return found
