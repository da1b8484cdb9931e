"""Prepared data, and a small judge of it, in a folder of a test's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ganstudy.data.sources import fetch
from ganstudy.data.splits import prepare
from ganstudy.files import write_json
from ganstudy.params import Params
from ganstudy.stages import judge
from ganstudy.study import layout
from training.tiny import params

JUDGE = {
    "width": 8,
    "features": 16,
    "images": 32_000,
    "batch": 128,
    "learning_rate": 0.005,
    "shift": 0,
    "flip": False,
    "seed": 0,
}


def study(data: str, count: int) -> Params:
    """Params of a study of `data` that measures `count` samples."""
    return params(
        data={"name": data},
        judge=JUDGE,
        sample={"count": count, "seed": 0},
        evaluate__classifier_images=1000,  # enough to run; tests of it take more
        runtime={"device": "cpu", "threads": 1},
    )


@contextmanager
def workspace(folder: Path, chosen: Params) -> Iterator[Params]:
    """Inside, the working directory is a project whose data are prepared and whose judge is
    trained. Projects of one session share a tracking store: to make one takes seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("DVC_ROOT", raising=False)
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder.parent / 'mlflow.db'}")
        fetch(chosen.data, layout.RAW)
        prepare(layout.RAW, chosen.data, layout.PREPARED)
        write_json(layout.NUMERICS / "judge.json", {})
        judge.run(chosen, layout.PREPARED, layout.JUDGE)
        yield chosen
