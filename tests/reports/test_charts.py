"""What charts show, before any library draws it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ganstudy.metrics.classes import CAPTURED
from ganstudy.reports import charts
from ganstudy.reports.charts import Panel
from reports.made import REAL
from reports.planted import followed, plain, timed

FID = Panel("FID", log=True, lower_is_better=True)


def test_a_failed_run_is_worse_than_all_others_whichever_way_is_better(tmp_path: Path) -> None:
    run = plain(tmp_path).runs[0]
    runs = [
        replace(run, key=f"gan-hinge-{seed}", metrics=metrics)
        for seed, metrics in enumerate([{"fid": 1.0}, {"fid": 2.0}, {"fid": 0.5}, {}, {}])
    ]
    failed = ["gan-hinge-2", "gan-hinge-3"]
    less = charts.dots({"gan-hinge": runs}, {"fid": FID}, REAL, failed)["fid"]
    assert [dot.key[-1] for dot in less.families["gan-hinge"]] == ["0", "1", "2", "3"]
    assert less.median("gan-hinge") == np.inf  # of 1, 2 and two that are worst
    more = charts.dots({"gan-hinge": runs[:3]}, {"fid": Panel("recall")}, REAL, failed[:1])["fid"]
    assert more.median("gan-hinge") == 1.0  # of -inf, 1 and 2
    assert charts.dots({"gan-hinge": runs[3:]}, {"fid": FID}, REAL, failed) == {}
    assert charts.dots({"gan-hinge": runs}, {"kid": FID}, REAL) == {}
    # Of a run that diverged before it could be measured there is no more than its key.
    gone = charts.dots({"gan-hinge": runs[:1]}, {"fid": FID}, REAL, ["gan-hinge-9", "gan-wgan-9"])
    assert [dot.key for dot in gone["fid"].families["gan-hinge"]] == ["gan-hinge-0", "gan-hinge-9"]
    assert gone["fid"].median("gan-hinge") == np.inf


def test_a_class_is_missing_where_the_metric_says_so() -> None:
    assert charts.MISSING == CAPTURED


@pytest.mark.parametrize(("least", "log"), [(-0.1, False), (0.0, False), (0.1, True)])
def test_an_axis_is_logarithmic_only_where_all_values_have_a_place(tmp_path, least, log) -> None:
    run = plain(tmp_path).runs[0]
    runs = [replace(run, metrics={"fid": value}) for value in (least, 3.0)]
    assert charts.dots({"gan-hinge": runs}, {"fid": FID}, REAL)["fid"].log == log


def test_curves_of_snapshots_need_all_runs_and_seconds_need_this_machine(tmp_path: Path) -> None:
    study = followed(plain(tmp_path))
    panels = {"fid": FID, "nothing": Panel("never measured")}
    (chart,) = charts.growth(study, panels)
    first = study.runs[0]
    assert chart.runs[first.key].values.tolist() == [m["fid"] for m in study.growth[first.key]]
    assert not chart.timed().runs
    (known,) = charts.growth(timed(study), panels)
    assert known.timed().runs.keys() == chart.runs.keys()
    assert known.runs[first.key].seconds.tolist() == [1, 2, 4]
    assert charts.growth(replace(study, growth={first.key: study.growth[first.key]}), panels) == []
