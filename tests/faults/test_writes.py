"""Power lost, or a disk full, at any write of a training: what is there is whole, and the next
attempt ends as if nothing had happened."""

import errno
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from faults.conftest import count, tries
from ganstudy.data.sources import fetch
from ganstudy.data.splits import prepare
from ganstudy.errors import StudyError
from ganstudy.keys import RunKey
from ganstudy.params import Params
from ganstudy.stages import numerics, sample, train
from ganstudy.study import layout
from training.tiny import params

RUNS = tries(["gan-non_saturating-0"], ["gan-non_saturating-0", "gan-wgan-0", "vae-elbo-0"])


class PowerLostError(BaseException):
    """Nothing catches it: the process is gone."""


@pytest.fixture(scope="module")
def chosen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Params]:
    chosen = params(runtime={"device": "cpu", "threads": 1, "checkpoint_seconds": 1e-9})
    folder = tmp_path_factory.mktemp("writes")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("DVC_ROOT", str(folder))
        patch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
        patch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
        fetch(chosen.data, layout.RAW)
        prepare(layout.RAW, chosen.data, layout.PREPARED)
        numerics.run(chosen, layout.NUMERICS)
        yield chosen


def work(chosen: Params, run: str, out: Path) -> dict[str, str]:
    """Trains, then samples; hashes of all that a later stage reads."""
    train.run(chosen, RunKey.parse(run), out)
    sample.run(run, 20, 0, out / "samples.npz", chosen.runtime, None)
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(out.iterdir())
    }


class Breaking:
    """Lets `after` moves of a file into its place pass, then raises `error`, for good."""

    def __init__(self, after: int, error: BaseException) -> None:
        self.left, self.error, self.real, self.moves = after, error, os.replace, 0

    def __call__(self, source: os.PathLike[str], target: os.PathLike[str]) -> None:
        if self.left == 0:
            raise self.error
        self.left -= 1
        self.moves += 1
        self.real(source, target)


def no_space() -> OSError:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("kind", ["power lost", "disk full"])
def test_a_training_that_any_write_ends_is_continued_to_the_same_bytes(
    chosen: Params, run: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = layout.RUNS / run
    whole = Breaking(10**9, no_space())
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", whole)
        wanted = work(chosen, run, out)
    assert whole.moves > 10
    step = tries(4, 1)
    for after in range(0, whole.moves, step):
        for path in out.iterdir():
            path.unlink()
        for old in Path(".checkpoints").rglob("*.safetensors"):
            old.unlink()
        error: BaseException = PowerLostError() if kind == "power lost" else no_space()
        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", Breaking(after, error))
            with pytest.raises((PowerLostError, StudyError)) as caught:
                work(chosen, run, out)
        if kind == "disk full":
            assert os.strerror(errno.ENOSPC) in str(caught.value)
        # No file stands in its place half-written, and none is left beside it.
        assert not [path for path in out.iterdir() if path.name.startswith(".")]
        for path in out.iterdir():
            assert hashlib.sha256(path.read_bytes()).hexdigest() == wanted[path.name], path
        assert work(chosen, run, out) == wanted
        count("Writes that fail", f"{kind} at one of the writes of {run}; ended with equal hashes")
    assert torch.get_num_threads() == 1
