"""`compare` over a real study of digits: whole, growing, drawn from evidence alone, and with what
must not be mixed."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml

from ganstudy.errors import InputError, StudyError
from ganstudy.evidence import collect, limits
from ganstudy.evidence.read import read_run
from ganstudy.files import read_json, write_json
from ganstudy.keys import RunKey
from ganstudy.params import Params, load
from ganstudy.stages import (
    compare,
    evaluate,
    fetch,
    judge,
    numerics,
    prepare,
    redraw,
    sample,
    train,
)
from ganstudy.study import layout, runs
from ganstudy.training.alarms import DIVERSITY, WINDOW
from training.tiny import content

SMALL = {
    "study": {"losses": ["non_saturating", "wgan"], "baselines": ["vae-elbo"], "seeds": [0, 1]},
    "sample__count": 80,  # twice the features and more, so that FID has an interval
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a study of two losses and a VAE, two seeds each, measured but not reported."""
    folder = tmp_path_factory.mktemp("losses")
    with pytest.MonkeyPatch.context() as patch:
        _enter(folder, patch)
        (folder / "params.yaml").write_text(yaml.safe_dump(content(**SMALL)))
        params = load()
        numerics.run(params, layout.NUMERICS)
        fetch.run(params, layout.RAW)
        prepare.run(params, layout.RAW, layout.PREPARED)
        judge.run(params, layout.PREPARED, layout.JUDGE)
        evaluate.run(params, layout.REAL, layout.METRICS / "real.json")
        for key in params.run_keys():
            out = layout.RUNS / key
            train.run(params, RunKey.parse(key), out)
            sample.run(key, params.sample.count, 0, out / "samples.npz", params.runtime, None)
            evaluate.run(params, key, layout.METRICS / f"{key}.json")
    return folder


@pytest.fixture
def study(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Params:
    """A copy of it, as the current folder; its parameters."""
    shutil.copytree(finished, tmp_path / "study")
    _enter(tmp_path / "study", monkeypatch)
    return load()


def _enter(folder: Path, patch: pytest.MonkeyPatch) -> None:
    patch.chdir(folder)
    patch.setenv("DVC_ROOT", str(folder))
    # A tracker that is down stops nothing, and is quicker than one that is up.
    patch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    patch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")


def report(params: Params, out: Path, *, partial: bool = False) -> str:
    compare.run(params, out, partial=partial)
    return (out / "README.md").read_text(encoding="utf-8")


def change(path: Path, **values: object) -> None:
    write_json(path, read_json(path) | values)


def test_a_whole_study_is_compared_over_its_seeds(study: Params, tmp_path: Path) -> None:
    text = report(study, tmp_path / "out")
    assert "## The losses over 2 seeds" in text
    for family in ("gan-non_saturating", "gan-wgan", "vae-elbo"):
        assert f"| **{family}** |" in text
        assert f"growth-{family}-0.png" in text
        assert f"growth-{family}-1.png" not in text
    assert "Unfinished" not in text
    assert (tmp_path / "out/figures/better.png").is_file()


def test_what_sampling_takes_is_kept_told_and_can_be_claimed(study: Params, tmp_path: Path) -> None:
    family = "gan-non_saturating"
    wanted = {"id": "sampling", "what": "ms an image", "metric": "sampling_ms", "family": family}
    layout.CLAIMS.write_text(yaml.safe_dump([wanted]))
    assert "ms to sample one" in report(study, tmp_path / "out")
    origins = [read_json(layout.EVIDENCE / f"{family}-{seed}" / "origin.json") for seed in (0, 1)]
    taken = [origin["timing"]["sampling_ms"] for origin in origins]
    assert min(taken) > 0
    (claim,) = read_json(tmp_path / "out" / "claims.json")
    assert claim["value"] == pytest.approx(sum(taken) / 2)


def test_dvc_is_given_few_values_of_one_run_under_names_that_stay(
    study: Params, tmp_path: Path
) -> None:
    report(study, tmp_path / "out")
    summary = read_json(tmp_path / "out/summary.json")
    key = f"gan-{study.train.loss}-0"
    metrics = runs.read_metrics(key)
    names = {"fid_debiased", "fid_low", "fid_high", "recall", "coverage", "judge"}
    assert names < set(summary)
    assert len(summary) <= 12
    assert {name: summary[name] for name in names} == {name: metrics[name] for name in names}
    assert summary["seconds"] == runs.read_run(key).timing["seconds"]
    curves = pd.read_csv(tmp_path / "out/curves.csv")
    assert curves["images"].iloc[-1] == study.train.images
    losses = pd.read_csv(tmp_path / "out/losses.csv")
    history = pd.read_csv(layout.RUNS / key / runs.HISTORY)
    for name in ("images", "generator/loss", "discriminator/loss"):
        assert losses[name].tolist() == pytest.approx(history[name].tolist(), rel=1e-5)


def test_while_a_study_grows_the_report_says_what_is_missing(study: Params, tmp_path: Path) -> None:
    shutil.rmtree(layout.EVIDENCE / "gan-non_saturating-1")
    (layout.METRICS / "gan-wgan-1.json").unlink()  # not measured yet
    change(layout.METRICS / "vae-elbo-1.json", judge_sha256="0" * 64)
    change(layout.EVIDENCE / "gan-wgan-0" / limits.RUN, failure="the loss is not finite")
    about = read_json(layout.EVIDENCE / "vae-elbo-0" / limits.RUN)
    about["meta"]["params"]["train"]["images"] = 24
    write_json(layout.EVIDENCE / "vae-elbo-0" / limits.RUN, about)
    with pytest.raises(InputError, match=r"gan-non_saturating-1/run\.json is missing"):
        report(study, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    text = report(study, tmp_path / "out", partial=True)
    assert "**Unfinished**: 3 of 6 runs" in text
    for reason in ("run.json is missing: run", "gan-wgan-1.json is missing: run", "another judge"):
        assert reason in text.replace("*", "gan-wgan-1")
    assert "| **vae-elbo-1** |" not in text  # two judges make no table
    assert "**Not one budget**" in text
    assert "One seed allows no conclusion" in text


def files(folder: Path) -> dict[str, bytes]:
    """The content of every file below `folder`, by its place there."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_report_is_drawn_again_from_what_git_keeps(
    study: Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report(study, tmp_path / "out")
    original = files(tmp_path / "out")
    assert {"README.md", "index.html", "summary.json", "figures/walks.png"} < set(original)
    clone = tmp_path / "clone"
    for kept in (layout.METRICS, layout.EVIDENCE):
        shutil.copytree(kept, clone / kept)
    shutil.copy(layout.PARAMS, clone)
    _enter(clone, monkeypatch)
    redraw.run(load(), layout.REPORTS)
    anew = {name: content for name, content in files(clone / "reports").items() if name in original}
    assert anew == original
    redraw.check(load(), layout.REPORTS)
    (layout.REPORTS / "figures/walks.png").write_bytes(original["figures/growth.png"])
    (layout.REPORTS / "README.md").write_bytes(original["README.md"] + b"\n")
    with pytest.raises(StudyError) as differs:
        redraw.check(load(), layout.REPORTS)
    assert [told.split()[1] for told in differs.value.args] == [
        "reports/README.md",
        "reports/figures/walks.png",
    ]


def test_a_report_stands_without_pieces_of_evidence_and_names_them(
    study: Params, tmp_path: Path
) -> None:
    gone = [
        *(("gan-wgan-0", name) for name in (limits.ORIGIN, limits.HISTORY, limits.SAMPLES)),
        *(("vae-elbo-0", name) for name in (limits.SNAPSHOTS, limits.WALKS, limits.NEIGHBOURS)),
    ]
    for key, name in gone:
        (layout.EVIDENCE / key / name).unlink()
    text = report(study, tmp_path / "out")
    (remark,) = [line for line in text.splitlines() if "**Not all is shown**" in line]
    assert all(f"{name} of {key}" in remark for key, name in gone)
    assert "| **gan-wgan** |" in text
    assert "growth-gan-wgan-0.png" in text
    assert "growth-vae-elbo-0.png" not in text
    for line in text.splitlines():
        if line.startswith("!["):
            assert (tmp_path / "out" / line.split("(")[1].rstrip(")")).is_file()


def test_evidence_of_a_half_done_run_says_what_it_lacks(study: Params, tmp_path: Path) -> None:
    (layout.RUNS / "gan-wgan-0" / runs.HISTORY).unlink()
    (layout.RUNS / "gan-wgan-0" / "discriminator.safetensors").write_bytes(b"not weights")
    evaluate.run(study, "gan-wgan-0", layout.METRICS / "gan-wgan-0.json")
    lacking = read_run("gan-wgan-0").lacking
    assert set(lacking) == {limits.HISTORY, limits.WALKS}
    text = report(study, tmp_path / "out")
    assert "history.csv of gan-wgan-0" in text
    assert "walks.npz of gan-wgan-0" in text


def test_metrics_that_go_elsewhere_leave_the_studys_evidence(study: Params, tmp_path: Path) -> None:
    before = files(layout.EVIDENCE)
    evaluate.run(study, layout.REAL, tmp_path / "real.json")
    assert files(layout.EVIDENCE) == before


def test_two_judges_are_refused(study: Params, tmp_path: Path) -> None:
    change(layout.METRICS / "gan-wgan-1.json", judge_sha256="0" * 64)
    with pytest.raises(InputError, match="gan-wgan-1 was measured by another judge"):
        report(study, tmp_path / "out")


def test_a_study_without_any_finished_run_has_no_report(study: Params, tmp_path: Path) -> None:
    shutil.rmtree(layout.EVIDENCE)
    evaluate.run(study, layout.REAL, layout.METRICS / "real.json")
    with pytest.raises(InputError, match=r"no run of the study is finished: .*dvc repro evaluate"):
        report(study, tmp_path / "out", partial=True)


def test_divergence_and_a_collapse_that_lasts_are_failures() -> None:
    lasts, recovers = (_collapse(rounds) for rounds in (range(2 * WINDOW), range(WINDOW)))
    images = 8 * WINDOW
    assert collect.failure(recovers, images, "the loss is not finite") == "the loss is not finite"
    assert collect.failure(lasts, images, None) == "collapse"
    assert collect.failure(recovers, images, None) is None
    assert [alarm["name"] for alarm in collect.raised(recovers, images)] == ["collapse"]


def _collapse(rounds: range) -> list[dict[str, float]]:
    """A history of 2 WINDOW rounds whose batches have no variance in those named."""
    return [
        {"round": r + 1.0, "images": 4.0 * (r + 1), DIVERSITY: 0.01 if r in rounds else 0.9}
        for r in range(2 * WINDOW)
    ]


def test_a_failed_run_counts_though_it_was_not_measured(study: Params, tmp_path: Path) -> None:
    for key in ("gan-wgan-0", "gan-wgan-1"):
        place = layout.EVIDENCE / key / limits.RUN
        about = read_json(place)
        write_json(place, about | {"meta": about["meta"] | {"failure": "the loss is not finite"}})
        (layout.METRICS / f"{key}.json").unlink()
    text = report(study, tmp_path / "out", partial=True)
    assert "| **gan-wgan** | 2/2 | failed [failed, failed; 50 %] |" in text
    assert "**Unfinished**: 2 of 6 runs" in text
