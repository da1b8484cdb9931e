"""Writes reports/evaluation.md: how fast the metrics are, how much memory they take, and whether
the interval of the FID holds what it promises.

make bench-metrics                      after `make study`, whose samples and judge it measures
make bench-metrics PARTS=intervals      one part of the page alone (this one wants no study), or
                                        several, with commas between
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import interval
import kinds
import metric_speed
import whole_evaluation
from tabular import table, wanted_of, write_page
from threadpoolctl import threadpool_limits

from ganstudy.params import load
from ganstudy.training import device as devices

PAGE = Path("reports/evaluation.md")


def main() -> None:
    params = load()
    hardware = devices.describe(devices.choose(params.runtime))
    place = ", ".join(f"{name} {value}" for name, value in hardware.items())
    run = params.run_keys()[0]
    sections: Mapping[str, Callable[[], Iterable[str]]] = {
        "from images": lambda: page_whole(whole_evaluation.against_torch_fidelity(run), run),
        "memory": lambda: page_many(whole_evaluation.memory_of_many()),
        "from features": lambda: page_features(
            [*metric_speed.frechet(), *metric_speed.neighbours(), *metric_speed.kernel()]
        ),
        "intervals": lambda: page_intervals(intervals()),
        "kinds": lambda: page_kinds(kinds.compare(run), run),
    }
    wanted = wanted_of(sections)
    parts = {name: [*sections[name]()] for name in wanted or sections}
    head = [
        "# The evaluator, measured",
        "",
        f"By `make bench-metrics` on {place}. Seconds are of one process with nothing else",
        "running; read the ratios, which hold elsewhere too.",
        "",
    ]
    write_page(PAGE, head, parts, place if wanted else "")


def intervals() -> list[interval.Found]:
    with threadpool_limits(1, "blas"):
        return [interval.measure(case) for case in interval.cases()]


def page_kinds(found: Sequence[kinds.Compared], run: str) -> Iterable[str]:
    yield "## On another kind of CPU"
    yield ""
    yield f"The same samples of {run}, measured here, and with the libraries held to the"
    yield (
        "instructions of a CPU without AVX ("
        + ", ".join(f"`{k}={v}`" for k, v in kinds.OLD.items())
        + ")."
    )
    yield ""
    yield from table(
        ["", "here", "without AVX", "apart"],
        [
            [row.name, f"{row.here:.6g}", f"{row.old:.6g}", f"{abs(row.old - row.here):.1g}"]
            for row in found
        ],
    )


def page_whole(found: whole_evaluation.Compared, run: str) -> Iterable[str]:
    yield "## From images to metrics"
    yield ""
    yield f"{found.samples:,} samples of {run} against as many test images, under the judge."
    yield ""
    yield from table(
        ["", "seconds", "FID"],
        [
            [
                f"ganstudy, everything ({found.measured})",
                f"{found.ours:.1f}",
                f"{found.fid:.6f}",
            ],
            [
                "torch-fidelity, FID + IS + KID + PRC",
                f"{found.theirs:.1f}",
                f"{found.their_fid:.6f}",
            ],
            ["**ratio**", f"**{found.theirs / found.ours:.2f}×**", ""],
        ],
    )


def page_many(found: whole_evaluation.Streamed) -> Iterable[str]:
    w = whole_evaluation
    yield "## Memory"
    yield ""
    yield (
        f"All of these metrics of {w.MANY:,} images of {w.SIDE}×{w.SIDE}×{w.CHANNELS} against "
        f"{w.MANY:,}, 128 features: at its"
    )
    yield (
        f"peak the process holds **{found.gibibytes:.2f} GiB**, torch and both sets of images "
        f"included; {found.seconds:.0f} s."
    )
    yield ""


def page_features(found: Sequence[metric_speed.Timed]) -> Iterable[str]:
    yield "## From features"
    yield ""
    yield f"{metric_speed.SAMPLES:,} against {metric_speed.SAMPLES:,} float32 features."
    yield ""
    rows = []
    for task in dict.fromkeys(one.task for one in found):
        ways = [one for one in found if one.task == task]
        for way in ways:
            ratio = way.seconds / ways[0].seconds
            shown = "" if way is ways[0] else f"{ratio:.1f}×"
            rows.append([task, way.way, f"{way.seconds:.2f}", shown, f"{way.value:.8g}"])
    yield from table(["", "", "seconds", "of ours", "value"], rows)
    yield "Subsets of KID estimate the same value from a tenth of the pairs, with noise."
    yield ""


def page_intervals(found: Sequence[interval.Found]) -> Iterable[str]:
    yield "## The interval of the FID"
    yield ""
    yield (
        f"How many of so many intervals of {interval.LEVEL:.0%} held the true distance, each of "
        "fresh samples of both sides;"
    )
    yield (
        "in brackets the half-width as a multiple of the spread of the debiased distance over the "
        "repeats (1.96 if all were"
    )
    yield "known; few repeats tell that spread poorly). N/d: samples a dimension, on each side."
    yield ""
    rows: dict[tuple[str, int], list[str]] = {}
    for one in found:
        shown = f"{one.held} of {one.repeats} ({one.width:.1f})"
        rows.setdefault((one.case.name, one.case.d), []).append(shown)
    yield from table(
        ["features", "d", *(f"N/d = {ratio}" for ratio in interval.RATIOS)],
        [[name, str(d), *cells] for (name, d), cells in rows.items()],
    )
    held, repeats = sum(one.held for one in found), sum(one.repeats for one in found)
    yield f"In all {held} of {repeats}, {held / repeats:.1%}."
    yield ""
    yield from interval.__doc__.strip().split("\n\n", 1)[1].split("\n")


if __name__ == "__main__":
    main()
