"""Where work comes from: the commit, the study, DVC's experiment, the user and the command."""

import getpass
import os
import subprocess
import sys

from ganstudy.study.layout import study_place

# What DVC removes before it makes it anew; everything else of the repository is source.
_RESULTS = tuple(
    f":(top,exclude,glob){place}"
    for place in ("reports/**", "studies/*/*/reports/**", "**/dvc.lock")
)


def source_tags() -> dict[str, str]:
    """Where the work comes from: git commit, whether files were changed, DVC's experiment, and the
    study below studies/."""
    tags = {"git.commit": git("rev-parse", "HEAD") or "none"}
    if place := study_place():
        tags["study"] = place
    if git("status", "--porcelain", "--untracked-files=no", "--", ":(top)", *_RESULTS):
        tags["git.dirty"] = "true"
    if name := os.environ.get("DVC_EXP_NAME"):
        tags["dvc.experiment"] = name
    return tags


def column_tags(commit: str) -> dict[str, str]:
    """What MLflow's own columns show, user, source and version, and the study by which its pages
    group runs: its place below studies/, or `main`, that of the project's root."""
    return {
        "study": study_place() or "main",
        "mlflow.user": _user(),
        "mlflow.source.name": " ".join(["ganstudy", *sys.argv[1:]]),
        "mlflow.source.type": "LOCAL",
        "mlflow.source.git.commit": commit,
    }


def _user() -> str:
    """Who logs in to the server, or else to this machine."""
    try:
        return os.environ.get("MLFLOW_TRACKING_USERNAME") or getpass.getuser()
    except (KeyError, OSError, ImportError):  # a user id without a name, as in containers
        return "unknown"


def git(*arguments: str) -> str:
    """Output of a git command, stripped; empty where git or the repository is missing."""
    try:
        done = subprocess.run(
            ["git", *arguments], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
