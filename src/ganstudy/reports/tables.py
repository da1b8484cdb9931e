"""The table of a study: one row a run, the real images first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ganstudy.reports.floors import in_floors
from ganstudy.study.runs import SAMPLED, Run

Metrics = dict[str, Any]
UNKNOWN = "–"
# Of runs that are repeated to the bit.
ALIKE = ("device", "hardware", "threads", "torch", "precision")


@dataclass(frozen=True)
class Column:
    """A column: its heading, the metric that orders it, how a metrics JSON becomes its text, what
    the heading means, and which way is better: "↓" less, "↑" more, "" neither."""

    heading: str
    key: str
    text: Callable[[Metrics], str]
    meaning: str
    better: str = ""

    @property
    def core(self) -> bool:
        """Whether it is one of the few that a reader sees first."""
        return self.heading in CORE


CORE = (
    *("debiased FID [95 %]", "recall", "coverage", "precision", "relative FID [95 %]"),
    *("× floor [95 %]", "modes", "high quality", "reverse KL"),
)


def _number(heading: str, key: str, digits: int, better: str, meaning: str) -> Column:
    # z: a small negative number, as unbiased estimates may be, is no "-0.0000".
    return Column(
        heading, key, lambda m: f"{m[key]:z.{digits}f}" if key in m else UNKNOWN, meaning, better
    )


def _interval(digits: int, value: float, low: float | None, high: float | None) -> str:
    """`1.25 [1.00, 2.50]`; the value alone where its interval is unknown."""
    if low is None or high is None:
        return f"{value:z.{digits}f}"
    return f"{value:z.{digits}f} [{low:z.{digits}f}, {high:z.{digits}f}]"


def debiased(m: Mapping[str, Any]) -> str:
    """Debiased FID with the interval of that quantity."""
    if "fid_debiased" not in m:
        return UNKNOWN
    return _interval(2, m["fid_debiased"], m.get("fid_low"), m.get("fid_high"))


def relative(m: Mapping[str, Any]) -> str:
    """The same over the variance of real features, in percent."""
    if "fid_relative" not in m:
        return UNKNOWN
    names = ("fid_relative", "fid_relative_low", "fid_relative_high")
    value, low, high = (100 * m[name] if name in m else None for name in names)
    return f"{_interval(2, value or 0.0, low, high)} %"


def floors(m: Mapping[str, Any]) -> str:
    """Raw FID over that of real images among themselves."""
    ratio = in_floors(m)
    if ratio is None:
        return UNKNOWN
    return f"{_interval(1, ratio.value, *(ratio.interval or (None, None)))}×"


def _modes(m: Metrics) -> str:
    return f"{m['modes_captured']}/{m['modes']}" if "modes_captured" in m else UNKNOWN


def _captured(m: Metrics) -> str:
    return f"{m['classes_captured']}/{m['classes']}" if "classes_captured" in m else UNKNOWN


COLUMNS = [
    Column(
        "debiased FID [95 %]",
        "fid_debiased",
        debiased,
        "Fréchet distance to the test images, extrapolated to infinitely many samples, with the "
        "interval of that same quantity",
        "↓",
    ),
    _number("recall", "recall", 3, "↑", "share of real images within the samples' balls"),
    _number("coverage", "coverage", 3, "↑", "share of real images with a sample in their ball"),
    Column(
        "relative FID [95 %]",
        "fid_relative",
        relative,
        "debiased FID over the trace of the real features' covariance: 0 % real images, 100 % one "
        "image at their mean again and again; changes neither with the number of samples nor with "
        "the scale of the features",
        "↓",
    ),
    _number("FID", "fid", 2, "↓", "raw: biased upwards, the more the fewer samples"),
    Column(
        "× floor [95 %]",
        "fid",
        floors,
        "raw FID over its mean between as many real images, with the uncertainty of both; the "
        "floor is the bias of so many samples, so that the multiple changes with their number",
        "↓",
    ),
    _number("KID", "kid", 4, "↓", "kernel distance, unbiased, features standardised"),
    _number("precision", "precision", 3, "↑", "share of samples within the real images' balls"),
    _number("density", "density", 3, "↑", "real balls around a sample, expected 1"),
    _number("IS", "inception_score", 2, "↑", "inception score under the judge"),
    _number("H(y|x)", "entropy_conditional", 3, "↓", "mean entropy of a sample's class: quality"),
    _number("H(y)", "entropy_marginal", 3, "↑", "entropy of the mean class: diversity"),
    Column("modes", "modes_captured", _modes, "modes captured: with at least one sample", "↑"),
    _number("strict", "modes_captured_strict", 0, "↑", "those with a quarter of their weight"),
    _number("high quality", "high_quality", 4, "↑", "share within 3 sigma of a mode"),
    _number("reverse KL", "mode_kl", 4, "↓", "KL of the samples' mode shares to the data's"),
    _number("KL floor", "mode_kl_floor", 4, "", "its expectation for a perfect sampler"),
    _number("within", "within_mode_variance", 2, "", "variance inside modes over the true one"),
    Column(
        "classes",
        "classes_captured",
        _captured,
        "classes captured, corrected for the judge's confusion",
        "↑",
    ),
    _number("class TV", "class_tv", 3, "↓", "total variation of class shares to the reference"),
    _number(
        "collapsed",
        "classes_collapsed",
        0,
        "↓",
        "classes that are drawn, but cover less than half of what perfect samples would",
    ),
    _number(
        "class accuracy",
        "class_accuracy",
        3,
        "↑",
        "GAN-test: share of conditional samples to which the judge gives the class asked for",
    ),
    _number(
        "GAN-train",
        "gan_train",
        3,
        "↑",
        "or CAS: accuracy on test images of a classifier trained on conditional samples alone",
    ),
    _number(
        "label error",
        "label_error",
        3,
        "↓",
        "share of test images whose class D, which learnt from few labels, does not tell",
    ),
    *(
        _number(heading, key, 3, "↓", f"share of test images whose class is not told by {what}")
        for heading, key, what in (
            ("few labels", "error_labels", "a classifier of the few labelled images alone"),
            ("varied", "error_varied", "a classifier of those, shifted and perhaps mirrored"),
            ("and samples", "error_samples", "a classifier of those and as many samples"),
            ("logistic", "error_logistic", "logistic regression of their pixels"),
            ("nearest", "error_nearest", "the nearest of them"),
        )
    ),
    _number(
        "class FID",
        "class_fid",
        2,
        "↓",
        "mean of the FIDs inside each class, biased upwards by its few samples: see real images",
    ),
    _number("sharpness", "sharpness_ratio", 2, "", "variance of the Laplacian over the real one"),
    _number("mem1", "mem1", 3, "↓", "share of samples closer to training images than 1 % of test"),
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
        "| | " + " | ".join(_titled(c) for c in columns) + " |",
        "|---|" + "---:|" * len(columns),
    ]
    lines += [
        f"| **{name}** | " + " | ".join(c.text(m) for c in columns) + " |" for name, m in rows
    ]
    return "\n".join(lines)


def _titled(column: Column) -> str:
    """A heading in Markdown, and which way is better."""
    return " ".join(filter(None, [column.heading.replace("|", "\\|"), column.better]))


def legend(real: Metrics, runs: Sequence[Run]) -> str:
    """What each column of `comparison` means, as a Markdown list."""
    columns = filled([real, *(run.metrics for run in runs)])
    return "\n".join(f"- **{_titled(column)}**: {column.meaning}" for column in columns)


COSTS = ("run", "images shown", "seconds", "images/s", "+ pictures and live metrics", "hardware")


def costs(runs: Sequence[Run]) -> str:
    """The Markdown table of what training cost: `cost_table`."""
    heads, rows = cost_table(runs)
    aligned = ["---", *["---:"] * (len(heads) - 2), "---"]
    lines = [f"| {' | '.join(heads)} |", f"|{'|'.join(aligned)}|"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    caution = unequal(runs)
    return "\n".join([*lines, *(["", f"**Not computed alike**: {caution}"] if caution else [])])


def cost_table(runs: Sequence[Run]) -> tuple[list[str], list[list[str]]]:
    """Headings and a row a run: seconds of training, those spent on following it, and hardware,
    where this machine knows; and, where it is known of a run, how long an image took to sample."""
    heads, rows = [*COSTS], [_cost(run) for run in runs]
    if any(SAMPLED in run.timing for run in runs):
        heads.insert(-1, "ms to sample one")
        for row, run in zip(rows, runs, strict=True):
            row.insert(-1, f"{run.timing[SAMPLED]:.2f}" if SAMPLED in run.timing else UNKNOWN)
    return heads, rows


def _cost(run: Run) -> list[str]:
    images, timing = int(run.history["images"].iloc[-1]), run.timing
    seconds, watched = timing.get("seconds"), timing.get("watched")
    place = (
        f"{timing['hardware']}, {timing['device']}, {timing['threads']} threads, "
        f"torch {timing['torch']}"
        if "hardware" in timing
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
