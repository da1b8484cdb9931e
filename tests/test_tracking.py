"""MLflow as a copy: shared by the stages of a run, never written twice, never in the way."""

import math
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from mlflow import MlflowClient

from ganstudy import tracking
from ganstudy.runs import Run

SECRET = "pa55word"  # noqa: S105
DEAD = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Iterator[Path]:
    """A project with an empty sqlite store of its own."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("project")
        patch.setenv("DVC_ROOT", str(folder))
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder / 'mlflow.db'}")
        patch.chdir(folder)
        yield folder


@pytest.fixture(autouse=True)
def no_outage() -> None:
    """What one test saw fail is forgotten for the next."""
    tracking._OUTAGES.clear()


@pytest.fixture
def client(store: Path) -> MlflowClient:
    return MlflowClient(tracking.tracking_uri())


@pytest.fixture
def dead(tmp_path: Path, monkeypatch) -> None:
    """A tracking server that does not answer, and whose address holds a password."""
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", DEAD.replace("//", f"//user:{SECRET}@"))
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")


def runs(client: MlflowClient, key: str) -> list:
    experiment = client.get_experiment_by_name(tracking.EXPERIMENT)
    return client.search_runs([experiment.experiment_id], f"tags.`{tracking.KEY_TAG}` = '{key}'")


def rows(*numbers: int) -> list[dict[str, float]]:
    return [{"round": n, "images": 4.0 * n, "generator/loss": n / 3} for n in numbers]


def curve(client: MlflowClient, run, name: str) -> list[tuple[int, float]]:
    return [(p.step, p.value) for p in client.get_metric_history(run.info.run_id, name)]


def a_run(folder: Path, key: str) -> Run:
    """A finished run as files tell it; its history lacks a lazy term in one row."""
    history = pd.DataFrame(rows(1, 2, 3))
    history["discriminator/r1"] = [0.5, math.nan, 0.25]
    folder.mkdir(exist_ok=True)
    history.to_csv(folder / "history.csv", index=False)
    for name in ("grid.png", "model.json", "generator.safetensors"):
        (folder / name).write_bytes(b"content")
    meta = {
        "key": key,
        "params": {"train": {"batch": 4}, "run": "gan-wgan-0"},
        "data": "digits",
        "data_sha256": "d" * 64,
    }
    metrics = {"fid": 1.5, "judge": "judge", "odd": math.nan}
    return Run("gan-wgan-0", folder, meta, history, metrics, {"seconds": 2.0, "device": "cpu"})


def test_stages_of_one_run_share_it_and_rows_are_never_twice(client: MlflowClient) -> None:
    params = {"train": {"batch": 4}}
    with tracking.tracked("gan-wgan-0", "shared", "run", params) as train:
        train.log_rows(rows(1, 2))
        train.log_rows(rows(3))
    with tracking.tracked("gan-wgan-0", "shared", "run", params) as evaluate:
        evaluate.log_metrics({"fid": 2.5, "judge": "judge", "odd": math.nan})
        evaluate.log_rows(rows(1, 2, 3, 4))
    (run,) = runs(client, "shared")
    assert run.info.status == "FINISHED"
    assert run.data.params == {"train.batch": "4"}
    assert run.data.metrics["fid"] == 2.5
    assert "odd" not in run.data.metrics
    assert run.data.tags["judge"] == "judge"
    assert run.data.tags["kind"] == "run"
    assert run.data.tags["git.commit"]
    expected = [(n, pytest.approx(n / 3)) for n in (1, 2, 3, 4)]
    assert curve(client, run, "generator/loss") == expected


def test_a_run_that_raises_is_failed_with_its_reason_and_the_next_starts_afresh(client) -> None:
    def fail() -> None:
        with tracking.tracked("one", "failing", "run", {}):
            raise ValueError("it broke")

    with pytest.raises(ValueError, match="it broke"):
        fail()
    (run,) = runs(client, "failing")
    assert run.info.status == "FAILED"
    assert run.data.tags["failure"] == "ValueError: it broke"
    with tracking.tracked("one", "failing", "run", {}):
        pass
    assert sorted(r.info.status for r in runs(client, "failing")) == ["FAILED", "FINISHED"]


def test_backfill_completes_from_files_and_a_second_time_adds_nothing(client, tmp_path) -> None:
    run = a_run(tmp_path / "run", "filled")
    for _ in range(2):
        tracking.backfill(run)
    (copy,) = runs(client, "filled")
    assert curve(client, copy, "images") == [(1, 4.0), (2, 8.0), (3, 12.0)]
    assert curve(client, copy, "discriminator/r1") == [(1, 0.5), (3, 0.25)]
    assert copy.data.metrics["fid"] == 1.5
    assert copy.data.metrics["seconds"] == 2.0
    assert copy.data.params["train.batch"] == "4"
    assert copy.data.tags["data"] == "digits"
    assert copy.data.params["data"] == "d" * 64
    names = {file.path for file in client.list_artifacts(copy.info.run_id)}
    assert names == {"figures", "history.csv", "model.json", "generator.safetensors"}
    assert [f.path for f in client.list_artifacts(copy.info.run_id, "figures")] == [
        "figures/grid.png"
    ]


def test_backfill_knows_the_live_metrics_of_a_run_that_was_trained_here(client, tmp_path) -> None:
    run = a_run(tmp_path / "run", "followed")
    moments = [{"round": 2.0, "images": 8.0, "live/fid": 30.0, "live/seconds": 1.5}]
    run = replace(run, timing=run.timing | {"moments": moments})
    for _ in range(2):
        tracking.backfill(run)
    (copy,) = runs(client, "followed")
    assert curve(client, copy, "live/fid") == [(2, 30.0)]
    assert curve(client, copy, "images") == [(1, 4.0), (2, 8.0), (3, 12.0)]
    assert copy.data.metrics["seconds"] == 2.0


def test_many_rows_go_in_batches_that_mlflow_takes(client: MlflowClient) -> None:
    wide = [
        {"round": n} | {f"p/{i}": float(i) for i in range(30)} | {"images": n} for n in range(40)
    ]
    with tracking.tracked("wide", "wide", "run", {}) as run:
        run.log_rows(wide)
    (found,) = runs(client, "wide")
    assert len(curve(client, found, "p/29")) == 40


def test_the_link_names_the_runs_side_by_side(client: MlflowClient) -> None:
    ids = []
    for key in ("left", "right"):
        with tracking.tracked(key, key, "run", {}):
            pass
        ids.append(runs(client, key)[0].info.run_id)
    link = tracking.comparison_link(["left", "right", "never was"])
    assert link.startswith("/#/compare-runs?runs=")
    places = [link.index(run_id) for run_id in ids]
    assert places == sorted(places)
    experiment = client.get_experiment_by_name(tracking.EXPERIMENT).experiment_id
    assert link.endswith(f"%5B%22{experiment}%22%5D")


def test_origin_is_tagged_once_and_stays(client: MlflowClient, store: Path, monkeypatch) -> None:
    commit = ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "--allow-empty", "-mx"]
    for command in (["init", "-q"], commit):
        subprocess.run(["git", *command], cwd=store, check=True)
    monkeypatch.setenv("DVC_EXP_NAME", "sunny-day")
    with tracking.tracked("origin", "origin", "run", {}):
        pass
    monkeypatch.setenv("DVC_EXP_NAME", "a-later-visitor")
    with tracking.tracked("origin", "origin", "run", {}):
        pass
    tags = runs(client, "origin")[0].data.tags
    assert tags["dvc.experiment"] == "sunny-day"
    assert tags["git.commit"] == tracking.git("rev-parse", "HEAD") != ""


def test_runs_of_a_study_of_its_own_are_grouped_by_a_tag(client, store: Path, monkeypatch) -> None:
    world = store / "studies/losses/fashion"
    world.mkdir(parents=True)
    with tracking.tracked("of the root", "of the root", "run", {}):
        pass
    monkeypatch.chdir(world)
    with tracking.tracked("of a study", "of a study", "run", {}):
        pass
    experiment = client.get_experiment_by_name(tracking.EXPERIMENT).experiment_id
    grouped = client.search_runs([experiment], "tags.study = 'studies/losses/fashion'")
    assert [run.info.run_name for run in grouped] == ["of a study"]


def test_a_dead_server_is_told_of_once_and_stops_nothing(dead, capsys, tmp_path: Path) -> None:
    with tracking.tracked("gan-wgan-0", "k", "run", {"a": 1}) as run:
        run.log_rows(rows(1, 2))
        run.log_rows(rows(3))
        run.log_metrics({"fid": 1.0})
    message = capsys.readouterr().err
    assert message.count("MLflow at") == message.count("\n") == 1
    assert "gan-wgan-0" in message
    assert "sync" in message
    assert "127.0.0.1:9" in message


def test_a_password_in_the_address_is_never_shown(dead, capsys) -> None:
    with tracking.tracked("gan-wgan-0", "k", "run", {}):
        pass
    assert tracking.comparison_link(["k"]) == "/"
    out, err = capsys.readouterr()
    assert SECRET not in out + err
    assert "MLflow at http://127.0.0.1:9 " in err


def test_an_outage_in_the_middle_loses_no_row(client: MlflowClient, monkeypatch, capsys) -> None:
    with tracking.tracked("outage", "outage", "run", {}) as run:
        run.log_rows(rows(1))

        def down(*_: object, **__: object) -> None:
            raise ConnectionError("gone")

        with monkeypatch.context() as patch:
            patch.setattr(MlflowClient, "log_batch", down)
            run.log_rows(rows(2))
            run.log_rows(rows(3))
        run.log_rows(rows(4))
    assert capsys.readouterr().err.count("gone") == 1
    (found,) = runs(client, "outage")
    assert [step for step, _ in curve(client, found, "images")] == [1, 2, 3, 4]


def test_an_error_of_the_work_is_not_hidden_by_a_dead_tracker(dead, capsys) -> None:
    def fail() -> None:
        with tracking.tracked("one", "k", "run", {}):
            raise ValueError("it broke")

    with pytest.raises(ValueError, match="it broke"):
        fail()


def test_a_tracker_that_hangs_is_left_alone_for_a_while_by_the_whole_process(
    dead, monkeypatch, capsys
) -> None:
    calls = []

    def hang(*_: object, **__: object) -> None:
        calls.append(1)
        raise TimeoutError("no answer")

    monkeypatch.setattr(tracking, "SLOW", -1.0)  # every failure is a slow one
    monkeypatch.setattr(MlflowClient, "get_experiment_by_name", hang)
    for name in ("one", "two"):
        with tracking.tracked(name, name, "run", {}) as run:
            run.log_rows(rows(1))
            run.log_metrics({"fid": 1.0})
    assert len(calls) == 1
    assert capsys.readouterr().err.count("MLflow at") == 1
    tracking._OUTAGES[tracking.tracking_uri()] = 0.0  # the while is over
    with tracking.tracked("three", "three", "run", {}):
        pass
    assert len(calls) == 2


def test_single_values_are_stored_once_and_again_only_when_they_change(client) -> None:
    for value in (1.5, 1.5, 2.5):
        with tracking.tracked("single", "single", "run", {}) as run:
            run.log_metrics({"fid": value})
    (found,) = runs(client, "single")
    assert [value for _, value in curve(client, found, "fid")] == [1.5, 2.5]


def test_an_empty_twin_from_a_late_answer_goes_and_the_run_stays(client, monkeypatch) -> None:
    with tracking.tracked("twin", "twin", "run", {}) as run:
        run.log_rows(rows(1))
    experiment = client.get_experiment_by_name(tracking.EXPERIMENT).experiment_id
    client.create_run(experiment, tags={tracking.KEY_TAG: "twin"})
    with tracking.tracked("twin", "twin", "run", {}):
        pass
    assert len(runs(client, "twin")) == 2  # another machine may be about to use it
    monkeypatch.setattr(tracking, "LATE", -1)
    with tracking.tracked("twin", "twin", "run", {}) as run:
        run.log_rows(rows(1, 2))
    (left,) = runs(client, "twin")
    assert curve(client, left, "images") == [(1, 4.0), (2, 8.0)]


def test_nested_params_are_flat_under_dotted_names() -> None:
    nested = {"train": {"batch": 4, "betas": [0.0, 0.9]}, "run": "x", "none": None}
    assert tracking.flat(nested) == [
        ("train.batch", 4),
        ("train.betas", [0.0, 0.9]),
        ("run", "x"),
        ("none", None),
    ]


def test_without_a_setting_the_store_is_one_file_in_the_projects_root(
    monkeypatch, tmp_path
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))  # as in DVC's temporary and queued workspaces
    assert tracking.tracking_uri() == f"sqlite:///{tmp_path / 'mlflow.db'}"
