"""What was tried: rows by group, medians over seeds, failures counted."""

import math
from pathlib import Path

import pytest

from ganstudy.errors import InputError
from ganstudy.reports.trials import Trial, grouped, write
from ganstudy.study import variants
from ganstudy.study.variants import Variant

VALUES = {
    "fid": 30.0,
    "fid_floor": 3.0,
    "precision": 0.9,
    "recall": 0.8,
    "coverage": 0.7,
    "images": 1000,
    "seconds": 12.0,
    "failed": False,
    "hardware": "abacus",
    "threads": 2,
    "torch": "2.11",
}


def trial(words: str = "64", seed: int = 0, group: str = "Batch", **values) -> Trial:
    variant = Variant("gan-wgan", "losses.wgan", seed, group, words, {"train.batch": int(words)})
    return Trial(variant, VALUES | values)


def test_seeds_of_one_variant_are_one_row_with_their_median() -> None:
    found = grouped([trial(fid=fid, seed=n) for n, fid in enumerate((30.0, 60.0, 33.0))])
    (row,) = found["Batch"]
    assert row.floors == pytest.approx(11)
    assert row.changes({}) == "train.batch: 64"


def test_what_all_rows_of_a_group_set_is_said_once(tmp_path: Path) -> None:
    rows = [trial(), trial("32")]
    for row, ema in zip(rows, (0.9, 0.99), strict=True):
        row.variant.set.update({"train.images": 1000, "train.batch": 32, "train.ema": ema})
    write(rows, "Tried", tmp_path / "variants.yaml", "commit 1234567, 2030-01-01")
    text = (tmp_path / "README.md").read_text()
    assert "All with `train.batch: 32`, `train.images: 1000`." in text
    assert "| `train.ema: 0.99` |" in text


def test_a_failed_training_is_the_worst_and_never_left_out() -> None:
    row = grouped([trial(failed=True), trial(seed=1), trial(seed=2, failed=True)])["Batch"][0]
    assert math.isinf(row.floors)
    row = grouped([trial(failed=True), trial(seed=1), trial(seed=2)])["Batch"][0]
    assert row.floors == 10


def test_the_report_has_a_row_for_each_variant_and_a_figure(tmp_path: Path) -> None:
    rows = [trial(), trial("32", fid=15.0), trial("8", group="Small", failed=True)]
    write(rows, "Tried", tmp_path / "variants.yaml", "commit 1234567, 2030-01-01")
    text = (tmp_path / "README.md").read_text()
    assert "| 32 | 5.0 | 5.0 |" in text
    assert "| 8 | inf | failed |" in text
    assert text.index("## Batch") < text.index("## Small")
    assert "abacus, 2 threads, torch 2.11" in text
    assert (tmp_path / "trials.png").stat().st_size > 1000


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no table"),
        ("variants: 3", "valid dictionary"),
        ("variants: {a: {run: gan-wgan}}", "a"),
        (
            "variants: {a: {run: r, section: s, seed: 0, group: g, words: w, set: {}, sets: 1}}",
            "sets",
        ),
    ],
)
def test_a_table_that_is_none_is_refused_by_name(tmp_path: Path, content, message) -> None:
    path = tmp_path / "variants.yaml"
    path.write_text(content)
    with pytest.raises(InputError, match=rf"variants\.yaml.*{message}"):
        variants.read(path)


def test_the_projects_own_table_can_be_read_and_changes_what_params_have() -> None:
    from ganstudy import params

    root = Path(__file__).parents[2]
    known = variants.read(root / "studies/recipe/variants.yaml")
    for variant in known.values():
        params.load(root / "params.yaml", variant.set)
