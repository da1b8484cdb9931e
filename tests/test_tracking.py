"""MLflow as a copy: shared by the stages of a run, never written twice, never in the way."""

import math
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from ganstudy import tracking
from ganstudy.study.runs import Run
from ganstudy.tracking import run as run_module
from ganstudy.tracking import store as opened
from ganstudy.tracking.names import FINAL
from ganstudy.tracking.run import KEY_TAG

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
    opened.OUTAGES.clear()


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


def experiment_id(client: MlflowClient) -> str:
    return client.get_experiment_by_name("ganstudy").experiment_id


def runs(client: MlflowClient, value: str, tag: str = KEY_TAG) -> list:
    return client.search_runs([experiment_id(client)], f"tags.`{tag}` = '{value}'")


def rows(*numbers: int) -> list[dict[str, float]]:
    return [{"round": n, "images": 4.0 * n, "generator/loss": n / 3} for n in numbers]


def curve(client: MlflowClient, run, name: str) -> list[tuple[int, float]]:
    """Its points by images shown, of which `rows` has four a round."""
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
    expected = [(4 * n, pytest.approx(n / 3)) for n in (1, 2, 3, 4)]
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
        tracking.log_run(run)
    (copy,) = runs(client, "filled", "study.training")
    assert curve(client, copy, "images") == [(4, 4.0), (8, 8.0), (12, 12.0)]
    assert curve(client, copy, "discriminator/r1") == [(4, 0.5), (12, 0.25)]
    assert copy.data.metrics["final/fid"] == 1.5
    assert copy.data.metrics["final/seconds"] == 2.0
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
        tracking.log_run(run)
    (copy,) = runs(client, "followed", "study.training")
    assert curve(client, copy, "live/fid") == [(8, 30.0)]
    assert curve(client, copy, "images") == [(4, 4.0), (8, 8.0), (12, 12.0)]
    assert copy.data.metrics["final/seconds"] == 2.0


SETTINGS = "sample.count=60 sample.seed=0 evaluate.neighbours=5 evaluate.seed={}"


def measured(run: Run, fid: float, seed: int = 0, judge: str = "a" * 64) -> Run:
    """`run`, measured with a seed of the evaluation by some judge."""
    values = {"settings": SETTINGS.format(seed), "judge_sha256": judge, "fid": fid, "seed": seed}
    values["reference_sha256"] = "e" * 64
    return replace(run, metrics=values)


def fids(client: MlflowClient, training: str) -> list[list[float]]:
    """The points of `fid` of each run of a training."""
    found = runs(client, training, "study.training")
    return sorted([value for _, value in curve(client, run, "final/fid")] for run in found)


def test_measurements_that_differ_have_runs_of_their_own_with_the_curves(client, tmp_path) -> None:
    run = a_run(tmp_path / "run", "thrice")
    with tracking.tracked_training(run.key, run.meta) as training:
        training.log_rows(rows(1, 2, 3))
    copies = [measured(run, 45.2), measured(run, 45.1, seed=1), measured(run, 45.2, judge="b" * 64)]
    for _ in range(2):  # a second time adds nothing
        for copy in copies:
            tracking.log_run(copy)
    assert fids(client, "thrice") == [[45.1], [45.2], [45.2]]
    found = runs(client, "thrice", "study.training")
    assert len({r.data.tags[KEY_TAG] for r in found}) == 3
    for one in found:
        assert [step for step, _ in curve(client, one, "images")] == [4, 8, 12]
        seed = 1 if one.data.metrics["final/fid"] == 45.1 else 0
        assert one.data.params["evaluate.seed"] == str(seed)
        assert one.data.params["train.batch"] == "4"


def test_the_first_measurement_is_in_the_run_that_was_trained(client, tmp_path) -> None:
    run = a_run(tmp_path / "run", "trained")
    with tracking.tracked_training(run.key, run.meta) as training:
        training.log_rows(rows(1))
    copy = tracking.log_run(measured(run, 2.0))
    assert copy.run_id == training.run_id
    # The same training, done again, goes on with it and leaves it what it is.
    with tracking.tracked_training(run.key, run.meta) as again:
        again.log_rows(rows(1, 2, 3))
    assert again.run_id == copy.run_id
    assert fids(client, "trained") == [[2.0]]
    assert tracking.log_run(measured(run, 2.0)).run_id == copy.run_id


def test_other_numbers_by_the_same_settings_are_another_run_but_rounding_is_none(
    client, tmp_path
) -> None:
    run = a_run(tmp_path / "run", "recoded")
    for fid in (30.0, 30.000001, 31.5):  # on another CPU; by a changed formula
        tracking.log_run(measured(run, fid))
    assert fids(client, "recoded") == [[30.0], [31.5]]


def test_files_go_once_and_again_where_they_changed(client, tmp_path, monkeypatch) -> None:
    sent = []
    log = MlflowClient.log_artifact

    def counting(self, run_id, path, folder=None) -> None:
        sent.append(Path(path).name)
        log(self, run_id, path, folder)

    monkeypatch.setattr(MlflowClient, "log_artifact", counting)
    run = a_run(tmp_path / "run", "files")
    for _ in range(2):
        tracking.log_run(run)
    assert sorted(sent) == ["generator.safetensors", "grid.png", "history.csv", "model.json"]
    (run.folder / "grid.png").write_bytes(b"changed")  # as long as it was
    tracking.log_run(run)
    assert len(sent) == 8


def test_a_run_that_is_complete_keeps_its_end(client, tmp_path) -> None:
    run = a_run(tmp_path / "run", "over")
    tracking.log_run(run)
    (before,) = runs(client, "over", "study.training")
    tracking.log_run(run)
    (after,) = runs(client, "over", "study.training")
    assert after.info.end_time == before.info.end_time


def test_a_run_that_was_deleted_in_mlflow_is_made_anew(client, tmp_path) -> None:
    run = measured(a_run(tmp_path / "run", "deleted"), 3.0)
    client.delete_run(tracking.log_run(run).run_id)
    assert tracking.log_run(run).missed == ""
    assert fids(client, "deleted") == [[3.0]]


def test_real_images_and_anybodys_samples_have_a_run_for_each_measurement(client) -> None:
    by = {"judge_sha256": "a" * 64, "reference_sha256": "b" * 64}
    for seed, fid in ((0, 1.0), (1, 1.1), (1, 1.1)):
        values = {"settings": SETTINGS.format(seed), "fid": fid, **by}
        tracking.log_real(values)
        tracking.log_samples("theirs.npz", "c" * 64, values)
    tracking.log_samples("others.npz", "d" * 64, values)
    found = [run.data.metrics["final/fid"] for run in runs(client, "samples", "kind")]
    assert sorted(found) == [1.0, 1.1, 1.1]
    shared = client.get_experiment_by_name("ganstudy-shared").experiment_id
    apart = client.search_runs([shared], "tags.kind = 'real'")
    assert sorted(run.data.metrics["final/fid"] for run in apart) == [1.0, 1.1]


def test_mlflows_own_columns_are_filled(client, monkeypatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ada")
    monkeypatch.setattr("sys.argv", ["/somewhere/ganstudy", "train", "--run", "gan-wgan-0"])
    monkeypatch.setenv("MLFLOW_RUN_ID", "0" * 32)  # of somebody else's run: none of ours
    with tracking.tracked("columns", "columns", "run", {}):
        pass
    (run,) = runs(client, "columns")
    assert run.info.user_id == "ada"
    assert run.data.tags["mlflow.user"] == "ada"
    assert run.data.tags["mlflow.source.name"] == "ganstudy train --run gan-wgan-0"
    assert run.data.tags["mlflow.source.git.commit"] == run.data.tags["git.commit"]


def test_the_experiments_name_is_mlflows_setting(client, monkeypatch) -> None:
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "my pictures")
    with tracking.tracked("named", "named", "run", {}):
        pass
    own = client.get_experiment_by_name("my pictures").experiment_id
    assert [run.info.run_name for run in client.search_runs([own])] == ["named"]


def test_reports_data_and_judges_do_not_stand_among_what_is_compared(client) -> None:
    for kind in ("report", "data", "judge", "real"):
        with tracking.tracked(f"a {kind}", kind, kind, {}):
            pass
        assert runs(client, kind) == []
    shared = client.get_experiment_by_name("ganstudy-shared").experiment_id
    names = {run.info.run_name for run in client.search_runs([shared])}
    assert {"a report", "a data", "a judge", "a real"} <= names


def test_a_deleted_experiment_is_told_with_the_command_that_restores_it(
    client, monkeypatch, tmp_path
) -> None:
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "gone")
    run = a_run(tmp_path / "run", "gone")
    tracking.log_run(run)
    client.delete_experiment(client.get_experiment_by_name("gone").experiment_id)
    missed = tracking.log_run(run).missed
    name, _, command = missed.partition("to restore it: ")
    assert "gone" in name
    variable, program, *arguments = command.split()
    monkeypatch.setenv(*variable.split("=", 1))
    assert program == "mlflow"
    subprocess.run([sys.executable, "-m", "mlflow", *arguments], check=True)
    assert tracking.log_run(run).missed == ""


def test_many_rows_go_in_batches_that_mlflow_takes(client: MlflowClient) -> None:
    wide = [
        {"round": n} | {f"p/{i}": float(i) for i in range(30)} | {"images": n} for n in range(40)
    ]
    with tracking.tracked("wide", "wide", "run", {}) as run:
        run.log_rows(wide)
    (found,) = runs(client, "wide")
    assert len(curve(client, found, "p/29")) == 40


def test_the_link_names_the_runs_side_by_side_and_is_kept(client: MlflowClient) -> None:
    copies = []
    for key in ("left", "right"):
        with tracking.tracked(key, key, "run", {}) as copy:
            pass
        copies.append(copy)
    link = tracking.kept_link(copies)
    assert link.startswith("/#/compare-runs?runs=")
    places = [link.index(runs(client, key)[0].info.run_id) for key in ("left", "right")]
    assert places == sorted(places)
    assert f"&experiments=%5B%22{experiment_id(client)}%22%5D" in link
    assert link.endswith("&workflowType=machine_learning")  # not the mode of language models
    assert tracking.link_path().read_text() == link + "\n"
    every = tracking.models_link(link)
    assert every.startswith(f"/#/experiments/{experiment_id(client)}/runs?workflowType=machine")
    assert every.endswith("searchFilter=tags.kind%20%3D%20%27model%27")
    assert tracking.models_link("/#/compare-runs?runs=1") == ""


def test_each_store_has_a_link_of_its_own_and_an_outage_leaves_it(
    client: MlflowClient, monkeypatch
) -> None:
    with tracking.tracked("linked", "linked", "run", {}) as copy:
        pass
    link = tracking.kept_link([copy])
    here = tracking.link_path()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", DEAD.replace("//", f"//user:{SECRET}@"))
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with tracking.tracked("linked", "linked", "run", {}) as missed:
        pass
    assert missed.missed
    assert tracking.kept_link([missed]) == ""
    assert not tracking.link_path().exists()
    assert SECRET not in str(tracking.link_path())
    assert here.read_text() == link + "\n"


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
    experiment = experiment_id(client)
    grouped = client.search_runs([experiment], "tags.study = 'studies/losses/fashion'")
    assert [run.info.run_name for run in grouped] == ["of a study"]
    names = {r.info.run_name for r in client.search_runs([experiment], "tags.study = 'main'")}
    assert "of the root" in names
    assert "of a study" not in names


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
    assert [step for step, _ in curve(client, found, "images")] == [4, 8, 12, 16]


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

    monkeypatch.setattr(opened, "SLOW", -1.0)  # every failure is a slow one
    monkeypatch.setattr(MlflowClient, "get_experiment_by_name", hang)
    for name in ("one", "two"):
        with tracking.tracked(name, name, "run", {}) as run:
            run.log_rows(rows(1))
            run.log_metrics({"fid": 1.0})
    assert len(calls) == 1
    assert capsys.readouterr().err.count("MLflow at") == 1
    opened.OUTAGES[tracking.tracking_uri()] = 0.0  # the while is over
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
    experiment = experiment_id(client)
    client.create_run(experiment, tags={KEY_TAG: "twin"})
    with tracking.tracked("twin", "twin", "run", {}):
        pass
    assert len(runs(client, "twin")) == 2  # another machine may be about to use it
    monkeypatch.setattr(run_module, "LATE", -1)
    with tracking.tracked("twin", "twin", "run", {}) as run:
        run.log_rows(rows(1, 2))
    (left,) = runs(client, "twin")
    assert curve(client, left, "images") == [(4, 4.0), (8, 8.0)]


# What MLflow's pages show


def test_a_dozen_numbers_are_final_and_the_rest_is_in_groups(client, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data/prepared").mkdir(parents=True)
    (tmp_path / "data/prepared/data.json").write_text('{"classes": ["T-shirt/top", "Shirt"]}')
    run = a_run(tmp_path / "run", "grouped")
    values = {"class_coverage_00": 0.5, "class_coverage_01": 0.25, "class_tv": 0.1, "recall": 0.9}
    values |= {"seed": 7, "samples": 60, "reference": 50, "fid_floor": 2.0}
    timing = {"seconds": 2.0, "threads": 1, "processes": 1, "watched": 0.5, "alarms": {"weak": 0.1}}
    tracking.log_run(replace(run, metrics=run.metrics | values, timing=timing))
    (copy,) = runs(client, "grouped", "study.training")
    single = {name for name in copy.data.metrics if "/" in name}
    assert single == {
        *("final/fid", "final/recall", "final/seconds", "measured/fid_floor", "measured/class_tv"),
        *("class/T-shirt-top/coverage", "class/Shirt/coverage", "cost/watched", "alarm/weak"),
        *("generator/loss", "discriminator/r1"),
    }
    assert copy.data.metrics["class/Shirt/coverage"] == 0.25
    assert set(copy.data.metrics) - single == {"images"}  # no seed, no threads
    assert (copy.data.tags["samples"], copy.data.tags["threads"]) == ("60", "1")
    assert len(FINAL) - 4 == 12  # beside the four of modes


def test_a_run_takes_as_long_as_its_training_did_whoever_logs_it(client, tmp_path) -> None:
    run = a_run(tmp_path / "run", "lasting")
    with tracking.tracked_training(run.key, run.meta) as training:
        training.log_metrics({"seconds": 40.0})
    for seconds in (40.0, 32.0):  # a training that went on after a kill took longer by the clock
        tracking.log_run(replace(run, timing={"seconds": seconds}))
        (copy,) = runs(client, "lasting", "study.training")
        assert copy.info.end_time - copy.info.start_time == 1000 * seconds
    other = a_run(tmp_path / "other", "from files")
    tracking.log_run(replace(other, timing={"seconds": 100.0}))
    (copy,) = runs(client, "from files", "study.training")
    assert copy.info.end_time - copy.info.start_time == 100_000
    assert copy.info.end_time <= time.time() * 1000 + 1000  # it is over


def test_a_run_says_what_it_is_and_from_which_data(client, tmp_path) -> None:
    run = a_run(tmp_path / "run", "told")
    run.meta["params"]["train"] |= {"images": 12000}
    numbers = {"fid_debiased": 30.25, "fid_low": 28.0, "fid_high": 32.5, "recall": 0.5}
    tracking.log_run(replace(measured(run, 31.0), metrics=measured(run, 31.0).metrics | numbers))
    (copy,) = runs(client, "told", "study.training")
    note = copy.data.tags["mlflow.note.content"]
    assert "**gan-wgan**, seed 0, on digits, 12,000 images shown" in note
    assert "debiased FID 30.2 [28.0, 32.5], recall 0.500" in note
    assert "ganstudy train --run gan-wgan-0" in note
    assert f"run_uuid={copy.info.run_id}" in note
    data = {tag.value: one.dataset.digest for one in copy.inputs.dataset_inputs for tag in one.tags}
    assert data == {"training": "d" * 36, "reference": "e" * 36}


def test_the_same_codes_are_a_picture_at_each_moment_once(client, tmp_path) -> None:
    run = a_run(tmp_path / "run", "pictured")
    run.meta["params"]["train"] |= {"images": 3000, "snapshots": 3}
    moments = np.random.default_rng(0).integers(0, 256, (3, 64, 8, 8, 1)).astype(np.uint8)
    np.savez(run.folder / "snapshots.npz", moments)
    for _ in range(2):
        tracking.log_run(run)
    (copy,) = runs(client, "pictured", "study.training")
    names = [file.path for file in client.list_artifacts(copy.info.run_id, "images")]
    steps = sorted(int(re.search(r"step\D(\d+)", n)[1]) for n in names if n.endswith(".png"))
    assert steps == [1000, 2000, 3000]


def test_points_are_no_pictures(client, tmp_path) -> None:
    run = a_run(tmp_path / "run", "points")
    np.savez(run.folder / "snapshots.npz", np.zeros((3, 20, 2), np.float32))
    assert tracking.log_run(run).missed == ""


def test_a_long_param_is_whole_in_a_file_and_many_are_all_there(client) -> None:
    keys = [f"{n:064}" for n in range(120)]
    with tracking.tracked("long", "long", "run", {"runs": keys, "m": dict.fromkeys(keys, 1)}):
        pass
    (found,) = runs(client, "long")
    path = client.download_artifacts(found.info.run_id, "params/runs.txt")
    assert Path(path).read_text() == str(keys)
    assert "params/runs.txt" in found.data.params["runs"]
    assert len(found.data.params) == 121


def test_the_experiment_opens_as_one_of_trained_models(client) -> None:
    for name in ("ganstudy", "ganstudy-shared"):
        tags = client.get_experiment_by_name(name).tags
        assert tags["mlflow.experimentKind"] == "custom_model_development"
    assert (
        client.get_experiment_by_name("ganstudy").tags["mlflow.experiment.primaryMetric.name"]
        == "final/fid_debiased"
    )


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


@pytest.mark.parametrize("scheme", ["sqlite", "sqlite+pysqlite"])
def test_a_relative_store_is_in_the_projects_root_too(monkeypatch, tmp_path, scheme: str) -> None:
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"{scheme}:///my.db")
    assert tracking.tracking_uri() == f"{scheme}:///{tmp_path / 'my.db'}"


@pytest.mark.parametrize(
    "uri", ["sqlite:////srv/my.db", "http://tracker:5000", "sqlite:///:memory:"]
)
def test_a_store_that_is_named_whole_is_taken_as_it_is(monkeypatch, uri: str) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    assert tracking.tracking_uri() == uri
