"""Two at once: one works, the other says who does; no store is corrupted, nothing trained twice."""

import re
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from faults.conftest import count, tries
from faults.test_kills import REFUSED
from pipeline.workspace import DVC, Project

KEY = "gan-non_saturating-0"
ROUNDS = tries(1, 20)


def outcomes(running: list[subprocess.Popen[str]]) -> list[tuple[int, str]]:
    found = []
    for process in running:
        output, _ = process.communicate()
        assert "Traceback" not in output, output
        found.append((process.returncode, output))
    return found


pytestmark = pytest.mark.timeout(3600)


def test_of_trainers_of_one_key_one_trains_and_the_others_name_it(project: Project) -> None:
    folder = project.folder / f"data/runs/{KEY}"
    wanted = (folder / "generator.safetensors").read_bytes()
    for _ in range(ROUNDS):
        shutil.rmtree(folder)
        command = ("sh", "bin/ganstudy", "train", "--run", KEY)
        found = outcomes([project.start(*command) for _ in range(3)])
        assert any(code == 0 for code, _ in found)
        for code, output in found:
            # One that comes when the first is done trains anew; none trains beside another.
            assert code == 0 or "is already training this run" in output
        assert (folder / "generator.safetensors").read_bytes() == wanted
        count("Races", "three trainers of one key: one trained, others refused by name")


def test_of_two_repros_one_works_and_the_other_says_so(project: Project) -> None:
    for turn in range(ROUNDS):
        params = yaml.safe_load(project.read("params.yaml"))
        params["evaluate"]["seed"] = turn + 1
        project.write("params.yaml", yaml.safe_dump(params, sort_keys=False))
        found = outcomes([project.start(DVC, "repro", "check", "evaluate_real") for _ in "ab"])
        assert any(code == 0 for code, _ in found)
        for code, output in found:
            assert code == 0 or re.search(REFUSED, output), output
        count("Races", "two `dvc repro`: one worked, the other was refused or found it done")
    project.dvc("repro", "check", "evaluate_real")


def test_four_processes_that_first_use_the_tracker_leave_one_whole_store(
    project: Project, tmp_path: Path
) -> None:
    for turn in range(ROUNDS):
        store = tmp_path / f"{turn}.db"
        place = {"MLFLOW_TRACKING_URI": f"sqlite:///{store}"}
        fresh = Project(project.folder, project.environment | place)
        found = outcomes([fresh.start("sh", "bin/ganstudy", "sync") for _ in range(4)])
        assert [code for code, _ in found] == [0] * 4, [text for _, text in found]
        assert not [output for _, output in found if "MLflow at" in output]
        with closing(sqlite3.connect(store)) as opened:
            assert opened.execute("pragma integrity_check").fetchall() == [("ok",)]
            keys = opened.execute(
                "select t.value, count(*) from tags t join runs r on r.run_uuid = t.run_uuid "
                "where t.key = 'study.key' and r.lifecycle_stage = 'active' group by t.value"
            ).fetchall()
            steps = opened.execute(
                "select m.run_uuid, m.key, m.step, count(*) c from metrics m join runs r "
                "on r.run_uuid = m.run_uuid where m.key like '%/%' "
                "and r.lifecycle_stage = 'active' group by 1, 2, 3 having c > 1"
            ).fetchall()
        assert len(keys) >= 3
        assert all(times == 1 for _, times in keys)
        assert not steps
        count("Races", "four processes at the first use of a store: whole, each run once")
