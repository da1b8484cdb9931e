"""bin/setup with a lock of one small package: killed, raced, without network, with a full disk."""

import hashlib
import os
import resource
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

SETUP = Path(__file__).parents[1] / "bin/setup"
FILES = 1000  # of the package: enough to be killed among them
LARGE = 12 * 2**20  # bytes of its largest file; more than any that a virtual environment itself has


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a wheel whose metadata comes first: half of it looks installed to pip."""
    folder = tmp_path_factory.mktemp("index")
    about = "Metadata-Version: 2.1\nName: big\nVersion: 1\n"
    wheel = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files = {"big-1.dist-info/METADATA": about, "big-1.dist-info/WHEEL": wheel}
    files |= {f"big/m{number}.py": f"N = {number}\n" for number in range(FILES)}
    files |= {"big/large.txt": "0" * LARGE}
    record = "".join(f"{name},,\n" for name in [*files, "big-1.dist-info/RECORD"])
    with zipfile.ZipFile(folder / "big-1-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (files | {"big-1.dist-info/RECORD": record}).items():
            archive.writestr(name, text)
    return folder


class Setup:
    """bin/setup in a folder of its own."""

    def __init__(self, folder: Path, index: Path) -> None:
        self.venv = folder / "venv"
        self.lock = folder / "big.lock"
        digest = hashlib.sha256((index / "big-1-py3-none-any.whl").read_bytes()).hexdigest()
        self.lock.write_text(f"big==1 --hash=sha256:{digest}\n")
        outside = {k: v for k, v in os.environ.items() if not k.startswith("PIP_")}
        self.environment = outside | {
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(index),
            "PIP_NO_COMPILE": "1",
        }

    def start(self, before: Callable[[], None] | None = None) -> subprocess.Popen[str]:
        """Starts it in a process group of its own, its output to be read."""
        return subprocess.Popen(
            ["sh", str(SETUP), sys.executable, str(self.venv), str(self.lock)],
            cwd=self.lock.parent,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=before,  # noqa: PLW1509 - this process has no threads then
        )

    def run(self, before: Callable[[], None] | None = None) -> tuple[int, str, str]:
        """Its code, standard output and standard error."""
        process = self.start(before)
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err

    def packages(self) -> Path:
        return next(self.venv.glob("lib/python*/site-packages"))

    def assert_whole(self) -> None:
        """All of the package is there, and nothing says that a set-up is under way."""
        assert len(list(self.packages().glob("big/m*.py"))) == FILES
        assert (self.packages() / "big/large.txt").stat().st_size == LARGE
        checked = subprocess.run(
            [self.venv / "bin/python", "-m", "pip", "--version"], check=False, capture_output=True
        )
        assert checked.returncode == 0
        assert (self.venv / ".locked").exists()
        assert not (self.venv / ".unfinished").exists()


@pytest.fixture
def setup(tmp_path: Path, index: Path) -> Setup:
    return Setup(tmp_path, index)


def kill_when(process: subprocess.Popen[str], there: Callable[[], object]) -> None:
    """Kills the process and all that it started as soon as `there()` holds."""
    deadline = time.monotonic() + 60
    while not there():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.001)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def test_one_that_is_killed_at_any_point_is_finished_by_the_next(setup: Setup) -> None:
    kill_when(setup.start(), (setup.venv / "bin").exists)
    assert not list(setup.venv.glob("lib/python*/site-packages/pip/py.typed"))
    kill_when(setup.start(), lambda: list(setup.venv.glob("lib/python*/site-packages/big/m5.py")))
    assert len(list(setup.packages().glob("big/m*.py"))) < FILES
    code, out, err = setup.run()
    assert (code, err) == (0, "")
    assert "was cut off: making it anew" in out
    setup.assert_whole()


def test_two_at_once_take_turns(setup: Setup) -> None:
    both = [setup.start(), setup.start()]
    said = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sum("waiting for another set-up" in out for out, _ in said) == 1
    assert sum("unpacking them" in out for out, _ in said) == 1
    setup.assert_whole()


def test_without_a_network_it_says_so_and_spoils_nothing(setup: Setup) -> None:
    assert setup.run()[0] == 0
    own = setup.packages() / "own.py"
    own.touch()
    setup.lock.write_text("other==1 --hash=sha256:" + "0" * 64 + "\n")
    found = setup.environment
    setup.environment = {k: v for k, v in found.items() if k != "PIP_NO_INDEX"}
    setup.environment |= {"PIP_INDEX_URL": "http://127.0.0.1:1/", "PIP_RETRIES": "1"}
    for _ in range(2):
        code, _, err = setup.run()
        assert code == 1
        assert err.startswith("error: the package index cannot be reached")
        assert err.count("\n") == 1
    setup.assert_whole()
    assert own.exists()


def test_a_full_disk_is_one_line_and_the_next_finishes(setup: Setup) -> None:
    def full() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (LARGE // 2, LARGE // 2))

    code, _, err = setup.run(full)
    assert code == 1
    assert err.startswith("error: the disk is full")
    assert err.count("\n") == 1
    assert setup.run()[0] == 0
    setup.assert_whole()


def test_a_python_that_is_too_old_is_refused_with_a_remedy(tmp_path: Path) -> None:
    done = subprocess.run(
        ["sh", str(SETUP), "false", str(tmp_path / "venv")],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "PYTHON=python3.12" in done.stderr
    assert not (tmp_path / "venv").exists()
