"""`init`: a new study in a folder of its own: its files, git, DVC, and one commit."""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ganstudy import template
from ganstudy.errors import InputError, StudyError
from ganstudy.files import write_text

NOBODY = ("-c", "user.name=ganstudy", "-c", "user.email=ganstudy@localhost")


def run(folder: Path, data: str) -> str:
    """Lays the study of the data set `data` in `folder`, which must be new or empty: all of it, or
    nothing. Returns the shell's line that runs it. Raises `InputError` before anything is
    written."""
    texts = template.files(data)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} is not empty: a study wants a folder of its own")
    new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".ganstudy-") as made:
            for name, text in texts.items():
                write_text(Path(made) / name, text)
            _commit(Path(made), f"A study of {data}")
            for path in Path(made).iterdir():
                path.rename(folder / path.name)
    except BaseException:
        if new and not any(folder.iterdir()):
            folder.rmdir()
        raise
    return f"cd {shlex.quote(str(folder))} && {_activation()}dvc repro"


def _activation() -> str:
    """What a shell must do before it finds `dvc` and `ganstudy`: nothing, where it does."""
    scripts = Path(sys.executable).parent
    if all(shutil.which(name) for name in ("dvc", "ganstudy")):
        return ""
    return f"export PATH={shlex.quote(str(scripts))}:$PATH && "


def _commit(folder: Path, message: str) -> None:
    """git and DVC in `folder`, with all its files in one commit; by the user's name where git
    knows it."""
    _run(folder, "git", "init", "--quiet")
    _run(folder, sys.executable, "-m", "dvc", "init", "--quiet")
    _run(folder, "git", "add", "--all")
    known = subprocess.run(
        ["git", "var", "GIT_COMMITTER_IDENT"], cwd=folder, check=False, capture_output=True
    )
    name = () if known.returncode == 0 else NOBODY
    _run(folder, "git", *name, "commit", "--quiet", "--message", message)


def _run(folder: Path, *command: str) -> None:
    # A git that runs a hook names its own repository to its children.
    named = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")
    outside = {name: value for name, value in os.environ.items() if name not in named}
    try:
        done = subprocess.run(
            command, cwd=folder, env=outside, check=False, capture_output=True, text=True
        )
    except FileNotFoundError as error:
        raise InputError("git is missing: a study is kept in git; install it") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["without a word"]
        raise StudyError(f"`{' '.join(command)}` failed: {said[-1]}")
