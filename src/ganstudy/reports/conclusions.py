"""A comparison in words and tables: what can be concluded from it, and what cannot."""

from collections.abc import Callable, Iterable, Iterator
from math import isinf
from statistics import median as middle

from ganstudy.reports.comparison import TITLE, Comparison
from ganstudy.reports.remarks import budget, remarks
from ganstudy.reports.statistics import ALPHA, LEVEL, Estimate, Pair, least_p, level, seeds_needed
from ganstudy.reports.study import Study
from ganstudy.reports.tables import UNKNOWN
from ganstudy.study.runs import by_family

INTERVAL = "[interval; its level]"


def summary(study: Study, found: Comparison) -> str:
    """What was compared and what came out, in a few sentences."""
    best = found.families[0]
    failed = sum(map(found.failed, found.families))
    start = (
        f"{_count(len(study.runs), 'run')}, {budget(study)}: "
        f"{_count(len(found.families), 'recipe')}, {_seeds(found)} each. The least median "
        f"{TITLE} is {best}'s, {text(found.medians[best])}. {_count(failed, 'run')} failed."
    )
    if not found.pairs:
        return f"{start} There is no pair of losses to compare."
    counts = {v: len(found.with_verdict(v)) for v in ("differ", "tie", "open")}
    return (
        f"{start} Of {_count(len(found.pairs), 'pair')} {counts['differ']} differ, "
        f"{counts['tie']} tie and {counts['open']} stay open."
    )


def table(found: Comparison, floor: float) -> str:
    """The Markdown table: a row for each family, the least median first; `floor` is the FID between
    real images, 0 where it is unknown."""
    heads = [
        *("", "failed", f"median {TITLE} {INTERVAL}"),
        *(f"median {title} {INTERVAL}" for title in found.beside),
        *("FID × floor", f"interquartile mean {TITLE}", "variance that is the seed's, at least"),
    ]
    lines = [f"| {' | '.join(heads)} |", "|---|" + "---:|" * (len(heads) - 1)]
    for name in found.families:
        split = found.variance.get(name)
        cells = [
            f"{found.failed(name)}/{found.seeds(name)}",
            text(found.medians[name]),
            *(text(e[name]) if name in e else UNKNOWN for e in found.beside.values()),
            _floors(found.beside.get("FID", {}).get(name), floor),
            _number(found.iqms[name]),
            _at_least(split.seed_share) if split else UNKNOWN,
        ]
        lines.append(f"| **{name}** | {' | '.join(cells)} |")
    return "\n".join(lines)


def _floors(fid: Estimate | None, floor: float) -> str:
    """The median raw FID in multiples of the floor."""
    if fid is None or floor <= 0 or isinf(fid.value):
        return UNKNOWN
    return f"{fid.value / floor:.1f}×"


def _at_least(share: float) -> str:
    """`96%`, rounded down."""
    return f"{int(100 * share)}%"


def pair_table(found: Comparison) -> str:
    """The Markdown table of all pairs: the gap, the probability, the p-values and the verdict."""
    lines = [
        f"| first | second | seeds | median gap in {TITLE} {INTERVAL} | P(first better) | p "
        "| p after Holm | verdict |",
        "|---|---|" + "---:|" * 5 + "---|",
    ]
    lines += [
        f"| {pair.first} | {pair.second} | {pair.seeds} | {_gap(pair.gap)} | {pair.better:.2f} | "
        f"{pair.p:.2g} | {pair.p_holm:.2g} | {pair.verdict} |"
        for pair in found.pairs
    ]
    return "\n".join(lines)


def tiers(found: Comparison) -> list[list[str]]:
    """The families in tiers, the best first: each begins with the least median that is left, and
    takes those after it of which none is shown to differ from that first one."""
    differ = {frozenset((p.first, p.second)) for p in found.with_verdict("differ")}
    groups: list[list[str]] = []
    for name in found.families:
        if groups and frozenset((groups[-1][0], name)) not in differ:
            groups[-1].append(name)
        else:
            groups.append([name])
    return groups


def listed(pairs: Iterable[Pair], *, better_first: bool) -> str:
    """Pairs by their first: `a: b, c`; with `better_first` the better one of each pair is first."""
    groups: dict[str, list[str]] = {}
    for pair in pairs:
        first, second = pair.first, pair.second
        if better_first and pair.better < 0.5:
            first, second = second, first
        groups.setdefault(first, []).append(second)
    return "; ".join(f"**{first}**: {', '.join(others)}" for first, others in groups.items())


def text(estimate: Estimate) -> str:
    """`1.25 [1.00, 2.50; 98.4 %]`, the interval with its level; a bound that failed runs reach is
    `failed`; `1.25` of one run, which has no interval."""
    return _with_interval(estimate, _number)


def _gap(estimate: Estimate) -> str:
    """The same of a gap, whose infinite bounds have a direction."""
    return _with_interval(
        estimate, lambda n: f"{'-' if n < 0 else ''}∞" if isinf(n) else _number(n)
    )


def _with_interval(estimate: Estimate, told: Callable[[float], str]) -> str:
    value, low, high = map(told, (estimate.value, estimate.low, estimate.high))
    return f"{value} [{low}, {high}; {percent(estimate.level)}]" if estimate.level else value


def percent(share: float) -> str:
    """`98.4 %`, `75 %`."""
    return f"{100 * share:.1f}".removesuffix(".0") + " %"


def can_be_concluded(found: Comparison) -> list[str]:
    """What the seeds of this study show, a sentence each."""
    return [*_differences(found), *_overall(found, shown=True), *_failures(found), *_scatter(found)]


def cannot_be_concluded(study: Study, found: Comparison) -> list[str]:
    """What they do not show, and why."""
    told = [remark.split(":")[0].strip("*") for remark in remarks(study)]
    unsound = [
        f"Anything that the remark *{title}* at the top of this page takes away." for title in told
    ]
    unknown = [name for name in by_family(study.runs) if name not in found.families]
    if unknown:
        unsound.append(f"Anything about {', '.join(unknown)}: its {TITLE} was not measured.")
    return [*unsound, *_power(found), *_ties(found), *_overall(found, shown=False), *_scope(found)]


def _differences(found: Comparison) -> Iterator[str]:
    if differ := found.with_verdict("differ"):
        yield (
            f"At this budget the first of these has a lower {TITLE} than those behind it, at "
            f"{1 - ALPHA:.0%} confidence for all pairs together: "
            f"{listed(differ, better_first=True)}."
        )
    elif found.pairs:
        yield f"No pair differs after Holm's correction for {_count(len(found.pairs), 'pair')}."


def _overall(found: Comparison, *, shown: bool) -> Iterator[str]:
    p = found.overall
    if p is None or (p <= ALPHA) != shown:
        return
    if shown:
        yield (
            "The losses of the GANs do not all do equally well (Friedman's test over the seeds, "
            f"p = {p:.2g}); that says not which."
        )
    else:
        yield (
            "That the losses of the GANs differ at all (Friedman's test over the seeds, "
            f"p = {p:.2g})."
        )


def _failures(found: Comparison) -> Iterator[str]:
    failed = {name: found.failed(name) for name in found.families if found.failed(name)}
    if failed:
        rates = ", ".join(f"{n} {count} of {found.seeds(n)}" for n, count in failed.items())
        yield f"Failed runs: {rates}. Each counts as worse than every run that did not fail."
    else:
        most = max(map(found.seeds, found.families))
        bound = 1 - ALPHA ** (1 / most)  # of a rate that shows nothing in so many runs
        yield (
            f"No run failed; with {_count(most, 'seed')} a loss that fails up to {bound:.0%} of "
            "the time may still show none."
        )


def _scatter(found: Comparison) -> Iterator[str]:
    if found.variance:
        share = middle(split.seed_share for split in found.variance.values())
        yield (
            f"Of the variance of {TITLE} between runs of one loss at least {_at_least(share)} "
            "(median over losses) is the seed's, the rest at most that of a finite number of "
            "samples"
            + (": more seeds, not more samples, would narrow the intervals." * (share > 0.5) or ".")
        )


def _power(found: Comparison) -> Iterator[str]:
    """What so few seeds cannot tell, however clear the result."""
    single = [name for name in found.families if found.seeds(name) == 1]
    if single:
        yield f"Anything about {', '.join(single)}: one seed allows no conclusion."
    fewest = min(n for n in map(found.seeds, found.families) if n > 1)
    if level(fewest) < LEVEL:
        yield (
            f"That an interval holds the true median in {percent(LEVEL)} of studies: over "
            f"{fewest} seeds the widest, from the least run to the greatest, does in "
            f"{percent(level(fewest))}; 6 seeds are the fewest that allow more."
        )
    if not found.pairs:
        yield "Which loss is better: that needs two of them with two seeds each at least."
        return
    seeds, pairs = max(pair.seeds for pair in found.pairs), len(found.pairs)
    least = least_p(seeds, pairs)
    if least > ALPHA:
        yield (
            f"That any one pair differs: with {seeds} seeds no result, however clear, comes below "
            f"p = {least:.2g} after correction for {_count(pairs, 'pair')}; it takes "
            f"{seeds_needed(pairs)} seeds, or fewer losses."
        )


def _ties(found: Comparison) -> Iterator[str]:
    if ties := found.with_verdict("tie"):
        yield (
            "An order within the pairs that **tie**: the gap's interval holds 0, and the test "
            "finds no difference (a tie is not equality: more seeds may part them): "
            f"{listed(ties, better_first=False)}."
        )
    if still := found.with_verdict("open"):
        yield (
            "An order within the pairs that stay **open**: of the gap's interval and the test over "
            "all pairs one speaks for the first, the other does not confirm it: "
            f"{listed(still, better_first=True)}."
        )


def _scope(found: Comparison) -> Iterator[str]:
    yield (
        "What a loss could reach: each has the one recipe that params.yaml gives it, and this "
        "study varies no learning rate, penalty or network. It compares these recipes, not tuned "
        "losses."
    )
    yield "Anything about other data, other budgets or another judge."


def _seeds(found: Comparison) -> str:
    counts = [found.seeds(name) for name in found.families]
    fewest, most = min(counts), max(counts)
    return _count(most, "seed") if fewest == most else f"{fewest} to {most} seeds"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _number(value: float) -> str:
    if isinf(value):
        return "failed"
    return f"{value:z.2f}" if abs(value) >= 1 or value == 0 else f"{value:.3g}"
