"""Claims as a table, for Markdown and for pages."""

from collections.abc import Sequence

from markupsafe import Markup

from ganstudy.claims.claim import Claim, Scored

HEADINGS = ("claim", "value", "aim", "holds", "seeds", "baseline", "a planted mistake scores")
RIGHT = (1, 2)  # columns of numbers


def as_markdown(claims: Sequence[Claim]) -> str:
    """A table in Markdown; HTML in texts stays text where the renderer escapes it."""
    rules = ["---:" if index in RIGHT else "---" for index in range(len(HEADINGS))]
    rows = [HEADINGS, rules, *([_safe(cell) for cell in _cells(claim)] for claim in claims)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def as_html(claims: Sequence[Claim]) -> Markup:
    """The same as an HTML table of class `claims`; a row is of class `held`, `missed` or `open`."""
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(name) for name in HEADINGS)
    body = Markup("\n").join(_row(claim) for claim in claims)
    return Markup(
        '<table class="claims">\n<thead><tr>{}</tr></thead>\n<tbody>\n{}\n</tbody>\n</table>'
    ).format(head, body)


def as_sentence(claim: Claim) -> str:
    """What it is, its value and whether it meets its aim, in one line of Markdown."""
    _, value, aim, verdict, *_ = _cells(claim)
    judged = verdict if claim.aim is None else f"aim {aim}: {verdict}"
    return f"{claim.what}: **{value}** ({judged})"


def number(value: float | None) -> str:
    """Three significant digits, or none where there is no number."""
    return "–" if value is None else f"{value:.3g}"


def _row(claim: Claim) -> Markup:
    state = {True: "held", False: "missed", None: "open"}[claim.holds]
    first, *rest = _cells(claim)
    title, _, words = first.partition(": ")
    cells = Markup("").join(Markup("<td>{}</td>").format(cell) for cell in rest)
    return Markup('<tr class="{}"><th scope="row"><code>{}</code> {}</th>{}</tr>').format(
        state, title, words, cells
    )


def _cells(claim: Claim) -> list[str]:
    return [
        f"{claim.id}: {claim.what}",
        number(claim.value),
        (claim.aim or "–").replace("<=", "≤").replace(">=", "≥"),
        _verdict(claim),
        ", ".join(map(str, claim.seeds)),
        _scored(claim.baseline),
        _scored(claim.plant) + (" – not caught" if claim.plant_is_caught is False else ""),
    ]


def _verdict(claim: Claim) -> str:
    if claim.holds is None:
        return "published either way"
    if claim.holds:
        return "yes"
    return "no number" if claim.value is None else f"no, by {number(claim.missed_by)}"


def _scored(other: Scored | None) -> str:
    return "–" if other is None else f"{number(other.value)} ({other.what})"


def _safe(cell: str) -> str:
    return " ".join(cell.replace("|", "\\|").split())
