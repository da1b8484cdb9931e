"""MLflow's pages on this machine, and the page that compares the study's runs."""

import os
import signal
import socket
import subprocess
import sys
import time
import webbrowser
from types import FrameType

from ganstudy.errors import InputError, StudyError
from ganstudy.progress import log
from ganstudy.tracking import link_path, models_link, tracking_uri, without_secret

HOST = "127.0.0.1"
PATIENCE = 600.0  # seconds for the server to answer: it takes 6, on a busy machine many times that


def run(port: int, *, show: bool = False) -> None:
    """Serves the tracker's store on loopback until it is interrupted; where MLFLOW_TRACKING_URI
    names a server, only says which page compares the runs. `show` opens that page.

    Raises `InputError` when `port` is taken, `StudyError` when the server does not start.
    """
    uri = tracking_uri()
    if uri.startswith(("http://", "https://")):
        _tell(without_secret(uri).rstrip("/"), show=show)
        return
    if _answers(port):
        raise InputError(
            f"port {port} is taken, perhaps by another `make ui`; choose another: "
            f"ganstudy ui --port {port + 1}"
        )
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "mlflow", "ui", "--host", HOST, "--port", str(port)),
            *("--workers", "1", "--backend-store-uri", uri),
        ],
        env=os.environ
        | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"},
    )
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        _wait(server, port)
        _tell(f"http://{HOST}:{port}", show=show)
        if code := server.wait():
            raise StudyError(f"MLflow's server ended with code {code}: see its lines above")
    except KeyboardInterrupt:
        log("the pages are closed; what they showed is kept")
    finally:
        server.terminate()
        server.wait()


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def _wait(server: subprocess.Popen[bytes], port: int) -> None:
    """Returns when the server answers."""
    deadline = time.monotonic() + PATIENCE
    while not _answers(port):
        if server.poll() is not None or time.monotonic() > deadline:
            raise StudyError(f"MLflow's server did not start at port {port}: see its lines above")
        time.sleep(0.2)


def _tell(address: str, *, show: bool) -> None:
    """Prints the page of the study's comparison, where there is one, and opens it."""
    path = link_path()
    if path.is_file():
        link = path.read_text(encoding="utf-8").strip()
        page = address + link
        log(f"compare the study's runs: {page}")
        if every := models_link(link):
            log(f"all models: {address}{every}")
    else:
        page = address
        log(f"MLflow: {page}; `make study`, or `dvc repro`, makes runs to compare")
    if show:
        webbrowser.open(page)
