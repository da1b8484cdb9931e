"""Claims as a study declares them, and what metrics make of them."""

from pathlib import Path

import pytest
import yaml

from ganstudy.claims.declared import claims_of, declared
from ganstudy.errors import InputError
from ganstudy.params import load
from ganstudy.reports.worlds import metrics_of
from training.tiny import content

METRICS = {
    "pix2pix-lsgan-0": {"l1": 10.0},
    "pix2pix-lsgan-1": {"l1": 12.0},
    "pix2pix-lsgan-2": {"l1": 30.0},
    "blind-lsgan-0": {"l1": 60.0},
}
REAL = {"copy/l1": 20.0}
ENTRY = {
    "id": "pix2pix/l1",
    "what": "distance over that of the input",
    "metric": "l1",
    "family": "pix2pix-lsgan",
    "aim": "<= 1",
    "against": "ratio",
    "baseline": {"what": "the input", "metric": "copy/l1"},
    "plant": {"what": "D is blind", "metric": "l1", "family": "blind-lsgan"},
}


def computed(folder: Path, **changes: object) -> list:
    path = folder / "claims.yaml"
    path.write_text(yaml.safe_dump([ENTRY | changes]), encoding="utf-8")
    return claims_of(declared(path), METRICS, REAL, metrics_of)


def test_the_median_over_seeds_stands_against_the_baseline(tmp_path: Path) -> None:
    (claim,) = computed(tmp_path)
    assert claim.value == 12 / 20
    assert claim.holds
    assert claim.seeds == (0, 1, 2)
    assert claim.baseline.value == 20
    assert claim.plant.value == 60 / 20  # against the same baseline
    assert claim.plant_is_caught


def test_runs_of_one_seed_are_compared_with_each_other(tmp_path: Path) -> None:
    """Medians of either would tell 12 - 9: of what each seed shares the difference is -1 twice."""
    metrics = {f"a-x-{seed}": {"l1": value} for seed, value in enumerate([10.0, 12.0, 30.0])}
    metrics |= {f"b-x-{seed}": {"l1": value} for seed, value in enumerate([11.0, 9.0, 31.0, 5.0])}
    path = tmp_path / "claims.yaml"
    entry = {"id": "a/b", "what": "a less b", "metric": "l1", "family": "a-x"}
    entry |= {"against": "difference", "baseline": {"what": "b", "metric": "l1", "family": "b-x"}}
    path.write_text(yaml.safe_dump([entry, entry | {"id": "a/worst", "over": "worst high"}]))
    median, worst = claims_of(declared(path), metrics, {}, metrics_of)
    assert (median.value, median.baseline.value) == (-1, 10)
    assert worst.value == 3
    path.write_text(yaml.safe_dump([entry | {"against": "ratio"}]))
    (ratio,) = claims_of(declared(path), metrics, {}, metrics_of)
    assert ratio.value == 30 / 31


def test_the_worst_seed_where_the_claim_says_so(tmp_path: Path) -> None:
    (claim,) = computed(tmp_path, over="worst high")
    assert claim.value == 30 / 20
    assert claim.missed_by == 0.5
    (difference,) = computed(tmp_path, over="worst low", against="difference")
    assert difference.value == 10 - 20


def test_a_number_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    (claim,) = computed(tmp_path, metric="psnr")
    assert claim.value is None
    assert claim.holds is False
    (without,) = computed(tmp_path, baseline={"what": "the mean", "metric": "mean/l1"})
    assert without.value is None


def test_a_number_may_be_of_a_world_beside_this_one(tmp_path: Path, monkeypatch) -> None:
    for name in ("here", "there/reports/metrics"):
        (tmp_path / name).mkdir(parents=True)
    grid = content(models={"blind-lsgan": {}}, study__baselines=["blind-lsgan"])
    grid["study"]["seeds"] = [0, 1, 2]
    (tmp_path / "there/params.yaml").write_text(yaml.safe_dump(grid))
    # Of seed 2 there are no metrics yet; 7 is none of the grid.
    keys = {"real": 4.0, "blind-lsgan-0": 80.0, "blind-lsgan-1": 90.0, "blind-lsgan-7": 1.0}
    for key, l1 in keys.items():
        (tmp_path / f"there/reports/metrics/{key}.json").write_text(f'{{"l1": {l1}}}')
    monkeypatch.chdir(tmp_path / "here")
    there = {"metric": "l1", "world": "there"}
    (claim,) = computed(
        tmp_path,
        baseline={"what": "real data", **there},
        plant={"what": "D is blind", "family": "blind-lsgan", **there},
    )
    assert (claim.value, claim.plant.value) == (12 / 4, 85 / 4)
    (claim,) = computed(tmp_path, family="blind-lsgan", world="there")
    assert (claim.value, claim.seeds) == (85 / 20, (0, 1))
    with pytest.raises(InputError, match="nowhere"):
        computed(tmp_path, world="nowhere")


def test_no_file_claims_nothing(tmp_path: Path) -> None:
    assert declared(tmp_path / "claims.yaml") == []


@pytest.mark.parametrize(
    ("change", "told"), [({"ower": "median"}, "ower"), ({"over": "mean"}, "over")]
)
def test_what_is_no_claim_is_one_line(tmp_path: Path, change: dict, told: str) -> None:
    with pytest.raises(InputError, match=told) as error:
        computed(tmp_path, **change)
    assert "\n" not in str(error.value)


WORLDS = sorted((Path(__file__).parents[2] / "studies").glob("*/*/claims.yaml"))


@pytest.mark.parametrize("path", WORLDS, ids=lambda path: path.parent.name)
def test_what_every_study_claims_can_be_read(path: Path) -> None:
    families = {claim.family for claim in declared(path)}
    assert families <= set(load(path.parent / "params.yaml").families())
