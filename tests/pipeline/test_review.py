"""`make review`: the small study of a base and of the tree, run for real, and what differs."""

import pytest

from pipeline.workspace import DVC, Project

SMALL = "studies/smoke/params.yaml"


@pytest.fixture
def tree(project: Project) -> Project:
    """A repository whose small study is the finished one; what a change does not touch comes from
    the run-cache."""
    project.dvc("config", "cache.dir", str(project.folder / ".dvc/cache"))
    (project.folder / SMALL).parent.mkdir(parents=True)
    project.write(SMALL, project.read("params.yaml"))
    project.git("add", "-A")
    project.git("commit", "-qm", "A small study")
    return project


def review(tree: Project, base: str) -> str:
    """The comment of a review against `base`."""
    tree.run("sh", "bin/review", DVC.parent, base)
    comment = tree.read("build/review/comment.md")
    assert len(comment) < 65_536
    assert "| **gan-non_saturating-0** |" in comment  # this tree's report is there in any case
    assert (tree.folder / "build/review/reports/head/index.html").is_file()
    return comment


def rows(comment: str, heading: str) -> list[list[str]]:
    """Cells of the first table below the heading that starts so, but for the table's head."""
    lines = iter(comment.split(f"\n### {heading}", 1)[1].split("\n#", 1)[0].splitlines())
    table = [line for line in lines if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]


def test_one_param_is_told_with_the_metrics_that_it_changes(tree: Project) -> None:
    tree.replace(SMALL, "count: 200\n  seed: 0", "count: 200\n  seed: 1")
    tree.git("commit", "-qam", "Another draw")
    comment = review(tree, "HEAD^")
    assert rows(comment, "params against") == [["params.yaml", "sample.seed", "0", "1"]]
    metrics = rows(comment, "metrics against")
    # Other samples have another distance; the real images are those that they were.
    assert {row[0] for row in metrics} == {
        "reports/metrics/gan-non_saturating-0.json",
        "reports/metrics/vae-elbo-0.json",
        "reports/summary.json",
    }
    assert [row[1] for row in metrics if row[1] == "fid"] == ["fid"] * 2
    assert all(old != new for _, _, old, new, _ in metrics)
    assert "No change." in comment.split("## The committed studies")[1]
    assert (tree.folder / "build/review/reports/base/index.html").is_file()
    assert tree.git("worktree", "list").count("\n") == 1  # nothing is left behind


def test_a_base_that_fails_leaves_the_report_and_its_reason(tree: Project) -> None:
    good = tree.read(SMALL)
    tree.write(SMALL, good.replace("images: 6400", "images: -1"))
    tree.git("commit", "-qam", "A mistake")
    tree.write(SMALL, good)
    comment = review(tree, "HEAD")
    assert "Nothing to compare with.** The small study of `HEAD` failed." in comment
    assert "train.images: input should be greater than or equal to 1; it is -1" in comment
    assert "with changes that are not committed" in comment


@pytest.mark.parametrize(
    ("base", "reason"),
    [
        ("no-such-branch", "`no-such-branch` is no commit of this clone"),
        ("HEAD", "`HEAD` is the very commit of this tree"),
        ("HEAD^", "`HEAD^` has no small study: it lacks `studies/smoke/params.yaml`"),
    ],
)
def test_a_base_that_is_none_is_said(tree: Project, base: str, reason: str) -> None:
    assert f"**Nothing to compare with.** {reason}" in review(tree, base)


def test_a_study_that_fails_ends_the_review_with_its_log(tree: Project) -> None:
    tree.replace(SMALL, "images: 6400", "images: -1")
    output = tree.run("sh", "bin/review", DVC.parent, "HEAD", ok=False)
    assert "the small study of this tree failed: build/review/head.log" in output
    assert "train.images: input should be" in tree.read("build/review/comment.md")
