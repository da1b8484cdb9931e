"""A real MLflow server that is killed, hangs, or has a full disk, while a run is trained.

Training ends well, the user is told once, and `sync` completes the store: every row of history
once, one run a key.
"""

import contextlib
import resource
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd
import pytest
import yaml

from faults.conftest import count, tries
from pipeline.workspace import Project

pytestmark = pytest.mark.timeout(1800)
KEY = "gan-non_saturating-0"
MLFLOW = Path(sys.executable).with_name("mlflow")
HANGS = 30.0  # seconds that the slow server takes to answer


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """An MLflow server on a sqlite file of its own; `limit` bytes are all that a file may hold."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def store(self) -> Path:
        return self.folder / "server.db"

    def start(self, limit: int | None = None) -> None:
        command = [
            str(MLFLOW), "server", "--host", "127.0.0.1", "--port", str(self.port),
            "--backend-store-uri", f"sqlite:///{self.store}", "--workers", "1",
            "--artifacts-destination", str(self.folder / "artifacts"),
        ]  # fmt: skip

        def full() -> None:
            if limit is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        self.process = subprocess.Popen(
            command,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=full,  # noqa: PLW1509 - this process has no threads then
        )
        for _ in range(600):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5)
                return
            assert self.process.poll() is None, "the server did not start"
            time.sleep(0.1)
        raise AssertionError("the server does not answer")

    def kill(self) -> None:
        if self.process is not None:
            subprocess.run(["pkill", "-KILL", "-s", str(self.process.pid)], check=False)
            self.process.wait()
            self.process = None

    def query(self, text: str, *values: str) -> list[tuple]:
        with contextlib.closing(sqlite3.connect(self.store, timeout=30)) as store:
            return store.execute(text, values).fetchall()

    def rows(self) -> int:
        """Rows of history that the store has of the run."""
        return int(self.query("select count(*) from metrics where key = 'images'")[0][0])


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    folder = tmp_path / "server"
    folder.mkdir()
    made = Server(folder)
    made.start()
    yield made
    made.kill()


@pytest.fixture
def tracked(project: Project, server: Server) -> Project:
    """The finished study, one run untrained, tracked by the server, logging twice a second."""
    params = yaml.safe_load(project.read("params.yaml"))
    params["train"] |= {"images": 64_000}
    params.setdefault("runtime", {})["checkpoint_seconds"] = 0.5
    project.write("params.yaml", yaml.safe_dump(params, sort_keys=False))
    place = {"MLFLOW_TRACKING_URI": f"http://127.0.0.1:{server.port}"}
    return replace(project, environment=project.environment | place)


def train(project: Project) -> subprocess.Popen[str]:
    return project.start("sh", "bin/ganstudy", "train", "--run", KEY)


def ended(training: subprocess.Popen[str]) -> str:
    output, _ = training.communicate(timeout=400)
    assert training.returncode == 0, output
    return output


def until(condition: Callable[[], bool], training: subprocess.Popen[str]) -> None:
    while not condition():
        assert training.poll() is None, "the training was over too soon"
        time.sleep(0.05)


def assert_complete(project: Project, server: Server) -> None:
    """After `sync`: one run of the key, each row of history in it once; twice changes nothing."""
    history = pd.read_csv(project.folder / f"data/runs/{KEY}/history.csv")
    found = []
    for _ in range(2):
        output = project.ganstudy("sync")
        assert "MLflow at" not in output, output
        runs = server.query(
            "select run_uuid from runs where name = ? and lifecycle_stage = 'active'", KEY
        )
        assert len(runs) == 1
        steps = server.query(
            "select key, step, count(*) from metrics where run_uuid = ? group by key, step",
            runs[0][0],
        )
        assert all(times == 1 for name, _, times in steps if "/" in name or name == "images")
        images = [step for name, step, _ in steps if name == "images"]
        assert sorted(images) == history["images"].astype(int).tolist()
        found.append(server.query("select count(*) from metrics")[0])
    assert found[0] == found[1]


def test_a_server_that_is_killed_in_the_middle_loses_nothing(
    tracked: Project, server: Server
) -> None:
    for turn in range(tries(1, 5)):
        if turn:
            server.store.unlink()
            server.start()
        training = train(tracked)
        until(lambda: server.rows() > 0, training)
        server.kill()
        output = ended(training)
        assert output.count("MLflow at") == 1, output
        assert "sync" in output
        server.start()
        assert_complete(tracked, server)
        server.kill()
        count("Tracker outages", "server killed while a run was trained; complete after `sync`")


def test_a_server_that_refuses_from_the_start_stops_nothing(
    tracked: Project, server: Server
) -> None:
    server.kill()
    output = ended(train(tracked))
    assert output.count("MLflow at") == 1, output
    server.start()
    assert_complete(tracked, server)
    count("Tracker outages", "server down from the start; complete after `sync`")


def test_a_store_whose_disk_is_full_stops_nothing(tracked: Project, server: Server) -> None:
    server.kill()
    server.start(limit=server.store.stat().st_size + 8192)
    output = ended(train(tracked))
    assert output.count("MLflow at") == 1, output
    server.kill()
    server.start()
    assert_complete(tracked, server)
    count("Tracker outages", "disk of the store full; complete after `sync`")


def test_a_server_that_hangs_delays_a_stage_by_seconds(tracked: Project, server: Server) -> None:
    with hanging(server.port) as port:
        slow = {"MLFLOW_TRACKING_URI": f"http://127.0.0.1:{port}"}
        behind = replace(tracked, environment=tracked.environment | slow)
        began = time.monotonic()
        output = ended(train(behind))
        assert output.count("MLflow at") == 1, output
        # The first call is given up after three tries of 5 s; then the server is left alone.
        assert time.monotonic() - began < 4 * HANGS
    assert_complete(tracked, server)
    count("Tracker outages", f"every answer {HANGS:.0f} s late; complete after `sync`")


@contextlib.contextmanager
def hanging(port: int) -> Iterator[int]:
    """A proxy on loopback that passes every answer on, HANGS seconds late."""
    listener = socket.create_server(("127.0.0.1", 0))

    def passes(source: socket.socket, sink: socket.socket, delay: float) -> None:
        with contextlib.suppress(OSError):
            while content := source.recv(65536):
                time.sleep(delay)
                sink.sendall(content)
            sink.shutdown(socket.SHUT_WR)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                upstream = socket.create_connection(("127.0.0.1", port))
                for pair in ((client, upstream, 0.0), (upstream, client, HANGS)):
                    threading.Thread(target=passes, args=pair, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield int(listener.getsockname()[1])
    listener.close()
