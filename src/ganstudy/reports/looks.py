"""How each run looks on the page: one colour and marker a loss, one dash a seed, in every plot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ganstudy.runs import Run, by_family

# Each has a contrast of at least 3 with both of the page's grounds (WCAG 2.2, 1.4.11).
COLOURS = (
    "#1f78c8", "#d9600a", "#0f9270", "#c2509a", "#9a7d0a", "#6d5ce0",
    "#c8373c", "#2a93a8", "#7a8a1a", "#a36a48", "#a44fd0", "#5c7a94",
)  # fmt: skip
REAL = "#858b94"
MARKERS = ("circle", "square", "triangle", "diamond", "inverted_triangle", "hex", "plus", "star")
DASHES = ("solid", "dashed", "dotted", "dotdash", "dashdot")
CROWD = 12  # runs up to which all are shown at first; of more, the first seed of each loss


@dataclass(frozen=True)
class Look:
    """A run's colour, marker and dash, whether the page shows it at first, and its family."""

    family: str
    seed: str
    colour: str
    marker: str
    dash: str
    shown: bool


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
                len(runs) <= CROWD or column == 0,
            )
    return found
