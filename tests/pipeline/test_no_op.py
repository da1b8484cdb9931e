"""`make study` where nothing changed: said at once, and only where it is true."""

import os
import time

import pytest

from pipeline.workspace import DVC, Project

SAID = "Nothing to do"


def study(project: Project) -> str:
    return project.run("sh", "bin/study", DVC.parent)


@pytest.fixture(scope="module")
def quiet(finished: Project) -> Project:
    """A finished study that `make study` has seen."""
    study(finished)
    return finished


def test_it_is_said_without_dvc(quiet: Project) -> None:
    blind = Project(quiet.folder, {**quiet.environment, "PATH": os.environ["PATH"]})
    said = blind.run("sh", "bin/study", "no/such/folder")  # there is no DVC to ask
    assert SAID in said
    assert "report:  reports/README.md" in said


@pytest.mark.parametrize("path", ["params.yaml", "src/ganstudy/seeding.py", "data/prepared"])
def test_a_touched_file_makes_dvc_look_and_an_unchanged_one_is_no_work(
    quiet: Project, path: str
) -> None:
    time.sleep(0.01)
    (quiet.folder / path).touch()
    blind = quiet.run("sh", "bin/study", "no/such/folder", ok=False)  # there is no DVC to ask
    assert SAID not in blind
    assert SAID in study(quiet)


def test_a_file_that_was_put_back_with_its_old_time_is_seen(quiet: Project) -> None:
    path = quiet.folder / "params.yaml"
    os.utime(path, (0, 0))
    assert SAID not in quiet.run("sh", "bin/study", "no/such/folder", ok=False)
    assert SAID in study(quiet)


def test_a_deleted_result_is_made_again(project: Project) -> None:
    assert SAID in study(project)
    report = project.folder / "reports/README.md"
    report.unlink()
    assert SAID not in study(project)
    assert report.is_file()
    assert SAID in study(project)
