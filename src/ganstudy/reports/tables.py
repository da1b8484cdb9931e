"""The table of a study: one row a run, the real images first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ganstudy.runs import Run

Metrics = dict[str, Any]
ALIKE = ("device", "hardware", "threads", "torch")  # of runs that are repeated to the bit


@dataclass(frozen=True)
class Column:
    """A column: its heading, how a metrics JSON becomes its text, and what the heading means."""

    heading: str
    text: Callable[[Metrics], str]
    meaning: str


def _number(key: str, digits: int) -> Callable[[Metrics], str]:
    return lambda m: f"{m[key]:.{digits}f}" if key in m else "–"


def _fid(m: Metrics) -> str:
    if "fid" not in m:
        return "–"
    return f"{m['fid']:.2f} [{m['fid_low']:.2f}, {m['fid_high']:.2f}]"


def _floors(m: Metrics) -> str:
    return f"{m['fid'] / m['fid_floor']:.1f}×" if m.get("fid_floor", 0) > 0 else "–"


def _modes(m: Metrics) -> str:
    return f"{m['modes_captured']}/{m['modes']}" if "modes_captured" in m else "–"


def _captured(m: Metrics) -> str:
    return f"{m['classes_captured']}/{m['classes']}" if "classes_captured" in m else "–"


COLUMNS = [
    Column("FID [95 %]", _fid, "Fréchet distance to the test images, with its bootstrap interval"),
    Column("× floor", _floors, "the same over the distance of real training images"),
    Column("debiased", _number("fid_debiased", 2), "FID extrapolated to infinitely many samples"),
    Column("KID", _number("kid", 4), "kernel distance, unbiased, features standardised"),
    Column("precision", _number("precision", 3), "share of samples within the real images' balls"),
    Column("recall", _number("recall", 3), "share of real images within the samples' balls"),
    Column("density", _number("density", 3), "real balls around a sample, expected 1"),
    Column("coverage", _number("coverage", 3), "share of real images with a sample in their ball"),
    Column("IS", _number("inception_score", 2), "inception score under the judge"),
    Column(
        "H(y\\|x)", _number("entropy_conditional", 3), "mean entropy of a sample's class: quality"
    ),
    Column("H(y)", _number("entropy_marginal", 3), "entropy of the mean class: diversity"),
    Column("modes", _modes, "modes captured: with at least one sample"),
    Column("strict", _number("modes_captured_strict", 0), "those with a quarter of their weight"),
    Column("high quality", _number("high_quality", 4), "share within 3 sigma of a mode"),
    Column("reverse KL", _number("mode_kl", 4), "KL of the samples' mode shares to the data's"),
    Column("KL floor", _number("mode_kl_floor", 4), "its expectation for a perfect sampler"),
    Column("within", _number("within_mode_variance", 2), "variance inside modes over the true one"),
    Column("classes", _captured, "classes captured, corrected for the judge's confusion"),
    Column("class TV", _number("class_tv", 3), "total variation of class shares to the reference"),
    Column(
        "collapsed",
        _number("classes_collapsed", 0),
        "classes that are drawn, but cover less than half of what perfect samples would",
    ),
    Column(
        "class accuracy",
        _number("class_accuracy", 3),
        "GAN-test: share of conditional samples to which the judge gives the class asked for",
    ),
    Column(
        "GAN-train",
        _number("gan_train", 3),
        "or CAS: accuracy on test images of a classifier trained on conditional samples alone",
    ),
    Column(
        "class FID",
        _number("class_fid", 2),
        "mean of the FIDs inside each class, biased upwards by its few samples: see real images",
    ),
    Column(
        "sharpness", _number("sharpness_ratio", 2), "variance of the Laplacian over the real one"
    ),
    Column(
        "mem1", _number("mem1", 3), "share of samples closer to training images than 1 % of test"
    ),
]


def listing(metrics: Metrics) -> str:
    """One set of samples as lines of text: heading, value and meaning of each column that it
    fills."""
    filled = [(c.heading.replace("\\", ""), c.text(metrics), c.meaning) for c in COLUMNS]
    filled = [row for row in filled if row[1] != "–"]
    wide = [max(len(row[i]) for row in filled) for i in (0, 1)]
    return "\n".join(f"{h:<{wide[0]}}  {t:>{wide[1]}}  {m}" for h, t, m in filled)


def comparison(real: Metrics, runs: Sequence[Run]) -> str:
    """The Markdown table: real images, then `runs` in order; columns that nobody fills are out."""
    return _table([("real images", real), *((run.key, run.metrics) for run in runs)])


def per_run(runs: Sequence[Run]) -> str:
    """The same of `runs` alone."""
    return _table([(run.key, run.metrics) for run in runs])


def _table(rows: Sequence[tuple[str, Metrics]]) -> str:
    columns = [c for c in COLUMNS if any(c.text(m) != "–" for _, m in rows)]
    lines = [
        "| | " + " | ".join(c.heading for c in columns) + " |",
        "|---|" + "---:|" * len(columns),
    ]
    lines += [
        f"| **{name}** | " + " | ".join(c.text(m) for c in columns) + " |" for name, m in rows
    ]
    return "\n".join(lines)


def legend(real: Metrics, runs: Sequence[Run]) -> str:
    """What each column of `comparison` means, as a Markdown list."""
    rows = [real, *(run.metrics for run in runs)]
    columns = [c for c in COLUMNS if any(c.text(m) != "–" for m in rows)]
    return "\n".join(f"- **{column.heading}**: {column.meaning}" for column in columns)


def costs(runs: Sequence[Run]) -> str:
    """The Markdown table of what training cost: seconds, those spent on following it, and hardware,
    where this machine knows."""
    lines = [
        "| run | images shown | seconds | images/s | + pictures and live metrics | hardware |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for run in runs:
        images, timing = int(run.history["images"].iloc[-1]), run.timing
        seconds = timing.get("seconds")
        spent = f"{seconds:.0f} | {images / seconds:.0f}" if seconds else "– | –"
        watched = timing.get("watched")
        spent += f" | {watched / seconds:.1%}" if seconds and watched is not None else " | –"
        place = (
            f"{timing['hardware']}, {timing['device']}, {timing['threads']} threads, "
            f"torch {timing['torch']}"
            if timing
            else "trained on another machine"
        )
        lines.append(f"| {run.key} | {images:,} | {spent} | {place} |")
    return "\n".join([*lines, *_unequal(runs)])


def _unequal(runs: Sequence[Run]) -> list[str]:
    """A caution where the runs were not computed alike: that alone changes the last digits, and so,
    over a training, the result."""
    known = [run.timing for run in runs if run.timing]
    differ = [key for key in ALIKE if len({timing[key] for timing in known}) > 1]
    if not differ:
        return []
    return [
        "",
        f"**Not computed alike**: these runs differ in {', '.join(differ)}. Equal inputs "
        "then give results that differ as those of two seeds do: compare medians over seeds.",
    ]
