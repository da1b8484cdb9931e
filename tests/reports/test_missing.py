"""Values that were not measured: a dash where others have one, no column where nobody has, and no
page that fails."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from bokeh.models import LinearScale, LogScale

from ganstudy.reports import figures, html, page, plots, tables
from ganstudy.reports.charts import ByClass
from ganstudy.reports.conclusions import INTERVAL
from ganstudy.reports.looks import looks
from ganstudy.reports.study import Study
from ganstudy.study.runs import Run
from reports.made import REAL
from reports.planted import covered, followed, labelled, plain, timed
from reports.test_comparison import CLOSE, GOOD, POOR, a_study, cells, found, grid

DISTANCE = (
    *("fid", "fid_floor", "fid_floor_std", "fid_debiased", "fid_low", "fid_high", "kid"),
    *("fid_relative", "fid_relative_low", "fid_relative_high"),
)
OLDER = ("fid_floor_std", "fid_relative", "fid_relative_low", "fid_relative_high")
OVERLAP = ("precision", "recall", "density", "coverage")
CLASSES = ("classes", "classes_captured", "class_share_00", "class_share_01", "class_coverage_00")
INSIDE = ("class_coverage_01",)
CASES = [
    ("real images'", DISTANCE),
    ("real images'", OVERLAP),
    ("one run's", DISTANCE),
    ("one run's", OVERLAP),
    ("one run's", CLASSES + INSIDE),
    ("one run's", OLDER),
    ("everybody's", OLDER),
    ("everybody's", DISTANCE + OVERLAP + CLASSES + INSIDE),
]


def without(metrics: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in metrics.items() if name not in names}


def written(study: Study, folder: Path) -> str:
    """The report; it links the figures that are there and no others."""
    page.write(study, folder)
    text = (folder / "README.md").read_text(encoding="utf-8")
    there = {path.name for path in (folder / "figures").iterdir()}
    assert set(re.findall(r"\(figures/([^)]+)\)", text)) == there
    return text


def rows(markup: str) -> dict[str, list[str]]:
    """The cells of the page's table of metrics, by run."""
    table = markup.split('<table id="table">')[1].split("</table>", 1)[0]
    found = {}
    for row in re.findall(r"<tr.*?</tr>", table, re.S):
        name = re.sub("<[^>]*>", " ", re.findall(r"<th.*?</th>", row, re.S)[0]).split()[0]
        found[name] = [cell.strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.S)]
    return found


def a_run_of(metrics: dict[str, Any]) -> Run:
    return Run("gan-hinge-0", Path(), {}, pd.DataFrame(), metrics, {})


@pytest.fixture
def rich(tmp_path: Path) -> Study:
    return timed(followed(covered(labelled(plain(tmp_path)))))


@pytest.mark.parametrize(("whose", "names"), CASES)
def test_what_was_not_measured_is_a_dash_or_no_column(
    rich: Study, tmp_path: Path, whose: str, names: tuple[str, ...]
) -> None:
    first, *rest = rich.runs
    real = rich.real
    if whose != "real images'":
        first = replace(first, metrics=without(first.metrics, names))
    if whose == "everybody's":
        rest = [replace(run, metrics=without(run.metrics, names)) for run in rest]
    if whose != "one run's":
        real = without(real, names)
    study = replace(rich, real=real, runs=[first, *rest])
    text = written(study, tmp_path / "out")
    html.write(study, tmp_path / "out")
    markup = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    table = tables.comparison(study.real, study.runs)
    shown = [c for c in tables.COLUMNS if c.key in names and f"| {c.heading} " in table]
    assert bool(shown) is (whose != "everybody's")
    in_html = rows(markup)
    assert len({len(row) for row in in_html.values()} - {0}) == 1
    for column in shown:
        assert column.heading in markup
        assert column.text(first.metrics) == "–" or whose == "real images'"
    for run in study.runs:
        assert f"| **{run.key}** |" in text
        assert run.key in in_html


def test_why_a_value_is_a_dash_stands_below_both_tables(rich: Study, tmp_path: Path) -> None:
    first, *rest = rich.runs
    reason = {"left_out_kid": "x must be finite"}
    metrics = without(first.metrics, ("kid",)) | reason
    study = replace(rich, runs=[replace(first, metrics=metrics), *rest])
    told = f"Not measured: kid of {first.key}: x must be finite."
    assert told in written(study, tmp_path)
    html.write(study, tmp_path)
    assert told in (tmp_path / "index.html").read_text(encoding="utf-8")
    runs = [replace(run, metrics=run.metrics | reason) for run in rich.runs]
    study = replace(rich, runs=runs, real=rich.real | reason)
    assert "Not measured: kid of every row: x must be finite." in written(study, tmp_path)


def seeded(folder: Path) -> list:
    return grid(folder, {"gan-hinge": GOOD, "gan-wgan": CLOSE, "vae-elbo": POOR})


def test_a_seed_without_a_distance_leaves_the_others_of_its_loss(tmp_path: Path) -> None:
    runs = seeded(tmp_path)
    runs[0] = replace(runs[0], metrics=without(runs[0].metrics, (*DISTANCE, *OVERLAP)))
    study = a_study(runs, comparison=found(runs))
    html.write(study, tmp_path / "out")
    text = written(study, tmp_path / "out")
    row = cells(text, "gan-hinge")
    assert row["failed"] == "0/4"  # not measured is not failed
    assert row[f"median debiased FID {INTERVAL}"] == "12.50 [11.00, 14.00; 87.5 %]"
    assert row[f"median coverage {INTERVAL}"] == "0.95 [0.95, 0.95; 87.5 %]"


def test_a_loss_without_any_distance_is_not_compared_and_that_is_said(tmp_path: Path) -> None:
    runs = [
        replace(run, metrics=without(run.metrics, DISTANCE)) if "wgan" in run.key else run
        for run in seeded(tmp_path)
    ]
    comparison = found(runs)
    assert set(comparison.families) == {"gan-hinge", "vae-elbo"}
    study = a_study(runs, comparison=comparison)
    html.write(study, tmp_path / "out")
    text = written(study, tmp_path / "out")
    assert "Anything about gan-wgan: its debiased FID was not measured." in text
    assert "| **gan-wgan-0** |" in text


def test_a_loss_without_coverage_keeps_its_place_with_a_dash(tmp_path: Path) -> None:
    runs = [
        replace(run, metrics=without(run.metrics, OVERLAP)) if "wgan" in run.key else run
        for run in seeded(tmp_path)
    ]
    text = written(a_study(runs, comparison=found(runs)), tmp_path / "out")
    assert cells(text, "gan-wgan")[f"median coverage {INTERVAL}"] == "–"
    assert cells(text, "gan-hinge")[f"median coverage {INTERVAL}"] == "0.95 [0.95, 0.95; 93.8 %]"


def test_real_images_without_a_distance_make_no_multiples(tmp_path: Path) -> None:
    runs = seeded(tmp_path)
    study = replace(a_study(runs, comparison=found(runs)), real=without(REAL, DISTANCE))
    text = written(study, tmp_path / "out")
    assert cells(text, "gan-hinge")["FID × floor"] == "–"


def test_metrics_from_before_the_relative_distance_have_a_row_without_it() -> None:
    old = without(REAL, OLDER)
    head, _, row = tables.per_run([a_run_of(old)]).splitlines()
    headings = [heading.strip(" ↓↑") for heading in head.split(" | ")]
    cells_ = dict(zip(headings, row.split(" | "), strict=True))
    assert "relative FID [95 %]" not in cells_
    assert cells_["× floor [95 %]"] == "1.0×"  # the floor's spread is unknown: no interval
    both = tables.comparison(REAL, [a_run_of(old)]).splitlines()
    found = dict(zip(both[0].split(" | "), both[3].split(" | "), strict=True))
    assert found["relative FID [95 %] ↓"] == "–"
    bare = without(REAL, (*OLDER, "fid_low", "fid_high"))
    assert "| 0.10 |" in tables.per_run([a_run_of(bare)])


def test_an_estimate_that_rounds_to_zero_has_no_sign() -> None:
    listed = tables.listing(
        {name: -0.00001 if name.startswith("fid_") else value for name, value in REAL.items()}
        | {"kid": -0.00001, "fid": -1e-9}
    )
    assert "-0.0" not in listed
    assert re.search(r"KID +0\.0000 ", listed)
    assert re.search(r"debiased FID .*-0\.02 ", tables.listing(REAL | {"fid_debiased": -0.02}))


@pytest.mark.parametrize(("least", "scale"), [(-0.02, LinearScale), (0.02, LogScale)])
def test_a_distance_below_zero_has_its_place_among_the_seeds(tmp_path, least, scale) -> None:
    runs = grid(tmp_path, {"gan-hinge": [least, 1.0, 2.0], "gan-wgan": [3.0, 4.0, 5.0]})
    study = a_study(runs, comparison=found(runs))
    [drawn] = plots.plots(study, looks(study.runs)).seeds
    assert isinstance(drawn.figure.x_scale, scale)
    assert "seeds.png" in written(study, tmp_path / "out")


def test_nothing_measured_is_an_empty_list() -> None:
    assert tables.listing({"samples": 5}) == ""


def test_a_thousand_classes_are_drawn(tmp_path: Path) -> None:
    names = [f"class {index}" for index in range(1000)]
    shares = [0.001] * 1000
    chart = ByClass("share", "shares", "shares", names, {"run": shares}, shares, "real", shares)
    figures.class_bars(tmp_path / "x.png", chart, ["run"])
    assert (tmp_path / "x.png").stat().st_size > 0
