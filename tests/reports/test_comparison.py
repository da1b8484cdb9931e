"""Losses over seeds in the report: what may be said, what may not, and who is missing."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ganstudy.data.images import DataInfo, Split
from ganstudy.reports import conclusions
from ganstudy.reports.comparison import Comparison, compare
from ganstudy.reports.conclusions import INTERVAL
from ganstudy.reports.page import write
from ganstudy.reports.remarks import budget, remarks
from ganstudy.reports.study import Study, Walk
from ganstudy.study.runs import Run
from reports.made import REAL, a_run, images, rows_of
from reports.planted import snapshots
from training.tiny import params

GOOD, CLOSE, POOR = [10.0, 11, 12, 13, 14], [10.5, 12.5, 11.5, 14.5, 13.5], [50.0, 52, 54, 56, 58]


def grid(folder: Path, families: Mapping[str, Sequence[float]], sampling: float = 0.1) -> list[Run]:
    """A run for each debiased FID, its seed the place in the row; `sampling` is half its interval.
    The raw FID is 2 above it, the relative one a thousandth."""
    return [
        a_run(
            folder,
            f"{name}-{seed}",
            fid=fid + 2,
            fid_debiased=fid,
            fid_low=fid - sampling,
            fid_high=fid + sampling,
            fid_relative=fid / 1000,
        )
        for name, row in families.items()
        for seed, fid in enumerate(row)
    ]


def found(runs: Sequence[Run], failures: Mapping[str, str] | None = None) -> Comparison:
    comparison = compare(runs, failures or {})
    assert comparison is not None
    return comparison


def a_study(runs: Sequence[Run], **fields) -> Study:
    info = DataInfo("digits", "images", (8, 8, 1), 1.0, None, 100, 10, 20, "a", "b", "c")
    seeds = sorted({int(run.key.rsplit("-")[-1]) for run in runs})
    return Study(
        params=params(study__seeds=seeds),
        data=info,
        reference=Split(images(70), None),
        real=REAL,
        runs=runs,
        command="make study",
        source={"git.commit": "c0ffee" * 6},
        samples={run.key: images(64) for run in runs},
        snapshots={run.key: snapshots() for run in runs},
        walks={run.key: Walk(rows_of(3), rows_of(5), "codes") for run in runs},
        **fields,
    )


def cells(text: str, row: str) -> dict[str, str]:
    """The row of that name, in the first Markdown table that has it, by its headings."""
    lines = [[cell.strip() for cell in line[1:-1].split(" | ")] for line in text.splitlines()]
    place = next(i for i, line in enumerate(lines) if line[0] == f"**{row}**")
    head = next(line for line in reversed(lines[:place]) if line[0] == "")
    return dict(zip(head, lines[place], strict=True))


def page(study: Study, folder: Path) -> tuple[str, set[str]]:
    """The page's text and the names of its figures; it links all of them and no others."""
    write(study, folder)
    text = (folder / "README.md").read_text(encoding="utf-8")
    there = {path.name for path in (folder / "figures").iterdir()}
    assert set(re.findall(r"\(figures/([^)]+)\)", text)) == there
    assert "nan" not in re.sub("[a-z]+nan|nan[a-z]+", "", text.lower())
    assert "{{" not in text
    return text, there


# The page


def test_seeds_bring_the_comparison_and_pictures_of_the_first_alone(tmp_path: Path) -> None:
    runs = grid(tmp_path, {"gan-hinge": GOOD, "gan-wgan": POOR, "vae-elbo": [90, 91, 92, 93, 94]})
    growth = {
        run.key: [{"fid": f + i, "coverage": 0.1, "samples": 12} for f in (9.0, 8.0, 7.0)]
        for i, run in enumerate(runs)
    }
    seconds = {run.key: [1.0 + i, 2.0 + i, 3.0 + i] for i, run in enumerate(runs)}
    study = a_study(runs, comparison=found(runs), growth=growth, seconds=seconds)
    text, figures = page(study, tmp_path / "out")
    assert "## The losses over 5 seeds" in text
    assert {"seeds.png", "better.png", "growth.png", "growth-seconds.png"} <= figures
    pictures = {name for name in figures if re.match(r"growth-.*-\d\.png", name)}
    assert pictures == {f"growth-{f}-0.png" for f in ("gan-hinge", "gan-wgan", "vae-elbo")}
    assert "thin lines are seeds" in text.lower()
    for run in runs:  # every one is in the table of runs, none is left out
        assert f"| **{run.key}** |" in text
    assert "What can be concluded" in text
    assert "What cannot" in text


def test_one_seed_brings_none_and_says_why(tmp_path: Path) -> None:
    runs = grid(tmp_path, {"gan-hinge": [10], "gan-wgan": [50], "vae-elbo": [90]})
    assert compare(runs, {}) is None
    text, figures = page(a_study(runs), tmp_path / "out")
    assert "One seed allows no conclusion" in text
    assert "What can be concluded" not in text
    assert not {"seeds.png", "better.png"} & figures


def test_one_loss_has_its_interval_and_nothing_to_be_better_than(tmp_path: Path) -> None:
    runs = grid(tmp_path, {"gan-hinge": GOOD})
    study = a_study(runs, comparison=found(runs))
    text, figures = page(study, tmp_path / "out")
    assert "There is no pair of losses to compare" in text
    assert "seeds.png" in figures
    assert "better.png" not in figures
    assert (
        cells(text, "gan-hinge")[f"median debiased FID {INTERVAL}"]
        == "12.00 [10.00, 14.00; 93.8 %]"
    )


# Numbers


def test_the_table_is_what_counting_by_hand_gives(tmp_path: Path) -> None:
    runs = grid(tmp_path, {"gan-wgan": POOR, "gan-hinge": GOOD}, sampling=1.959964 * 0.495)
    text = conclusions.table(found(runs), floor=2.0)
    assert [line.split("**")[1] for line in text.splitlines()[2:]] == ["gan-hinge", "gan-wgan"]
    row = cells(text, "gan-hinge")
    assert row["failed"] == "0/5"
    assert row["FID × floor"] == "7.0×"  # of the raw one
    assert row[f"median FID {INTERVAL}"] == "14.00 [12.00, 16.00; 93.8 %]"
    assert row[f"median relative FID in % {INTERVAL}"] == "1.20 [1.00, 1.40; 93.8 %]"
    assert row[f"median recall {INTERVAL}"] == "0.91 [0.91, 0.91; 93.8 %]"
    assert row["interquartile mean debiased FID"] == "12.00"
    assert row[f"median coverage {INTERVAL}"] == "0.95 [0.95, 0.95; 93.8 %]"
    assert row["variance that is the seed's, at least"] == "90%"  # 1 - .245 / 2.5


def test_a_failed_run_is_never_dropped_and_lowers_its_loss(tmp_path: Path) -> None:
    runs = grid(tmp_path, {"gan-hinge": GOOD, "gan-lsgan": CLOSE, "gan-wgan": POOR})
    sound = found(runs)
    ill = found(runs, {"gan-hinge-0": "diverged", "gan-hinge-1": "collapse"})
    assert sound.families[0] == "gan-hinge"
    assert ill.families[0] == "gan-lsgan"
    assert ill.failed("gan-hinge") == 2
    row = cells(conclusions.table(ill, 2.0), "gan-hinge")
    assert row["failed"] == "2/5"
    assert row[f"median debiased FID {INTERVAL}"] == "14.00 [12.00, failed; 93.8 %]"
    assert row["interquartile mean debiased FID"] == "failed"
    assert "| -42.00 [-44.00, ∞; 93.8 %] |" in conclusions.pair_table(ill)
    told = " ".join(conclusions.can_be_concluded(ill))
    assert "gan-hinge 2 of 5" in told
    assert "No run failed" in " ".join(conclusions.can_be_concluded(sound))


def test_a_failed_run_that_could_not_be_measured_counts_too(tmp_path: Path) -> None:
    runs = grid(tmp_path, {"gan-hinge": GOOD, "gan-wgan": POOR})
    without = [run for run in runs if run.key != "gan-hinge-3"]
    by_failure = found(without, {"gan-hinge-3": "diverged"})
    assert by_failure.seeds("gan-hinge") == 5
    assert by_failure.medians == found(runs, {"gan-hinge-3": "diverged"}).medians
    assert found(without).seeds("gan-hinge") == 4  # a run that is only missing is no failure
    assert found(without).failed("gan-hinge") == 0


def test_all_runs_of_a_loss_may_fail(tmp_path: Path) -> None:
    runs = grid(tmp_path, {"gan-hinge": GOOD, "gan-wgan": POOR})
    failures = {f"gan-wgan-{seed}": "collapse" for seed in range(5)}
    study = a_study(runs, comparison=found(runs, failures), failures=failures)
    text, _ = page(study, tmp_path / "out")
    row = cells(text, "gan-wgan")
    assert row[f"median debiased FID {INTERVAL}"] == "failed [failed, failed; 93.8 %]"
    assert row["variance that is the seed's, at least"] == "–"
    assert "inf" not in re.findall(r"[a-z]+", text)


# Words


def test_what_the_seeds_cannot_tell_is_called_a_tie(tmp_path: Path) -> None:
    runs = grid(tmp_path, {"gan-hinge": GOOD, "gan-lsgan": CLOSE, "gan-wgan": POOR})
    comparison = found(runs)
    assert {(p.first, p.second, p.verdict) for p in comparison.pairs} == {
        ("gan-hinge", "gan-lsgan", "tie"),
        ("gan-hinge", "gan-wgan", "differ"),
        ("gan-lsgan", "gan-wgan", "differ"),
    }
    can = " ".join(conclusions.can_be_concluded(comparison))
    assert "**gan-hinge**: gan-wgan" in can
    assert "**gan-lsgan**: gan-wgan" in can
    cannot = " ".join(conclusions.cannot_be_concluded(a_study(runs), comparison))
    assert "**tie**" in cannot
    assert "**gan-hinge**: gan-lsgan" in cannot
    assert "93.8 %" in cannot  # an interval of five seeds
    assert "not tuned losses" in cannot


def test_with_too_few_seeds_for_so_many_pairs_it_says_how_many_it_takes(tmp_path: Path) -> None:
    names = [f"gan-l{index}" for index in range(10)]
    runs = grid(tmp_path, {n: [10.0 * i + s for s in range(5)] for i, n in enumerate(names)})
    comparison = found(runs)
    assert not comparison.with_verdict("differ")
    assert len(comparison.with_verdict("open")) == 45
    cannot = " ".join(conclusions.cannot_be_concluded(a_study(runs), comparison))
    assert "with 5 seeds no result, however clear, comes below p = 0.36" in cannot
    assert "it takes 7 seeds" in cannot
    can = " ".join(conclusions.can_be_concluded(comparison))
    assert "No pair differs after Holm's correction for 45 pairs" in can
    assert "do not all do equally well" in can  # the test over all of them sees it


def test_whether_losses_differ_at_all_is_asked_of_games_alone(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    alike = {f"gan-l{index}": rng.normal(10, 1, 5) for index in range(3)}
    with_vae = found(grid(tmp_path, {**alike, "vae-elbo": [900.0, 901, 902, 903, 904]}))
    assert with_vae.overall == found(grid(tmp_path, alike)).overall > 0.05


# Who is missing, and who was trained otherwise


def test_a_sound_grid_has_no_remark(tmp_path: Path) -> None:
    study = a_study(grid(tmp_path, {"gan-hinge": GOOD}))
    assert remarks(study) == []
    assert budget(study) == "48 images shown to each"


def test_missing_runs_are_named_once_by_reason(tmp_path: Path) -> None:
    runs = grid(tmp_path, {"gan-hinge": GOOD, "gan-wgan": POOR[:2]})
    reasons = {
        f"gan-wgan-{seed}": f"data/runs/gan-wgan-{seed} holds no finished run" for seed in (2, 3, 4)
    }
    study = a_study(runs, comparison=found(runs), missing=reasons)
    text, _ = page(study, tmp_path / "out")
    assert "> **Unfinished**: 3 of " in text
    assert "gan-wgan-2, gan-wgan-3, gan-wgan-4 (data/runs/* holds no finished run)" in text
    assert "2 to 5 seeds each" in text
    assert cells(text, "gan-wgan")["failed"] == "0/2"
    assert "*Unfinished*" in text.split("What cannot")[1]


def test_a_loss_with_one_seed_among_others_is_told_apart(tmp_path: Path) -> None:
    runs = grid(tmp_path, {"gan-hinge": GOOD, "gan-wgan": [11]})
    comparison = found(runs)
    assert comparison.pairs == []
    cannot = " ".join(conclusions.cannot_be_concluded(a_study(runs), comparison))
    assert "Anything about gan-wgan: one seed allows no conclusion" in cannot


@pytest.mark.parametrize(
    ("name", "value", "loud"),
    [("images", 24, "Not one budget"), ("batch", 8, "Not trained alike")],
)
def test_runs_that_were_trained_otherwise_are_told_loudly(tmp_path, name, value, loud) -> None:
    runs = grid(tmp_path, {"gan-hinge": GOOD, "gan-wgan": POOR})
    train = runs[0].meta["params"]["train"] | {name: value}
    other = replace(runs[0], meta=runs[0].meta | {"params": {"train": train}})
    mixed = [other, *runs[1:]]
    text, _ = page(a_study(mixed, comparison=found(mixed)), tmp_path / "out")
    assert f"> **{loud}**: `train.{name}` is" in text
    assert f"{value} for gan-hinge-0." in text
    assert f"*{loud}*" in text.split("What cannot")[1]
    assert ("different budgets" in text) is (name == "images")


def test_a_whole_study_of_another_budget_than_its_params_is_told_too(tmp_path: Path) -> None:
    study = a_study(grid(tmp_path, {"gan-hinge": GOOD}))
    asked = replace(study, params=params(train__images=96))
    assert "`train.images` is 96 in params.yaml, but 48 for gan-hinge-0" in remarks(asked)[0]
