"""Claims: what a study says that it shows, each with the number that shows it or fails to.

A study writes `claims.json` beside its report: a list of `{id, what, value, aim, holds, seeds,
baseline, plant}`. `aim` is a text like "<= 0.05"; `holds` follows from it and the value, and is
null where there is no aim: what is published either way. `baseline` is what the simplest other way
scores, `plant` what a planted mistake scores, each `{what, value}`; a plant has to miss the aim, or
the claim shows nothing. A claim that does not hold stays, and tables say by how much.
"""

from ganstudy.claims.aims import Aim
from ganstudy.claims.claim import Claim, Scored, read, write
from ganstudy.claims.tables import as_html, as_markdown, as_sentence, number

__all__ = [
    "Aim",
    "Claim",
    "Scored",
    "as_html",
    "as_markdown",
    "as_sentence",
    "number",
    "read",
    "write",
]
