"""MLflow's pages, served for real: the link of a comparison shows the runs side by side."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

import ganstudy
from ganstudy import tracking
from ganstudy.files import write_text

RUNS = {"gan-wgan-0": 12.5, "gan-hinge-0": 9.25, "vae-elbo-0": 31.75}  # FIDs
PATIENCE = 600_000  # milliseconds: the machine may have much else to do


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a store of three tiny runs and the link of their comparison."""
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def logged(folder: Path) -> Path:
    copies = []
    for key, fid in RUNS.items():
        with tracking.tracked(key, key, "model", {"train": {"loss": key.split("-")[1]}}) as run:
            copies.append(run)
            run.log_rows(
                [{"round": n, "images": 64.0 * n, "generator/loss": 1 / n} for n in (1, 2)]
            )
            run.log_metrics({"fid": fid})
    assert tracking.kept_link(copies)
    return folder


def start(folder: Path, *options: str, **environment: str) -> subprocess.Popen[str]:
    """`ganstudy ui` as a user starts it."""
    source = {"PYTHONPATH": str(Path(ganstudy.__file__).parents[1])}
    return subprocess.Popen(
        [sys.executable, "-m", "ganstudy", "ui", *options],
        cwd=folder,
        env=os.environ | source | environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def link(logged: Path) -> Iterator[str]:
    """The address that `ganstudy ui` prints once it serves."""
    process = start(logged, "--port", str(free_port()))
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        if line.startswith("compare the study's runs: "):
            break
    else:
        pytest.fail("".join(lines))
    yield line.split(": ", 1)[1].strip()
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0


def test_the_link_shows_the_runs_side_by_side(link: str, browser: Browser) -> None:
    address = link.split("/#/", maxsplit=1)[0]
    page = browser.new_page(viewport={"width": 1600, "height": 1200})
    page.route(lambda url: not url.startswith(address), lambda route: route.abort())
    page.goto(link, timeout=PATIENCE)
    for key, fid in RUNS.items():
        expect(page.get_by_text(key, exact=True).first).to_be_visible(timeout=PATIENCE)
        expect(page.get_by_text(str(fid)).first).to_be_attached(timeout=PATIENCE)
    assert page.get_by_text("train.loss").count() > 0
    page.close()


def test_a_taken_port_is_one_line(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start(folder, "--port", str(port))
        _, text = process.communicate(timeout=600)
    assert process.returncode == 2
    assert text.count("\n") == 1
    assert f"port {port} is taken" in text
    assert f"--port {port + 1}" in text


def test_of_a_server_only_the_link_is_told(folder: Path, monkeypatch) -> None:
    named = {"MLFLOW_TRACKING_URI": "http://user:pa55word@127.0.0.1:9/"}
    monkeypatch.setenv(*next(iter(named.items())))
    write_text(tracking.link_path(), "/#/compare-runs?runs=1\n")
    process = start(folder, **named)
    _, text = process.communicate(timeout=600)
    assert process.returncode == 0
    assert text == "compare the study's runs: http://127.0.0.1:9/#/compare-runs?runs=1\n"
