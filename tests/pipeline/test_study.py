"""The study end to end: what a user does, and what must come of it."""

import csv
import json
import shutil
import sqlite3
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganstudy.files import sha256_file
from pipeline.workspace import DVC, Project, make_project

RUNS = ("gan-non_saturating-0", "vae-elbo-0")
KEYS = set(
    """
    fid fid_debiased fid_low fid_high fid_relative fid_relative_low fid_relative_high fid_floor
    fid_floor_std fid_train kid inception_score inception_score_real
    entropy_conditional entropy_marginal precision recall density coverage classes_captured class_tv
    mem1 ct_z sharpness_ratio samples reference judge judge_sha256 judge_accuracy seed
    """.split()  # noqa: SIM905 - thirty names read better as a paragraph
)
TRAINING = ("train", "baseline")  # all stages that train a model
ENDED = ("Success", "Failed")  # how the queue calls a job that is over


def trained(output: str) -> list[str]:
    """The runs whose training a DVC output shows."""
    return [
        line.split("--run ")[1].strip()
        for line in output.splitlines()
        if line.startswith("> ") and " train --run " in line
    ]


def tracked(project: Project) -> dict[str, dict[str, str]]:
    """Tags of MLflow's runs of the grid by run name."""
    with sqlite3.connect(project.folder / "mlflow.db") as store:
        rows = store.execute(
            "select r.name, t.key, t.value from runs r join tags t on t.run_uuid = r.run_uuid"
        ).fetchall()
    tags: dict[str, dict[str, str]] = {}
    for name, key, value in rows:
        tags.setdefault(name, {})[key] = value
    return tags


@pytest.mark.parametrize("key", RUNS)
def test_each_run_leaves_the_files_that_others_rely_on(finished: Project, key: str) -> None:
    folder = finished.folder / "data/runs" / key
    names = {path.name for path in folder.iterdir()}
    assert {
        "model.json",
        "generator.safetensors",
        "history.csv",
        "grid.png",
        "samples.npz",
    } <= names
    with np.load(folder / "samples.npz", allow_pickle=False) as samples:
        assert samples["arr_0"].dtype == np.uint8
        assert samples["arr_0"].shape == (200, 8, 8, 1)
    metrics = json.loads(finished.read(f"reports/metrics/{key}.json"))
    assert set(metrics) >= KEYS
    assert all(not isinstance(value, dict | list) for value in metrics.values())


def test_report_sets_all_runs_beside_real_images_under_one_judge(finished: Project) -> None:
    report = finished.read("reports/README.md")
    for row in ("real images", *RUNS):
        assert f"| **{row}** |" in report
    for line in report.splitlines():
        if line.startswith("!["):
            picture = line.split("(")[1].rstrip(")")
            with Image.open(finished.folder / "reports" / picture) as image:
                assert min(image.size) > 100
    assert finished.git("rev-parse", "HEAD~1")[:12] in report


def test_tracker_holds_params_curves_figures_and_origin_of_each_run(finished: Project) -> None:
    with sqlite3.connect(finished.folder / "mlflow.db") as store:
        curves = store.execute(
            "select r.name, count(distinct m.step) from runs r join metrics m using (run_uuid) "
            "where m.key = 'images' group by r.name"
        ).fetchall()
        params = store.execute(
            "select r.name, p.value from runs r join params p using (run_uuid) "
            "where p.key = 'train.images'"
        ).fetchall()
    history = finished.read(f"data/runs/{RUNS[0]}/history.csv").splitlines()
    assert (RUNS[0], len(history) - 1) in curves
    assert {(key, "6400") for key in RUNS} <= set(params)
    assert tracked(finished)[RUNS[0]]["git.commit"] == finished.git("rev-parse", "HEAD~1").strip()
    assert list((finished.folder / "mlartifacts").rglob("grid.png"))


def test_second_repro_does_nothing(finished: Project) -> None:
    output = finished.dvc("repro")
    assert "Running stage" not in output
    assert "up to date" in output


def test_committed_results_need_no_work_in_a_fresh_clone(finished: Project, tmp_path: Path) -> None:
    finished.run("git", "clone", "-q", finished.folder, tmp_path / "clone")
    clone = Project(tmp_path / "clone", finished.environment)
    assert "Running stage" not in clone.dvc("repro", "--allow-missing", "--dry")
    clone.run("sh", "bin/gate", DVC.parent)


def test_gate_names_the_stages_that_a_change_made_stale(project: Project) -> None:
    project.replace("params.yaml", "weight: 0.3", "weight: 0.4")
    assert "Running stage 'numerics'" in project.run("sh", "bin/gate", DVC.parent, ok=False)
    project.dvc("repro", "numerics")
    said = project.run("sh", "bin/gate", DVC.parent, ok=False)
    assert "Running stage 'train@non_saturating-0'" in said
    assert "vae" not in said


def cloned(project: Project, folder: Path) -> Project:
    """A clone without data, one commit ahead."""
    project.run("git", "clone", "-q", project.folder, folder)
    clone = Project(folder, project.environment)
    clone.git("commit", "-q", "--allow-empty", "-m", "Another commit")
    return clone


def test_a_clone_draws_its_report_anew_without_data(finished: Project, tmp_path: Path) -> None:
    clone = cloned(finished, tmp_path / "clone")
    shutil.rmtree(clone.folder / "reports/figures")
    for name in ("README.md", "index.html", "summary.json", "curves.csv", "losses.csv"):
        (clone.folder / "reports" / name).unlink()
    (clone.folder / "reports/README.md").touch()
    clone.run("sh", "bin/reports")
    assert clone.git("status", "--porcelain") == ""
    assert not list(clone.folder.glob("data/*/*"))


def test_gate_names_what_is_missing_altered_or_drawn_otherwise(
    finished: Project, tmp_path: Path
) -> None:
    clone = cloned(finished, tmp_path / "clone")

    def gate() -> str:
        return clone.run("sh", "bin/gate", DVC.parent, ok=False)

    evidence = clone.folder / "reports/evidence"
    (evidence / RUNS[0] / "walks.npz").unlink()
    assert f"reports/evidence/{RUNS[0]}/walks.npz is missing" in gate()
    clone.git("checkout", "-q", ".")
    shutil.rmtree(evidence / "real")
    assert "reports/evidence/real/real.json is missing" in gate()
    clone.git("checkout", "-q", ".")
    clone.replace(f"reports/evidence/{RUNS[0]}/run.json", '"failure": null', '"failure": "bad"')
    clone.git("commit", "-qam", "Evidence by hand")
    said = gate()
    assert f"'evaluate@{RUNS[0]}'" in said
    assert f"reports/evidence/{RUNS[0]}/run.json is not the file that dvc.lock tells of" in said
    clone.git("checkout", "-q", "HEAD~1")
    clone.replace("reports/README.md", "real images", "true images")
    picture = clone.folder / "reports/figures/curves.png"
    with Image.open(picture) as image:
        image.point(lambda value: max(0, value - 9)).save(picture)
    said = gate()
    assert "reports/README.md is not what its evidence draws" in said
    assert "reports/figures/curves.png is not what its evidence draws" in said
    assert "reports/index.html" not in said


def stale(project: Project) -> set[str]:
    """Stages that DVC would run, once fingerprints are made anew."""
    project.dvc("repro", "numerics")
    found = json.loads(project.dvc("status", "--json"))
    return {stage.split(":")[-1] for stage in found}


def test_a_changed_page_draws_and_a_changed_piece_of_evidence_measures(project: Project) -> None:
    page = "src/ganstudy/reports/page.py"
    project.write(page, project.read(page).replace("_draw_classes", "_draw_every_class"))
    collect = "src/ganstudy/evidence/collect.py"
    project.write(collect, project.read(collect).replace("nearest", "close_by"))
    project.write(collect, project.read(collect).replace("protocol.close_by", "protocol.nearest"))
    assert stale(project) == {"compare"}
    project.replace("src/ganstudy/evidence/limits.py", "LOOKED_AT = 500", "LOOKED_AT = 400")
    measured = {f"evaluate@{RUNS[0]}", f"evaluate_baseline@{RUNS[1]}", "evaluate_real"}
    assert stale(project) == {"compare"} | measured


def test_refactoring_retrains_nothing(project: Project) -> None:
    source = "src/ganstudy/objectives/adversarial.py"
    project.replace(
        source,
        "return softplus(-fake).mean()",
        "logits = -fake  # renamed\n    return softplus(logits).mean()",
    )
    output = project.dvc("repro", *TRAINING)
    assert "Running stage 'numerics'" in output
    assert trained(output) == []


def test_changed_formula_retrains_exactly_the_models_that_it_changes(project: Project) -> None:
    source = "src/ganstudy/objectives/adversarial.py"
    project.replace(source, "return softplus(-fake).mean()", "return 2 * softplus(-fake).mean()")
    assert trained(project.dvc("repro", *TRAINING)) == ["gan-non_saturating-0"]


def test_experiment_trains_only_what_changed_and_stands_beside_the_rest(project: Project) -> None:
    output = project.dvc("exp", "run", "-n", "clipped", "-S", "train.loss=wgan")
    assert trained(output) == ["gan-wgan-0"]
    report = project.read("reports/README.md")
    for row in ("real images", "gan-wgan-0", *RUNS):
        assert f"| **{row}** |" in report
    assert "clipped" in project.dvc("exp", "show", "--md")
    tags = tracked(project)
    assert tags["gan-wgan-0"]["dvc.experiment"] == "clipped"
    assert set(RUNS) <= set(tags)
    _assert_dvc_shows(project, "clipped")
    # Only that loss's recipe is its dependency.
    clipped = ("exp", "run", "-S", "losses.wgan.clip=0.02", *TRAINING)
    assert trained(project.dvc(*clipped)) == ["gan-wgan-0"]


def _assert_dvc_shows(project: Project, experiment: str) -> None:
    """DVC's own table, as README asks for it, and its plots: what is compared has one name."""
    table = project.dvc("exp", "show", "--only-changed", "--drop", "reports/metrics", "--csv")
    header, *rows = csv.reader(table.splitlines())
    assert {"train.loss", "reports/summary.json:fid_debiased"} <= set(header)
    assert len(header) < 25  # of some four hundred
    (row,) = [row for row in rows if experiment in row]
    assert row[header.index("train.loss")] == "wgan"
    summary = json.loads(project.read("reports/summary.json"))
    metrics = json.loads(project.read("reports/metrics/gan-wgan-0.json"))
    assert summary["fid_debiased"] == metrics["fid_debiased"]
    plots = json.loads(project.dvc("plots", "diff", experiment, "HEAD", "--json"))
    assert set(plots["data"]) == {"reports/curves.csv", "coverage while training", "losses"}
    for (plot,) in plots["data"].values():
        assert set(plot["revisions"]) == {experiment, "HEAD"}
    assert "errors" not in plots


def test_temporary_and_queued_experiments_land_in_the_one_store(project: Project) -> None:
    temporary = ("--temp", "-n", "temporary", "-S", "train.loss=wgan")
    project.dvc("exp", "run", *temporary, "train@wgan-0")
    queued = ("--queue", "-n", "queued", "-S", "train.loss=wgan_gp")
    project.dvc("exp", "run", *queued, "train@wgan_gp-0")
    project.dvc("queue", "start", "-j", "1")
    deadline = time.monotonic() + 240
    while not any(word in (state := project.dvc("queue", "status")) for word in ENDED):
        assert time.monotonic() < deadline, state
        time.sleep(3)
    assert "Success" in state, state
    tags = tracked(project)
    assert tags["gan-wgan-0"]["dvc.experiment"] == "temporary"
    assert tags["gan-wgan_gp-0"]["dvc.experiment"] == "queued"
    shown = project.dvc("exp", "show", "--md")
    assert "temporary" in shown
    assert "queued" in shown
    assert not list(project.folder.rglob("tmp/exps/**/mlflow.db"))


def test_bad_value_stops_the_pipeline_before_it_starts(project: Project) -> None:
    before = project.read("dvc.lock")
    output = project.dvc("exp", "run", "-S", "train.images=-1", ok=False)
    assert "train.images: input should be greater than or equal to 1; it is -1" in output
    assert "Traceback" not in output
    assert project.read("dvc.lock") == before


def test_equal_inputs_give_equal_outputs_elsewhere(finished: Project, tmp_path: Path) -> None:
    other = make_project(tmp_path / "elsewhere")
    other.replace("params.yaml", "checkpoint_seconds: 60.0", "checkpoint_seconds: 0.01")
    other.dvc("repro", "evaluate", "evaluate_baseline", "evaluate_real")
    ours, theirs = _hashes(finished), _hashes(other)
    assert ours == theirs


def _hashes(project: Project) -> dict[str, str]:
    """Outputs of all stages but the report; of evidence all files but those that name its commit
    and its seconds."""
    import yaml

    stages = yaml.safe_load(project.read("dvc.lock"))["stages"]
    found = {
        out["path"]: out["md5"]
        for name, stage in stages.items()
        if name != "compare"
        for out in stage["outs"]
        if not out["path"].startswith("reports/evidence/")
    }
    for path in sorted((project.folder / "reports/evidence").rglob("*.*")):
        if path.name != "origin.json":
            found[path.relative_to(project.folder).as_posix()] = sha256_file(path)
    return found


def test_killed_training_resumes_and_ends_like_an_uninterrupted_one(project: Project) -> None:
    folder = project.folder / "data/runs/gan-non_saturating-0"
    wanted = (folder / "generator.safetensors").read_bytes(), (folder / "history.csv").read_bytes()
    project.replace("params.yaml", "checkpoint_seconds: 60.0", "checkpoint_seconds: 0.01")
    shutil.rmtree(folder)
    command = ["sh", "bin/ganstudy", "train", "--run", "gan-non_saturating-0"]
    trainer = subprocess.Popen(command, cwd=project.folder, env=project.environment)
    while trainer.poll() is None and not list(
        project.folder.glob(".checkpoints/train/*/[0-9]*.safetensors")
    ):
        pass
    assert trainer.poll() is None, "the training was over before it could be killed"
    trainer.kill()
    trainer.wait()
    assert not folder.exists()
    output = project.run(*command)
    assert "resuming at round" in output
    got = (folder / "generator.safetensors").read_bytes(), (folder / "history.csv").read_bytes()
    assert got == wanted


def test_anybodys_images_are_measured(finished: Project, tmp_path: Path) -> None:
    with np.load(finished.folder / f"data/runs/{RUNS[0]}/samples.npz") as samples:
        images = samples["arr_0"]
    for index, image in enumerate(images):
        Image.fromarray(image[:, :, 0]).save(tmp_path / f"{index:04d}.png")
    out = tmp_path.with_suffix(".json")
    output = finished.ganstudy("evaluate", "--samples", str(tmp_path), "--out", str(out))
    assert json.loads(out.read_text())["samples"] == 200
    assert "Fréchet distance to the test images" in output  # a table that says what it shows
    assert "coverage  " in output


def test_images_of_another_size_are_refused(finished: Project, tmp_path: Path) -> None:
    for index in range(10):
        Image.new("L", (9, 9)).save(tmp_path / f"{index}.png")
    out = tmp_path / "out.json"
    output = finished.ganstudy("evaluate", "--samples", str(tmp_path), "--out", str(out), ok=False)
    assert "9×9" in output
    assert "8×8" in output
    assert not out.exists()


def test_images_that_a_metric_cannot_compare_cost_no_other(
    finished: Project, tmp_path: Path
) -> None:
    for index in range(10):
        Image.new("L", (8, 8)).save(tmp_path / f"{index}.png")
    flat, out = str(tmp_path), str(tmp_path / "out.json")
    output = finished.ganstudy("evaluate", "--samples", flat, "--reference", flat, "--out", out)
    assert "left out sharpness_ratio: real images must have edges" in output
    assert "sharpness_ratio" not in json.loads(Path(out).read_text())
    assert json.loads(Path(out).read_text())["fid"] == 0
