"""Writes reports/evaluation.md: how fast the metrics are, how much memory they take, and whether
the interval of the FID holds what it promises.

    make bench-metrics          after `make study`, whose samples and judge it measures
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import interval
import metric_speed
import whole_evaluation
from tabular import table
from threadpoolctl import threadpool_limits

from ganstudy.files import write_text
from ganstudy.params import load
from ganstudy.training import device as devices

PAGE = Path("reports/evaluation.md")


def main() -> None:
    params = load()
    hardware = devices.describe(devices.choose(params.runtime))
    place = ", ".join(f"{name} {value}" for name, value in hardware.items())
    run = params.run_keys()[0]
    whole = whole_evaluation.against_torch_fidelity(run)
    many = whole_evaluation.memory_of_many()
    features = [
        *metric_speed.frechet(),
        *metric_speed.neighbours(),
        *metric_speed.kernel(),
    ]
    with threadpool_limits(1, "blas"):
        intervals = [interval.measure(case) for case in interval.cases()]
    write_text(
        PAGE,
        "\n".join(
            [
                "# The evaluator, measured",
                "",
                f"By `make bench-metrics` on {place}. Seconds are of one process with nothing else",
                "running; read the ratios, which hold elsewhere too.",
                "",
                *page_whole(whole, run),
                *page_many(many),
                *page_features(features),
                *page_intervals(intervals),
            ]
        )
        + "\n",
    )
    print(PAGE.read_text(encoding="utf-8"))


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
    yield f"The interval takes {whole_evaluation.RESAMPLES} resamples of both sets."
    yield ""


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
        f"{interval.REPEATS} repeats, each with fresh samples of both sides and "
        f"{interval.RESAMPLES} resamples; how often an interval of"
    )
    yield f"{interval.LEVEL:.0%} held the true distance."
    yield ""
    yield from table(
        ["features", "d", "samples", "true FID", "mean width", "basic (ours)", "percentile"],
        [
            [
                one.case.name,
                str(one.case.d),
                f"{one.case.samples:,}",
                f"{one.case.truth:.4f}",
                f"{one.width:.4f}",
                f"**{one.basic} of {interval.REPEATS}**",
                f"{one.percentile} of {interval.REPEATS}",
            ]
            for one in found
        ],
    )
    yield (
        "Gaussian: the closed form is the truth. Rectified: skewed, correlated features; the truth "
        f"is the distance of {interval.POPULATION:,} draws."
    )


if __name__ == "__main__":
    main()
