"""The report: every run beside real images, honest numbers, and nothing that is not known."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ganstudy.claims import Claim, Scored
from ganstudy.claims import read as read_claims
from ganstudy.reports import charts, tables
from ganstudy.reports.floors import in_floors
from ganstudy.reports.page import summary, write
from ganstudy.reports.study import Study, by_class
from reports.made import REAL
from reports.planted import covered, followed, labelled, plain
from training.tiny import params


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return plain(tmp_path)


def rows(text: str) -> list[list[str]]:
    """The cells of the Markdown table that `text` begins with; headings without their arrows."""
    lines = text.splitlines()
    return [
        [cell.strip(" ↓↑") for cell in line.strip("|").split(" | ")]
        for line in lines
        if "|" in line
    ]


# Tables


def test_real_images_come_first_and_columns_that_nobody_fills_are_left_out(study: Study) -> None:
    table = tables.comparison(study.real, study.runs)
    assert "| debiased FID [95 %] ↓ | recall ↑ | coverage ↑ |" in table
    head, _, *body = rows(table)
    assert [line[0] for line in body] == [
        "**real images**",
        "**gan-non_saturating-0**",
        "**vae-elbo-0**",
    ]
    assert all(len(line) == len(head) for line in body)
    cells = dict(zip(head, body[1], strict=True))
    assert cells["debiased FID [95 %]"] == "7.00 [6.00, 7.50]"
    assert cells["FID"] == "8.00"
    assert cells["relative FID [95 %]"] == "0.10 [-0.30, 0.50] %"
    assert cells["× floor [95 %]"].startswith("4.0 [3.")
    assert head[1:5] == ["debiased FID [95 %]", "recall", "coverage", "relative FID [95 %]"]
    assert cells["mem1"] == "0.020"
    assert "classes" not in head
    assert "IS" not in head
    assert dict(zip(head, body[0], strict=True))["mem1"] == "–"  # not measured is not zero


def test_a_floor_of_zero_divides_nothing(study: Study) -> None:
    flat = [replace(run, metrics=run.metrics | {"fid_floor": 0.0}) for run in study.runs]
    assert "inf" not in tables.comparison(REAL | {"fid_floor": 0.0}, flat)
    assert "2 runs" in summary(replace(study, runs=flat))


def brackets(column: tables.Column, metrics: dict) -> list[float]:
    """The numbers of a cell that has an interval: the value and its bounds."""
    text = column.text(metrics)
    return [float(n) for n in re.findall(r"-?\d+\.\d+", text)] if "[" in text else []


def test_an_interval_holds_the_number_that_it_stands_behind() -> None:
    """With few samples the raw FID lies outside the interval of the debiased one."""
    biased = REAL | {"fid": 9.0, "fid_debiased": 3.0, "fid_low": 2.0, "fid_high": 4.0}
    found = [numbers for c in tables.COLUMNS if (numbers := brackets(c, biased))]
    assert len(found) == 3
    assert all(low < value < high for value, low, high in found)


def test_multiples_of_the_floor_hold_the_truth_as_often_as_they_say() -> None:
    """Draws of a FID about 30 and of a floor about 2, whose spread is a fifth of it at worst."""
    rng = np.random.default_rng(0)
    for sampling, spread in ((2.0, 0.05), (0.5, 0.3), (3.0, 0.3)):
        held, alone = [], []
        draws = rng.normal((30, 2), (sampling, spread), (1000, 2))
        for fid, floor in draws:
            half = 1.959964 * sampling
            drawn = {"fid": fid, "fid_low": fid - 1 - half, "fid_high": fid - 1 + half}
            ratio = in_floors(drawn | {"fid_floor": floor, "fid_floor_std": spread})
            low, high = ratio.interval
            held.append(low < 15 < high)
            alone.append((fid - half) / floor < 15 < (fid + half) / floor)
        assert np.mean(held) == pytest.approx(0.95, abs=0.03)
    # Planted: with FID's own uncertainty alone it would hold the truth far more seldom.
    assert np.mean(alone) < 0.9


def test_every_column_of_the_table_is_explained_and_no_other(study: Study) -> None:
    head = rows(tables.comparison(study.real, study.runs))[0][1:]
    explained = re.findall(r"^- \*\*(.+?)\*\*: \S", tables.legend(study.real, study.runs), re.M)
    assert [name.strip(" ↓↑") for name in explained] == head
    assert all(column.meaning for column in tables.COLUMNS)
    assert "mem1" in head
    assert "mem1" not in tables.legend(study.real, study.runs[1:])


def test_costs_are_those_of_this_machine_or_unknown(study: Study) -> None:
    elsewhere = replace(study.runs[1], timing={})
    _, _, here, there = tables.costs([study.runs[0], elsewhere]).splitlines()
    assert "| 1,200 | 3 | 400 | 10.0% | a machine, cpu, 2 threads, torch 2 |" in here
    assert "| 1,200 | – | – | – | trained on another machine |" in there


def test_what_sampling_took_is_told_where_it_is_known(study: Study) -> None:
    one, two = study.runs
    timed = replace(one, timing=one.timing | {"sampling_ms": 1.234})
    heads, (first, second) = tables.cost_table([timed, two])
    assert len(heads) == len(first) == len(second)
    assert [row[heads.index("ms to sample one")] for row in (first, second)] == ["1.23", "–"]
    assert "ms to sample one" not in tables.costs([one, two])
    # Trained elsewhere, as DVC's cache gives it back, and sampled here.
    assert "| 1.23 | trained on another machine |" in tables.costs(
        [replace(one, timing={"sampling_ms": 1.234})]
    )


def test_runs_that_were_not_computed_alike_are_told_of(study: Study) -> None:
    one, two = study.runs
    assert "Not computed alike" not in tables.costs([one, two])
    other = replace(two, timing=two.timing | {"threads": 8, "torch": "3"})
    assert "differ in threads, torch" in tables.costs([one, other])
    assert "Not computed alike" not in tables.costs([one, replace(two, timing={})])


def test_runs_of_another_precision_are_told_of_also_from_another_machine(study: Study) -> None:
    one, two = (
        replace(run, meta=run.meta | {"precision": precision}, timing={})
        for run, precision in zip(study.runs, ("bfloat16", "float32"), strict=False)
    )
    told = tables.costs([one, two])
    assert "these runs differ in precision" in told
    assert "trained on another machine, float32" in told
    assert "Not computed alike" not in tables.costs([one, replace(two, meta=one.meta)])


# The text above the table


def test_the_summary_names_the_best_with_its_interval_and_warns_of_one_seed(study: Study) -> None:
    text = summary(study)
    assert text.startswith("2 runs, 48 images shown to each.")
    assert "The least debiased FID is gan-non_saturating-0's, 7.00 [6.00, 7.50], recall " in text
    assert "(vae-elbo-0 19.00)" in text
    assert "One seed allows no conclusion" in text
    # Seeds that are asked for, but of which one is there, allow no more.
    three = replace(study, params=params(study__seeds=[0, 1, 2]))
    assert "One seed allows no conclusion" in summary(three)


def test_every_term_of_training_has_a_panel_and_a_loss_only_one(study: Study) -> None:
    run = study.runs[0]
    whole = ["discriminator/loss", "discriminator/r1", "generator/loss"]
    assert list(charts.terms_of(run, charts.terms(study))) == whole
    told = replace(run, history=run.history.assign(**{"discriminator/adversarial": 1.0}))
    terms = charts.terms(replace(study, runs=[told]))
    assert list(charts.terms_of(told, terms)) == [*whole[1:], "discriminator/adversarial"]


# The page


def test_the_page_shows_every_run_and_links_only_what_is_there(study: Study, tmp_path) -> None:
    out = tmp_path / "out"
    write(study, out)
    text = (out / "README.md").read_text(encoding="utf-8")
    for run in study.runs:
        assert text.count(run.key) > 2
    linked = set(re.findall(r"\((figures/[^)]+)\)", text))
    there = {f"figures/{path.name}" for path in (out / "figures").iterdir()}
    assert linked == there
    assert len(there) == 6
    assert "class-shares" not in text  # the data has no labels
    assert "make study" in text
    assert "loss: non_saturating" in text
    assert "nan" not in text.lower().replace("nance", "")
    assert "{{" not in text


def test_equal_results_give_equal_files(study: Study, tmp_path: Path) -> None:
    for name in "ab":
        write(study, tmp_path / name)
    for path in sorted((tmp_path / "a").rglob("*.*")):
        twin = tmp_path / "b" / path.relative_to(tmp_path / "a")
        assert path.read_bytes() == twin.read_bytes(), path.name


def test_class_shares_are_in_the_order_of_the_classes_however_many(study: Study) -> None:
    shares = {f"class_share_{index:02d}": index / 1000 for index in range(120)}
    run = replace(study.runs[0], metrics=study.runs[0].metrics | shares)
    assert by_class(run.metrics, "share") == [index / 1000 for index in range(120)]


def test_with_labels_class_shares_are_drawn(study: Study, tmp_path: Path) -> None:
    write(labelled(study), tmp_path / "out")
    text = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "figures/class-shares.png" in text
    assert "class-coverage" not in text  # nobody measured it
    assert (tmp_path / "out" / "figures" / "class-shares.png").is_file()
    assert "2/2" in text


def test_what_training_was_followed_by_is_drawn_over_images_and_seconds(study, tmp_path) -> None:
    grown = followed(study)
    growth = grown.growth
    write(grown, tmp_path / "a")
    text = (tmp_path / "a" / "README.md").read_text(encoding="utf-8")
    assert "figures/growth.png" in text
    assert "Measured on 12 samples of each snapshot" in text
    assert "growth-seconds" not in text  # trained on another machine
    seconds = {run.key: [1.0, 2.0, 3.0] for run in study.runs}
    write(replace(grown, seconds=seconds), tmp_path / "b")
    text = (tmp_path / "b" / "README.md").read_text(encoding="utf-8")
    assert "figures/growth-seconds.png" in text
    early = {**growth, study.runs[0].key: growth[study.runs[0].key][:1]}  # it diverged
    begun = {**seconds, study.runs[0].key: [1.0]}
    write(replace(grown, growth=early, seconds=begun), tmp_path / "c")
    assert (tmp_path / "c" / "figures" / "growth-seconds.png").is_file()


def test_nearest_training_images_and_coverage_by_class_are_drawn(study, tmp_path) -> None:
    write(covered(study), tmp_path / "out")
    text = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\(figures/([^)]+)\)", text))
    assert {"neighbours.png", "class-coverage.png"} <= linked
    assert linked == {path.name for path in (tmp_path / "out" / "figures").iterdir()}


def test_one_set_of_samples_is_listed_with_what_each_value_means() -> None:
    lines = tables.listing(REAL | {"entropy_conditional": 0.25}).splitlines()
    assert re.match(r"debiased FID \[95 %\] +0\.10 \[-0\.30, 0\.50\]  Fréchet", lines[0])
    assert any(re.match(r"H\(y\|x\) +0\.250  mean entropy", line) for line in lines)
    assert not any("mem1" in line for line in lines)


def test_what_a_study_claims_stands_first_and_is_written(study: Study, tmp_path: Path) -> None:
    claim = Claim("vae/sharper", "FID over the GAN's", 2.5, "<= 1", (0,), Scored("the GAN", 1.0))
    write(replace(study, claims=[claim]), tmp_path)
    assert read_claims(tmp_path / "claims.json") == [claim]
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "| vae/sharper: FID over the GAN's | 2.5 | ≤ 1 | no, by 1.5 |" in text
