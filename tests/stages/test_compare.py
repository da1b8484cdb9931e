"""`compare` over a real study of digits: whole, growing, and with what must not be mixed."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml

from ganstudy import layout, runs
from ganstudy.errors import InputError
from ganstudy.files import read_json, write_json
from ganstudy.models import RunKey
from ganstudy.params import Params, load
from ganstudy.stages import compare, evaluate, fetch, judge, numerics, prepare, sample, train
from ganstudy.training.alarms import DIVERSITY, WINDOW
from training.tiny import content

SMALL = {
    "study": {"losses": ["non_saturating", "wgan"], "baselines": ["vae-elbo"], "seeds": [0, 1]},
    "sample__count": 60,
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
        assert losses[name].tolist() == history[name].tolist()


def test_while_a_study_grows_the_report_says_what_is_missing(study: Params, tmp_path: Path) -> None:
    shutil.rmtree(layout.RUNS / "gan-non_saturating-1")  # not trained yet
    (layout.METRICS / "gan-wgan-1.json").unlink()  # not measured yet
    change(layout.METRICS / "vae-elbo-1.json", judge_sha256="0" * 64)
    change(layout.RUNS / "gan-wgan-0" / "model.json", failure="the loss is not finite")
    meta = read_json(layout.RUNS / "vae-elbo-0" / "model.json")
    meta["params"]["train"]["images"] = 24
    write_json(layout.RUNS / "vae-elbo-0" / "model.json", meta)
    with pytest.raises(InputError, match="gan-non_saturating-1 holds no finished run"):
        report(study, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    text = report(study, tmp_path / "out", partial=True)
    assert "**Unfinished**: 3 of 6 runs" in text
    for reason in ("holds no finished run", "is missing: run", "another judge"):
        assert reason in text
    assert "| **vae-elbo-1** |" not in text  # two judges make no table
    assert "**Not one budget**" in text
    assert "One seed allows no conclusion" in text


@pytest.mark.parametrize("name", ["samples.npz", "snapshots.npz", "history.csv"])
def test_a_half_done_run_is_missing(study: Params, name: str) -> None:
    (layout.RUNS / "gan-wgan-1" / name).unlink()
    real = runs.read_metrics(layout.REAL)
    grid, missing = compare._grid(study, real, partial=True)
    assert list(missing) == ["gan-wgan-1"]
    assert name in missing["gan-wgan-1"]
    assert len(grid) == 5


def test_two_judges_are_refused(study: Params, tmp_path: Path) -> None:
    change(layout.METRICS / "gan-wgan-1.json", judge_sha256="0" * 64)
    with pytest.raises(InputError, match="gan-wgan-1 was measured by another judge"):
        report(study, tmp_path / "out")


def test_a_study_without_any_finished_run_has_no_report(study: Params, tmp_path: Path) -> None:
    shutil.rmtree(layout.RUNS)
    with pytest.raises(InputError, match=r"no run of the study is finished: .*dvc repro train"):
        report(study, tmp_path / "out", partial=True)


def test_divergence_and_a_collapse_that_lasts_are_failures(study: Params) -> None:
    change(layout.RUNS / "gan-wgan-0" / "model.json", failure="the loss is not finite")
    _collapse("gan-wgan-1", range(2 * WINDOW))
    _collapse("gan-non_saturating-0", range(WINDOW))  # and recovers
    grid, _ = compare._grid(study, runs.read_metrics(layout.REAL), partial=False)
    assert compare._failures(grid) == {
        "gan-wgan-0": "the loss is not finite",
        "gan-wgan-1": "collapse",
    }


def _collapse(key: str, rounds: range) -> None:
    """A history of 2 WINDOW rounds whose batches have no variance in those named."""
    rows = [
        {"round": r + 1.0, "images": 4.0 * (r + 1), DIVERSITY: 0.01 if r in rounds else 0.9}
        for r in range(2 * WINDOW)
    ]
    pd.DataFrame(rows).to_csv(layout.RUNS / key / runs.HISTORY, index=False)


def test_a_failed_run_counts_though_it_was_not_measured(study: Params, tmp_path: Path) -> None:
    for key in ("gan-wgan-0", "gan-wgan-1"):
        change(layout.RUNS / key / "model.json", failure="the loss is not finite")
        (layout.METRICS / f"{key}.json").unlink()
    text = report(study, tmp_path / "out", partial=True)
    assert "| **gan-wgan** | 2/2 | failed [failed, failed] |" in text
    assert "**Unfinished**: 2 of 6 runs" in text
