"""The command line as a user meets it: codes, one line on standard error, no traceback."""

import errno
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import typer
import yaml
from PIL import Image

import ganstudy
from ganstudy import template
from ganstudy.__main__ import main
from ganstudy.cli import app
from ganstudy.data.fielded import spaces_of
from ganstudy.data.sources import fetch
from ganstudy.data.splits import prepare
from ganstudy.errors import DivergedError, InputError
from ganstudy.evaluation.judging import INFO, WEIGHTS, JudgeInfo
from ganstudy.models import families_for
from ganstudy.models.saved import save_weights
from ganstudy.networks.classifier import Classifier
from ganstudy.params import FOLDERS, DatasetName, load
from ganstudy.stages import check
from ganstudy.study import layout
from ganstudy.tracking import flat
from training.tiny import SHAPE, content, params

ROOT = Path(__file__).parents[1]
STAGES = ["fetch", "prepare", "judge", "train", "sample", "evaluate", "compare", "numerics"]
COMMANDS = [*STAGES, "sync", "ui", "check", "init", "explore", "export", "register"]


def python(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A process of its own."""
    environment = os.environ | {"PYTHONPATH": str(Path(ganstudy.__file__).parents[1])}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture
def project(tmp_path: Path, monkeypatch) -> Path:
    """An empty project with valid params, and the working directory in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(content()))
    return tmp_path


@pytest.fixture
def ganstudy_command(project: Path, monkeypatch, capsys):
    """Runs a command in this process: (exit code, standard output, standard error)."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["ganstudy", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return run


def assert_refused(result: tuple[int, str, str], *parts: str, code: int = 2) -> None:
    """A line a mistake on standard error, which hold `parts`."""
    found, out, err = result
    assert found == code, err
    assert out == ""
    assert err.endswith("\n")
    assert all(line.startswith("error: ") for line in err[:-1].split("\n"))
    assert "Traceback" not in err
    for part in parts:
        assert part in err


@pytest.fixture
def prepared(project: Path) -> Path:
    """A project whose digits are fetched and prepared."""
    fetch(params().data, layout.RAW)
    prepare(layout.RAW, params().data, layout.PREPARED)
    return project


@pytest.fixture
def judged(prepared: Path) -> Path:
    """A project that also has a judge, which knows nothing."""
    known = json.loads((layout.PREPARED / "data.json").read_text())
    info = JudgeInfo("key", "labels", 1, [8, 8], 10, 4, 6, 0.1, "digits", known["sha256_train"])
    save_weights(layout.JUDGE / WEIGHTS, Classifier(SHAPE, 10, 4, 6))
    (layout.JUDGE / INFO).write_text(json.dumps(asdict(info)))
    return prepared


# Help


def test_help_names_every_command_and_imports_nothing_heavy(tmp_path: Path) -> None:
    script = (
        "import runpy, sys\n"
        "sys.argv = ['ganstudy', '--help']\n"
        "try:\n"
        "    runpy.run_module('ganstudy', run_name='__main__', alter_sys=True)\n"
        "finally:\n"
        "    heavy = {'torch', 'mlflow', 'numpy', 'pandas', 'matplotlib', 'scipy', 'sklearn'}\n"
        "    heavy |= {'pydantic', 'yaml'}\n"
        "    print('HEAVY', sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = python("-c", script, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "HEAVY []" in done.stderr
    for name in COMMANDS:
        assert name in done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_commands(shell: str, tmp_path: Path, monkeypatch) -> None:
    typed = {
        "COMP_WORDS": "ganstudy eval",
        "COMP_CWORD": "1",
        "_TYPER_COMPLETE_ARGS": "ganstudy eval",
    }
    asked = {"_GANSTUDY_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    for name, value in (typed | asked).items():
        monkeypatch.setenv(name, value)
    assert "evaluate" in python("-m", "ganstudy", folder=tmp_path).stdout


@pytest.mark.parametrize("stage", ["fetch", "prepare"])
def test_data_is_made_without_torch(stage: str, tmp_path: Path) -> None:
    script = f"import sys, ganstudy.stages.{stage}; sys.exit('torch' in sys.modules)"
    assert python("-c", script, folder=tmp_path).returncode == 0


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(ganstudy_command, command: str) -> None:
    code, out, _ = ganstudy_command(command, "--help")
    assert code == 0
    assert "Usage" in out


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["trian"], ["'trian'", "Did you mean", "'train'", "see ganstudy --help"]),
        (["train"], ["Missing option '--run'", "see ganstudy train --help"]),
        (["sample", "--run", "x", "--count", "0"], ["--count", "greater than or equal to 1"]),
        (["check", "-q"], ["No such option", "-q"]),
        (["export", "--run", "x", "--out", "y", "--format", "pickle"], ["safetensors", "onnx"]),
    ],
)
def test_wrong_usage_is_one_line_and_ends_with_two(ganstudy_command, arguments, parts) -> None:
    result = ganstudy_command(*arguments)
    assert_refused(result, *parts)
    assert result[2].count("\n") == 1


def test_commands_are_listed_by_what_they_are_for(tmp_path: Path) -> None:
    groups: dict[str, list[str]] = {}
    for line in python("-m", "ganstudy", "--help", folder=tmp_path).stdout.splitlines():
        if title := re.match(r"╭─ (.+?) ─", line):
            groups[title[1]] = []
        elif name := re.match(r"│ (\w+) ", line):
            groups[list(groups)[-1]].append(name[1])
    assert [name.split()[0] for name in groups] == ["Options", "Use", "Pipeline", "Research"]
    listed = [name for names in groups.values() for name in names]
    assert sorted(listed) == sorted({*COMMANDS, "plan", "trial", "trials", "release", "theory"})
    assert {"sample", "explore", "export", "evaluate", "ui"} <= set(groups["Use"])


def test_the_version_is_the_packages(ganstudy_command) -> None:
    assert ganstudy_command("--version") == (0, f"ganstudy {ganstudy.__version__}\n", "")


@pytest.mark.parametrize("command", app.registered_commands, ids=lambda one: one.name)
def test_the_examples_of_a_command_are_ones_that_it_takes(command) -> None:
    if command.hidden:
        return
    examples = re.findall(r"\$ ganstudy (.+?)\[/bold\]", command.epilog)
    assert examples
    for words in map(shlex.split, examples):
        assert words[0] == command.name
        typer.main.get_command(app).commands[words[0]].make_context("ganstudy", words[1:])


@pytest.mark.parametrize("command", COMMANDS)
def test_an_option_without_a_value_says_what_it_is_then(command: str) -> None:
    found = typer.main.get_command(app).commands[command]
    silent = [
        option.name
        for option in found.params
        if not option.required and not option.is_flag and option.default is None
        if not option.show_default or option.show_default is True
    ]
    assert silent in ([], ["run"], ["run", "samples"]), silent


# Bad params


def test_a_real_process_ends_with_two_and_one_line(project: Path) -> None:
    (project / "params.yaml").write_text(yaml.safe_dump(content(train__bach=4)))
    done = python("-m", "ganstudy", "check", folder=project)
    found = done.returncode, done.stdout, done.stderr
    assert_refused(found, "train.bach is unknown", "did you mean 'batch'?")


def test_each_mistake_has_a_line_of_its_own(ganstudy_command, project: Path) -> None:
    wrong = content(train__bach=4, network__latent="a\nb", sample__count=0)
    (project / "params.yaml").write_text(yaml.safe_dump(wrong))
    result = ganstudy_command("check")
    assert_refused(result, "train.bach", "network.latent", "sample.count")
    lines = result[2].splitlines()
    assert len(lines) == 3
    assert all(line.startswith("error: params.yaml: ") for line in lines)


def test_check_tells_mistakes_of_several_kinds_at_once(ganstudy_command, project: Path) -> None:
    wrong = content(
        data__name="folder", data__folder="nowhere", data__resolution=8,
        evaluate__extractor="inception-v3-compat", evaluate__weights="gone.pth",
    )  # fmt: skip
    (project / "params.yaml").write_text(yaml.safe_dump(wrong))
    result = ganstudy_command("check")
    assert_refused(result, "data.folder: ", "nowhere' does not exist", "evaluate.weights: ")
    assert result[2].count("\n") == 2


@pytest.mark.parametrize("command", ["fetch", "prepare", "judge", "compare", "sync", "numerics"])
def test_every_stage_refuses_bad_params_and_leaves_nothing(ganstudy_command, project, command):
    (project / "params.yaml").write_text("train: [")
    assert_refused(ganstudy_command(command), "params.yaml is not plain YAML")
    assert [path.name for path in project.iterdir()] == ["params.yaml"]


def test_without_params_it_says_where_to_be(ganstudy_command, project: Path) -> None:
    (project / "params.yaml").unlink()
    assert_refused(ganstudy_command("check"), "params.yaml is missing: run from the project's root")


def test_debug_shows_the_traceback(project: Path) -> None:
    (project / "params.yaml").unlink()
    done = python("-m", "ganstudy", "--debug", "check", folder=project)
    assert done.returncode == 1
    assert "Traceback" in done.stderr


# check


def test_check_lists_the_grid_and_writes_what_stages_depend_on(ganstudy_command, project) -> None:
    code, out, _ = ganstudy_command("check", "--out", "data/valid")
    assert code == 0
    assert "gan-non_saturating-0, vae-elbo-0" in out
    assert (project / "data/valid").read_text() == "valid\n"


def test_check_accepts_this_repositorys_params_and_pipeline(ganstudy_command, project) -> None:
    for name in ("params.yaml", "dvc.yaml"):
        (project / name).write_text((ROOT / name).read_text())
    code, out, err = ganstudy_command("check")
    assert (code, err) == (0, "")
    assert "gan-non_saturating-0" in out


BAD_WHOLES = {
    "a loss that no table has": (
        {"losses__hinje": {"generator": {}, "discriminator": {}}},
        ["losses.hinje"],
    ),
    "a penalty that no table has": (
        {"losses__wgan__penalties": {"wgan_g": {"weight": 1.0}}},
        ["losses.wgan.penalties.wgan_g", "did you mean 'wgan_gp'?"],
    ),
    "a resolution out of reach": (
        {"network__name": "dcgan", "data__resolution": 34},
        ["cannot reach 34×34", "data.resolution 32", "mlp"],
    ),
    "images without a judge": ({"judge": None}, ["digits", "the section judge is missing"]),
}


@pytest.mark.parametrize("name", BAD_WHOLES)
def test_check_holds_params_against_the_tables(ganstudy_command, project, name: str) -> None:
    changes, parts = BAD_WHOLES[name]
    (project / "params.yaml").write_text(yaml.safe_dump(content(**changes)))
    assert_refused(ganstudy_command("check", "--out", "data/valid"), *parts)
    assert not (project / "data").exists()


def test_check_names_a_loss_without_a_row(ganstudy_command, project: Path) -> None:
    recipes = content()["losses"]
    recipes["hinje"] = recipes["wgan"]
    (project / "params.yaml").write_text(yaml.safe_dump(content(losses=recipes)))
    assert_refused(ganstudy_command("check"), "losses.hinje: no such loss; did you mean 'hinge'?")


def test_check_says_which_line_of_the_pipeline_a_loss_lacks(ganstudy_command, project) -> None:
    (project / "dvc.yaml").write_text((ROOT / "dvc.yaml").read_text())
    whole = content(study__losses=["non_saturating", "wgan"])
    (project / "params.yaml").write_text(yaml.safe_dump(whole))
    assert_refused(ganstudy_command("check"), "'wgan' at place 1", "${study.losses[1]}", "dvc.yaml")


# What is not there


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["prepare"], ["data/raw", "dvc repro fetch"]),
        (["judge"], ["data/prepared", "dvc repro prepare"]),
        (["train", "--run", "gan-wgan-0"], ["data/prepared", "dvc repro prepare"]),
        (["train", "--run", "gan-wgann-0"], ["'wgann' has no recipe", "did you mean 'wgan'?"]),
        (["train", "--run", "wgan"], ["'wgan'", "<model>-<loss>-<seed>"]),
        (["train", "--run", "gam-wgan-0"], ["no model 'gam'", "did you mean 'gan'?"]),
        (
            ["sample", "--run", "gan-wgan-0"],
            ["no run 'gan-wgan-0'", "trained: none", "ganstudy train --run gan-wgan-0"],
        ),
        (["evaluate", "--run", "gan-wgan-0"], ["no run 'gan-wgan-0'", "trained: none"]),
        (["evaluate", "--run", "real"], ["data/judge", "dvc repro judge"]),
        (["compare"], ["reports/metrics/real.json", "dvc repro evaluate"]),
    ],
)
def test_in_an_empty_project_the_stage_that_is_missing_is_named(
    ganstudy_command, project: Path, arguments: list[str], parts: list[str]
) -> None:
    assert_refused(ganstudy_command(*arguments), *parts)
    assert [path.name for path in project.iterdir()] == ["params.yaml"]


def test_training_without_a_fingerprint_names_its_stage(ganstudy_command, prepared: Path) -> None:
    assert_refused(
        ganstudy_command("train", "--run", "gan-wgan-0"),
        "reports/numerics/gan-wgan.json is missing: run `dvc repro numerics`",
    )


def test_runs_that_are_there_are_told(ganstudy_command, judged: Path) -> None:
    (layout.RUNS / "gan-wgan-1").mkdir(parents=True)
    for command in ("sample", "evaluate"):
        assert_refused(ganstudy_command(command, "--run", "gan-wgan-0"), "trained: gan-wgan-1")
        # its folder is there, but training has not finished
        assert_refused(ganstudy_command(command, "--run", "gan-wgan-1"), "run `dvc repro train`")
    (layout.RUNS / "gan-wgan-1" / "model.json").write_text("{}")
    assert_refused(ganstudy_command("evaluate", "--run", "gan-wgan-1"), "run `dvc repro sample`")


@pytest.mark.parametrize("stage", ["train", "evaluate"])
def test_a_truncated_split_is_bad_input(ganstudy_command, judged: Path, stage: str) -> None:
    path = layout.PREPARED / ("train.npz" if stage == "train" else "test.npz")
    path.write_bytes(path.read_bytes()[:-100])
    layout.NUMERICS.mkdir(parents=True)
    (layout.NUMERICS / "gan-wgan.json").write_text("{}")
    run = "gan-wgan-0" if stage == "train" else "real"
    assert_refused(ganstudy_command(stage, "--run", run), path.name)


# evaluate


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--run", "real", "--samples", "x.npz", "--out", "o.json"],
        ["--run", "real", "--reference", "x.npz"],
        ["--reference", "x.npz", "--out", "o.json"],
    ],
)
def test_evaluate_says_which_options_go_together(ganstudy_command, arguments) -> None:
    assert_refused(
        ganstudy_command("evaluate", *arguments),
        "evaluate wants --run RUN or --samples PATH",
    )


def test_an_extractor_and_its_weights_come_together(ganstudy_command, judged: Path) -> None:
    np.savez(judged / "x.npz", images(40, 8, 8, 1))
    command = ["evaluate", "--samples", "x.npz", "--out", "o.json"]
    refused = ganstudy_command(*command, "--weights", "w.pth")
    assert_refused(refused, "--weights wants --extractor NAME")
    refused = ganstudy_command(*command, "--extractor", "inception")
    assert_refused(refused, "'inception' is not registered", "inception-v3-compat")
    refused = ganstudy_command("evaluate", "--run", "real", "--extractor", "judge")
    assert_refused(refused, "evaluate wants --run RUN or --samples")


def images(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)


@pytest.mark.parametrize(
    ("name", "array", "parts"),
    [
        ("x.npz", None, ["cannot read", "x.npz"]),
        ("x.txt", None, ["x.txt: samples are an .npz with arr_0 uint8"]),
        (
            "x.npz",
            images(40, 8, 8, 1) / 255,
            ["x.npz: arr_0 must be uint8", "float64"],
        ),
        ("x.npz", images(40, 28, 28, 1), ["28×28", "the judge was trained on digits at 8×8"]),
        ("x.npz", images(2, 8, 8, 1), ["2 samples", "at least 4 of each"]),
    ],
)
def test_samples_that_cannot_be_measured_say_why(
    ganstudy_command, judged: Path, name: str, array: np.ndarray | None, parts: list[str]
) -> None:
    if array is not None:
        np.savez(judged / name, array)
    result = ganstudy_command("evaluate", "--samples", name, "--out", "o.json")
    assert_refused(result, *parts)
    assert not (judged / "o.json").exists()


def test_colour_samples_under_a_grey_judge_are_measured(ganstudy_command, judged: Path) -> None:
    np.savez(judged / "x.npz", images(40, 8, 8, 3), np.arange(40))
    code, out, err = ganstudy_command("evaluate", "--samples", "x.npz", "--out", "o.json")
    assert code == 0, err
    assert "brought from 3 channels to grey" in err
    assert "labels of the samples are left out: 0 … 39 are no classes of the data, 0 … 9" in err
    assert json.loads((judged / "o.json").read_text())["samples"] == 40
    assert "FID" in out


def test_without_a_place_to_go_the_table_is_printed_and_nothing_is_written(
    ganstudy_command, judged: Path
) -> None:
    np.savez(judged / "x.npz", images(40, 8, 8, 1))
    before = {*judged.rglob("*")}
    code, out, err = ganstudy_command("evaluate", "--samples", "x.npz")
    assert code == 0, err
    assert re.search(r"^FID +\d", out, re.M)
    written = {path.relative_to(judged) for path in {*judged.rglob("*")} - before}
    assert {path.parts[0] for path in written} <= {".checkpoints"}  # features that are kept


@pytest.mark.parametrize("chosen", [["--samples", "x.npz"], ["--run", "real"]], ids=" ".join)
def test_images_that_no_metric_can_read_are_one_line_of_any_evaluation(
    ganstudy_command, judged: Path, monkeypatch, chosen: list[str]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ValueError("images must be uint8")

    np.savez(judged / "x.npz", images(40, 8, 8, 1))
    monkeypatch.setattr("ganstudy.evaluation.extractor.Extractor.features", refuse)
    result = ganstudy_command("evaluate", *chosen, "--out", "o.json")
    assert_refused(result, "cannot be measured: images must be uint8")
    assert not (judged / "o.json").exists()


def test_an_empty_folder_of_samples_is_bad_input(ganstudy_command, judged: Path) -> None:
    (judged / "pictures").mkdir()
    result = ganstudy_command("evaluate", "--samples", "pictures", "--out", "o.json")
    assert_refused(result, "pictures")


# init


def files_of(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*"))


def test_init_refuses_what_is_not_empty_and_names_it(ganstudy_command, project: Path) -> None:
    assert_refused(ganstudy_command("init", "."), ". is not empty")
    assert_refused(ganstudy_command("init", "params.yaml"), "params.yaml is not empty")
    assert files_of(project) == ["params.yaml"]


def test_init_names_the_data_there_are(ganstudy_command, project: Path) -> None:
    refused = ganstudy_command("init", "new", "--data", "mnst")
    assert_refused(refused, "'mnst'", "did you mean 'mnist'?")
    assert_refused(ganstudy_command("init", "new", "--data", "folder"), "set data.name: folder")
    assert files_of(project) == ["params.yaml"]


@pytest.mark.parametrize("where", ["new", "deep/new", "empty"])
def test_init_that_fails_leaves_nothing(ganstudy_command, project, monkeypatch, where) -> None:
    (project / "empty").mkdir()
    # A hook of the user's that refuses every commit.
    (project / "hooks").mkdir()
    (project / "hooks/pre-commit").write_text("#!/bin/sh\necho no such thing >&2\nexit 1\n")
    (project / "hooks/pre-commit").chmod(0o755)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.hooksPath")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(project / "hooks"))
    assert_refused(ganstudy_command("init", where), "`git commit", "no such thing", code=1)
    assert not (project / "new").exists()
    assert list((project / "empty").iterdir()) == []


@pytest.mark.parametrize("data", sorted({*get_args(DatasetName)} - {"folder", *template.FIELDED}))
def test_a_study_of_any_data_can_be_laid(data: str, project: Path) -> None:
    for name, text in template.files(data).items():
        (project / name).write_text(text)
    assert load().data.name == data
    assert check.run(load(), Path("dvc.yaml"), None) == load().run_keys()
    pipeline = yaml.safe_load((project / "dvc.yaml").read_text())
    ours = yaml.safe_load((ROOT / "dvc.yaml").read_text())
    assert list(pipeline["stages"]) == list(ours["stages"])
    given = dict(flat(yaml.safe_load((project / "params.yaml").read_text())))
    for name in (name for stage in ours["stages"].values() for name in stage.get("params", ())):
        if isinstance(name, str) and "$" not in name:  # DVC wants each to be there
            assert any(f"{key}.".startswith(f"{name}.") for key in given), name
    assert "src/" not in (project / "dvc.yaml").read_text()


@pytest.mark.parametrize("data", sorted(template.FIELDED))
def test_a_study_of_any_named_fields_can_be_laid(data: str, project: Path) -> None:
    for name, text in template.files(data).items():
        (project / name).write_text(text)
    if data in FOLDERS:
        with pytest.raises(InputError, match=r"data\.folder"):
            check.run(load(), Path("dvc.yaml"), None)
        return
    params = load()
    assert params.data.name == data
    asked = check.run(params, Path("dvc.yaml"), None)
    assert asked == params.run_keys()
    # Whatever learns from such data can be asked for, with any loss of the table.
    spaces = spaces_of(params.data)
    fit = {f.partition("-")[0] for f in params.families() if f in families_for(params, spaces)}
    for model in sorted(fit & {*params.models}):
        for loss in params.losses:
            changes = {"train.model": model, "train.loss": loss, "study.losses": [loss]}
            one = load(changes=changes | {"study.baselines": []})
            if (model, loss) == ("gan3d", "wgan"):  # its D's steps may be taken back
                continue
            assert check.run(one, Path("dvc.yaml"), None)[0] == f"{model}-{loss}-0"


@pytest.mark.parametrize("name", ["pictures", "pictures.zip"])
def test_folders_of_workers_are_not_taken_for_classes(
    ganstudy_command, judged: Path, name: str
) -> None:
    drawn = images(20, 8, 8, 1)
    for index, image in enumerate(drawn):  # digits have classes of these names too
        (judged / f"pictures/{index % 4}").mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[..., 0]).save(judged / f"pictures/{index % 4}/{index}.png")
    shutil.make_archive("pictures", "zip", judged / "pictures")
    code, _, err = ganstudy_command("evaluate", "--samples", name, "--out", "o.json")
    assert code == 0, err
    assert "measured without labels" in err
    assert "class_accuracy" not in json.loads((judged / "o.json").read_text())


# Other ends


@pytest.mark.parametrize(
    ("error", "code", "parts"),
    [
        (DivergedError("training diverged by round 3"), 1, ["training diverged by round 3"]),
        (MemoryError(), 1, ["out of memory", "train.batch"]),
        (OSError(28, "No space left on device", "data/x"), 1, ["data/x: No space left on device"]),
        (KeyboardInterrupt(), 130, ["interrupted", "the next run resumes"]),
    ],
)
def test_other_failures_end_with_one_line_too(
    ganstudy_command, monkeypatch, error: BaseException, code: int, parts: list[str]
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("ganstudy.stages.fetch.run", fail)
    assert_refused(ganstudy_command("fetch"), *parts, code=code)


def test_no_write_permission_is_one_line(ganstudy_command, project: Path) -> None:
    (project / "data").write_text("a file where a folder should be")
    result = ganstudy_command("check", "--out", "data/valid")
    assert_refused(result, "cannot write data/valid", code=1)


def test_a_refusal_of_the_system_that_names_no_file_is_a_sentence(
    ganstudy_command, monkeypatch
) -> None:
    def full() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("ganstudy.params.load", full)
    code, _, err = ganstudy_command("sync")
    assert code == 1
    assert err == f"error: {os.strerror(errno.ENOSPC)}\n"


def test_shells_complete_commands_and_the_studys_runs(project: Path, monkeypatch) -> None:
    monkeypatch.setenv("_GANSTUDY_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "ganstudy train --run gan-")
    monkeypatch.setenv("COMP_CWORD", "3")
    found = python("-m", "ganstudy", folder=project).stdout.split()
    assert found == [key for key in load().run_keys() if key.startswith("gan-")]
    (project / "params.yaml").write_text("no: study")
    assert python("-m", "ganstudy", folder=project).stderr == ""
