"""Params, evidence, claims and report: from one to the next, and what is said of broken ones."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from ganstudy import claims
from ganstudy.claims import Aim
from ganstudy.errors import InputError, StudyError
from ganstudy.objectives.adversarial import LOSSES
from ganstudy.stages import theory as stage
from ganstudy.study import layout
from ganstudy.theory import concluded, evidence, fingerprint
from ganstudy.theory.evidence import Part
from ganstudy.theory.settings import load
from theory.small import STUDY, committed, content


@pytest.fixture
def copy(study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the small study, as the folder here."""
    folder = tmp_path / "study"
    shutil.copytree(study, folder)
    monkeypatch.chdir(folder)
    return folder


# The project's own study


def test_every_loss_of_the_table_is_played_and_has_its_stage() -> None:
    params = committed()
    assert set(params.games.losses) == set(LOSSES)
    pipeline = yaml.safe_load((STUDY / "dvc.yaml").read_text(encoding="utf-8"))
    assert pipeline["stages"]["play"]["matrix"]["part"] == list(params.parts())


def test_its_claims_hold_and_what_is_planted_misses_each(monkeypatch) -> None:
    monkeypatch.chdir(STUDY)
    found = concluded.claims(committed(), evidence.read(committed()))
    assert claims.read(layout.REPORTS / "claims.json") == found
    ids = {claim.id for claim in found}
    wanted = ("js-log2", "wasserstein-theta", "optimal-d", "figure1-w1")
    assert ids >= {f"theory/{name}" for name in wanted}
    assert all(claim.holds for claim in found)
    assert all(claim.plant_is_caught for claim in found)


def test_its_report_is_what_its_evidence_draws_byte_for_byte(monkeypatch, capsys) -> None:
    monkeypatch.chdir(STUDY)
    stage.check(layout.REPORTS)
    assert "as its evidence draws it" in capsys.readouterr().err
    kept = [path for path in (STUDY / layout.EVIDENCE).rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in kept) < 1.5e6


def test_a_claim_follows_the_number_that_it_is_made_of() -> None:
    params = committed()
    parts = dict(evidence.read(params, STUDY / layout.EVIDENCE))
    name = params.games.claimed
    worse = {seed: told | {"w1": 0.07} for seed, told in parts[name].told.items()}
    parts[name] = Part(worse, parts[name].frames)
    row = next(c for c in concluded.claims(params, parts) if c.id == "theory/figure1-w1")
    assert row.holds is False
    assert row.missed_by == pytest.approx(0.02)
    assert "no, by 0.02" in claims.as_markdown([row])


# A small one


def test_equal_evidence_draws_equal_bytes(copy: Path) -> None:
    names = ("README.md", "index.html", "claims.json")
    before = [(copy / layout.REPORTS / name).read_bytes() for name in names]
    stage.draw(layout.REPORTS)
    assert [(copy / layout.REPORTS / name).read_bytes() for name in names] == before
    stage.check(layout.REPORTS)


def test_playing_again_gives_the_same_evidence(copy: Path) -> None:
    for name in ("non_saturating", "parallel"):
        stage.play(name, Path("again") / name)
        for path in (layout.EVIDENCE / name).iterdir():
            assert (Path("again") / name / path.name).read_bytes() == path.read_bytes(), path


def test_what_is_missing_altered_or_drawn_otherwise_is_named(copy: Path) -> None:
    page = layout.REPORTS / "index.html"
    page.write_text(page.read_text().replace("What do D and G do", "What does D do"))
    with pytest.raises(StudyError, match=r"index\.html is not what its evidence draws"):
        stage.check(layout.REPORTS)
    told = layout.EVIDENCE / "wgan_gp" / "told.json"
    found = json.loads(told.read_text())
    del found["1"]
    told.write_text(json.dumps(found))
    with pytest.raises(StudyError, match=r"wgan_gp.told\.json is not of the seeds 0, 1"):
        stage.check(layout.REPORTS)
    (layout.EVIDENCE / "optimal" / "0.npz").write_bytes(b"no zip")
    shutil.rmtree(layout.EVIDENCE / "wgan_gp")
    with pytest.raises(StudyError, match=r"0\.npz is not a readable npz"):
        stage.check(layout.REPORTS)
    shutil.rmtree(layout.EVIDENCE / "optimal")
    with pytest.raises(StudyError, match=r"optimal.told\.json is missing: run `dvc repro play@opt"):
        stage.check(layout.REPORTS)


def test_a_part_that_there_is_not_is_told_with_the_nearest(copy: Path) -> None:
    with pytest.raises(InputError, match=r"no part 'wgan_gq'; did you mean 'wgan_gp'\?"):
        stage.play("wgan_gq", Path("out"))
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"line": {"centers": [0.0], "sigmas": [1.0, 2.0], "shares": [1.0]}}, "equally many"),
        ({"line": {"centers": [0.0], "sigmas": [1.0], "shares": [0.5]}}, "sum to 0.5"),
        ({"seads": [0]}, "seads is unknown; did you mean 'seeds'"),
        ({"seeds": []}, "seeds"),
    ],
)
def test_params_that_are_wrong_are_one_line(tmp_path: Path, change: dict, told: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(content() | change))
    with pytest.raises(InputError, match=told) as caught:
        load(path)
    assert len(caught.value.args) == 1


# What plays them again


def test_a_fingerprint_changes_with_what_its_part_depends_on_alone(copy: Path) -> None:
    params = load(layout.PARAMS)
    before = {name: fingerprint.of(params, name) for name in params.parts()}
    assert before["wgan_gp"] == fingerprint.of(params, "wgan_gp")
    assert all(before.values())
    recipe = params.games.losses["wgan_gp"].model_copy(update={"critic_steps": 1})
    losses = {**params.games.losses, "wgan_gp": recipe}
    other = params.model_copy(
        update={"games": params.games.model_copy(update={"losses": losses, "claimed": "wgan_gp"})}
    )
    changed = {name for name in before if fingerprint.of(other, name) != before[name]}
    assert changed == {"wgan_gp"}


def test_a_changed_formula_changes_the_values(copy: Path, monkeypatch) -> None:
    params = load(layout.PARAMS)
    before = fingerprint.of(params, "non_saturating")
    row = LOSSES["non_saturating"]
    worse = replace(
        row, generator=lambda real, fake: 1.01 * row.generator(real, fake) + fake.mean()
    )
    monkeypatch.setitem(LOSSES, "non_saturating", worse)
    assert fingerprint.of(params, "non_saturating")["values"] != before["values"]


def test_aims_are_those_of_the_contract() -> None:
    """|JS - log 2| < .001, |W - θ| <= .05, D within .03, W1 <= .05."""
    found = claims.read(STUDY / layout.REPORTS / "claims.json")
    aims = {claim.id: Aim.parse(claim.aim or "").high for claim in found}
    assert aims["theory/js-log2"] == 0.001
    assert aims["theory/wasserstein-theta"] == 0.05
    assert aims["theory/optimal-d"] == 0.03
    assert aims["theory/figure1-w1"] == 0.05
