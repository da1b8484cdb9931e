"""The report over points: which loss covers the modes, how sharply, and how often it fails."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import mean

from ganstudy.evidence.limits import REACH
from ganstudy.reports import charts, figures, tables
from ganstudy.reports.charts import Panel
from ganstudy.reports.published import ROWS, SOURCE
from ganstudy.reports.remarks import remarks
from ganstudy.reports.study import Study
from ganstudy.reports.templates import render
from ganstudy.study.runs import Run, by_family

PANELS = {
    "modes_captured_strict": Panel("modes captured (strict)"),
    "high_quality": Panel("high quality"),
    "mode_kl": Panel("reverse KL", lower_is_better=True),
}
FOLLOWED = ("modes_captured_strict", "high_quality")  # over training
FAILED = 0.5  # of the modes strictly captured is the least of a run that has not failed


def write(study: Study, folder: Path) -> None:
    """Writes `folder`/README.md and `folder`/figures."""
    _draw(study, folder / "figures")
    render(
        "modes.md.j2",
        folder / "README.md",
        study=study,
        summary=summary(study),
        table=table(study),
        published=published(study.data.name),
        source=SOURCE,
        seeds=tables.per_run(study.runs),
        costs=tables.costs(study.runs),
        remarks=remarks(study),
    )


def failed(run: Run) -> bool:
    """Whether training diverged, or left more than half of the modes."""
    metrics = run.metrics
    return bool(metrics["failed"]) or (metrics["modes_captured_strict"] < FAILED * metrics["modes"])


def summary(study: Study) -> str:
    """Which families captured every mode with every seed, and how sharply."""
    modes = study.real["modes"]
    families = by_family(study.runs)
    whole = [
        name
        for name, runs in families.items()
        if all(run.metrics["modes_captured_strict"] == modes for run in runs)
    ]
    seeds = len(study.params.study.seeds)
    shown = f"{study.params.train.images:,}"
    start = f"{', '.join(families)}: {seeds} seeds each, {shown} points shown to each run."
    if not whole:
        return f"{start} None captured all {modes} modes strictly with every seed."
    quality = {n: min(r.metrics["high_quality"] for r in families[n]) for n in whole}
    best = max(quality, key=lambda name: quality[name])
    worst_kl = max(run.metrics["mode_kl"] for run in families[best])
    return (
        f"{start} All {modes} modes strictly, with every seed: {', '.join(whole)}. The sharpest is "
        f"{best}: at its worst seed {quality[best]:.1%} of the points are high quality (a perfect "
        f"sampler: 98.9 %), and its largest reverse KL is {worst_kl:.4f}."
    )


def table(study: Study) -> str:
    """A row for each recipe: the mean over seeds, and the worst seed in brackets."""
    lines = [
        "| | modes captured | strict | high quality | reverse KL | within-mode variance | failed |",
        "|---|" + "---:|" * 6,
    ]
    real = study.real
    lines.append(
        f"| **real points** | {real['modes_captured']} | {real['modes_captured_strict']} | "
        f"{real['high_quality']:.1%} | {real['mode_kl']:.4f} | "
        f"{real['within_mode_variance']:.2f} | – |"
    )
    for name, runs in by_family(study.runs).items():
        cells = [
            _cell(runs, "modes_captured", min, "{:.4g}"),
            _cell(runs, "modes_captured_strict", min, "{:.4g}"),
            _cell(runs, "high_quality", min, "{:.1%}"),
            _cell(runs, "mode_kl", max, "{:.4f}"),
            _cell(runs, "within_mode_variance", min, "{:.2f}"),
            f"{sum(map(failed, runs))}/{len(runs)}",
        ]
        lines.append(f"| **{name}** | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(runs: Sequence[Run], key: str, worst: Callable[[list[float]], float], form: str) -> str:
    values = [float(run.metrics[key]) for run in runs]
    return f"{form.format(mean(values))} ({form.format(worst(values))})"


def published(name: str) -> str:
    """The published rows for the same points, as a Markdown table; empty where there are none."""
    rows = ROWS.get(name, ())
    lines = ["| | modes captured | high quality | reverse KL |", "|---|---:|---:|---:|"]
    lines += [
        f"| {row.method} | {row.modes} | {row.high_quality:.1%} | {row.mode_kl} |" for row in rows
    ]
    return "\n".join(lines) if rows else ""


def _draw(study: Study, pictures: Path) -> None:
    first: Mapping[str, Run] = {n: runs[0] for n, runs in by_family(study.runs).items()}
    figures.clouds(
        pictures / "points.png",
        {"real points": study.reference.images[: study.real["samples"]]}
        | {r.key: study.samples[r.key] for r in first.values() if r.key in study.samples},
        study.landscapes,
        REACH * study.farthest,
    )
    seeds = charts.dots(by_family(study.runs), PANELS, study.real)
    figures.seeds(pictures / "seeds.png", seeds)
    if grown := charts.growth(study, {name: PANELS[name] for name in FOLLOWED}):
        figures.growth_curves(pictures / "growth.png", grown, "real points shown")
