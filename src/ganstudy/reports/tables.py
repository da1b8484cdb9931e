"""The table of a study: one row a run, the real images first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ganstudy.runs import Run

Metrics = dict[str, Any]
UNKNOWN = "–"
# Of runs that are repeated to the bit.
ALIKE = ("device", "hardware", "threads", "torch", "precision")


@dataclass(frozen=True)
class Column:
    """A column: its heading, the metric that orders it, how a metrics JSON becomes its text, and
    what the heading means."""

    heading: str
    key: str
    text: Callable[[Metrics], str]
    meaning: str


def _number(heading: str, key: str, digits: int, meaning: str) -> Column:
    # z: a small negative number, as unbiased estimates may be, is no "-0.0000".
    return Column(heading, key, lambda m: f"{m[key]:z.{digits}f}" if key in m else UNKNOWN, meaning)


def _fid(m: Metrics) -> str:
    if "fid" not in m:
        return UNKNOWN
    return f"{m['fid']:.2f} [{m['fid_low']:z.2f}, {m['fid_high']:z.2f}]"


def _floors(m: Metrics) -> str:
    floors = in_floors(m)
    return UNKNOWN if floors is None else f"{floors:.1f}×"


def in_floors(m: Mapping[str, Any]) -> float | None:
    """FID over that of real training images; None where one is unknown or the latter is 0."""
    if "fid" not in m or m.get("fid_floor", 0) <= 0:
        return None
    return float(m["fid"] / m["fid_floor"])


def _modes(m: Metrics) -> str:
    return f"{m['modes_captured']}/{m['modes']}" if "modes_captured" in m else UNKNOWN


def _captured(m: Metrics) -> str:
    return f"{m['classes_captured']}/{m['classes']}" if "classes_captured" in m else UNKNOWN


COLUMNS = [
    Column(
        "FID [95 %]",
        "fid",
        _fid,
        "Fréchet distance to the test images, with its bootstrap interval",
    ),
    Column("× floor", "fid", _floors, "the same over the distance of real training images"),
    _number("debiased", "fid_debiased", 2, "FID extrapolated to infinitely many samples"),
    _number("KID", "kid", 4, "kernel distance, unbiased, features standardised"),
    _number("precision", "precision", 3, "share of samples within the real images' balls"),
    _number("recall", "recall", 3, "share of real images within the samples' balls"),
    _number("density", "density", 3, "real balls around a sample, expected 1"),
    _number("coverage", "coverage", 3, "share of real images with a sample in their ball"),
    _number("IS", "inception_score", 2, "inception score under the judge"),
    _number("H(y|x)", "entropy_conditional", 3, "mean entropy of a sample's class: quality"),
    _number("H(y)", "entropy_marginal", 3, "entropy of the mean class: diversity"),
    Column("modes", "modes_captured", _modes, "modes captured: with at least one sample"),
    _number("strict", "modes_captured_strict", 0, "those with a quarter of their weight"),
    _number("high quality", "high_quality", 4, "share within 3 sigma of a mode"),
    _number("reverse KL", "mode_kl", 4, "KL of the samples' mode shares to the data's"),
    _number("KL floor", "mode_kl_floor", 4, "its expectation for a perfect sampler"),
    _number("within", "within_mode_variance", 2, "variance inside modes over the true one"),
    Column(
        "classes",
        "classes_captured",
        _captured,
        "classes captured, corrected for the judge's confusion",
    ),
    _number("class TV", "class_tv", 3, "total variation of class shares to the reference"),
    _number(
        "collapsed",
        "classes_collapsed",
        0,
        "classes that are drawn, but cover less than half of what perfect samples would",
    ),
    _number(
        "class accuracy",
        "class_accuracy",
        3,
        "GAN-test: share of conditional samples to which the judge gives the class asked for",
    ),
    _number(
        "GAN-train",
        "gan_train",
        3,
        "or CAS: accuracy on test images of a classifier trained on conditional samples alone",
    ),
    _number(
        "class FID",
        "class_fid",
        2,
        "mean of the FIDs inside each class, biased upwards by its few samples: see real images",
    ),
    _number("sharpness", "sharpness_ratio", 2, "variance of the Laplacian over the real one"),
    _number("mem1", "mem1", 3, "share of samples closer to training images than 1 % of test"),
]


def listing(metrics: Metrics) -> str:
    """One set of samples as lines of text: heading, value and meaning of each column that it
    fills."""
    rows = [(c.heading, c.text(metrics), c.meaning) for c in filled([metrics])]
    wide = [max((len(row[i]) for row in rows), default=0) for i in (0, 1)]
    return "\n".join(f"{h:<{wide[0]}}  {t:>{wide[1]}}  {m}" for h, t, m in rows)


def comparison(real: Metrics, runs: Sequence[Run]) -> str:
    """The Markdown table: real images, then `runs` in order; columns that nobody fills are out."""
    return _table([("real images", real), *((run.key, run.metrics) for run in runs)])


def filled(rows: Sequence[Metrics]) -> list[Column]:
    """The columns that one of `rows` fills."""
    return [c for c in COLUMNS if any(c.text(m) != UNKNOWN for m in rows)]


def per_run(runs: Sequence[Run]) -> str:
    """The same of `runs` alone."""
    return _table([(run.key, run.metrics) for run in runs])


def _table(rows: Sequence[tuple[str, Metrics]]) -> str:
    columns = filled([metrics for _, metrics in rows])
    lines = [
        "| | " + " | ".join(_markdown(c.heading) for c in columns) + " |",
        "|---|" + "---:|" * len(columns),
    ]
    lines += [
        f"| **{name}** | " + " | ".join(c.text(m) for c in columns) + " |" for name, m in rows
    ]
    return "\n".join(lines)


def _markdown(heading: str) -> str:
    return heading.replace("|", "\\|")


def legend(real: Metrics, runs: Sequence[Run]) -> str:
    """What each column of `comparison` means, as a Markdown list."""
    columns = filled([real, *(run.metrics for run in runs)])
    return "\n".join(f"- **{_markdown(column.heading)}**: {column.meaning}" for column in columns)


COSTS = ("run", "images shown", "seconds", "images/s", "+ pictures and live metrics", "hardware")


def costs(runs: Sequence[Run]) -> str:
    """The Markdown table of what training cost: seconds, those spent on following it, and hardware,
    where this machine knows."""
    lines = ["| " + " | ".join(COSTS) + " |", "|---|---:|---:|---:|---:|---|"]
    lines += ["| " + " | ".join(cost(run)) + " |" for run in runs]
    caution = unequal(runs)
    return "\n".join([*lines, *(["", f"**Not computed alike**: {caution}"] if caution else [])])


def cost(run: Run) -> list[str]:
    """The cells of one run's row under COSTS."""
    images, timing = int(run.history["images"].iloc[-1]), run.timing
    seconds, watched = timing.get("seconds"), timing.get("watched")
    place = (
        f"{timing['hardware']}, {timing['device']}, {timing['threads']} threads, "
        f"torch {timing['torch']}"
        if timing
        else "trained on another machine"
    )
    if precision := run.meta.get("precision"):
        place += f", {precision}"
    return [
        run.key,
        f"{images:,}",
        f"{seconds:.0f}" if seconds else UNKNOWN,
        f"{images / seconds:.0f}" if seconds else UNKNOWN,
        f"{watched / seconds:.1%}" if seconds and watched is not None else UNKNOWN,
        place,
    ]


def unequal(runs: Sequence[Run]) -> str:
    """A caution where the runs were not computed alike: that alone changes the last digits, and so,
    over a training, the result. Empty where they were."""
    known = [run.timing | run.meta for run in runs]
    differ = [key for key in ALIKE if len({made[key] for made in known if key in made}) > 1]
    if not differ:
        return ""
    return (
        f"these runs differ in {', '.join(differ)}. Equal inputs then give results that differ as "
        "those of two seeds do: compare medians over seeds."
    )
