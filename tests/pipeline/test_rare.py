"""A class of two images beside large ones, through every stage: the study ends in its report."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from ganstudy.files import read_json
from ganstudy.keys import RunKey
from ganstudy.params import load
from ganstudy.stages import (
    check,
    compare,
    evaluate,
    fetch,
    judge,
    numerics,
    prepare,
    sample,
    train,
)
from ganstudy.study import layout
from training.tiny import content

SIZES = {"cat": 40, "dog": 40, "owl": 2}  # of owls none can be spared for the test images


def paint(folder: Path) -> None:
    """Noise of another brightness for each class."""
    rng = np.random.default_rng(0)
    for low, (name, count) in zip((0, 60, 120), SIZES.items(), strict=True):
        (folder / name).mkdir(parents=True)
        for index in range(count):
            pixels = rng.integers(low, low + 120, (8, 8)).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{index}.png")


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "conditional"])
def told(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """The folder of a finished study of such data, as the current folder."""
    folder = tmp_path_factory.mktemp("rare")
    paint(folder / "pictures")
    chosen = content(
        data={"name": "folder", "folder": str(folder / "pictures"), "resolution": 8},
        judge__features=6,  # few enough for the test images to tell the bias of FID
        train__conditional=request.param,
        evaluate__classifier_images=100,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("DVC_ROOT", str(folder))
        patch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
        patch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
        Path("params.yaml").write_text(yaml.safe_dump(chosen), encoding="utf-8")
        params = load()
        check.run(params, Path("dvc.yaml"), None)
        fetch.run(params, layout.RAW)
        prepare.run(params, layout.RAW, layout.PREPARED)
        numerics.run(params, layout.NUMERICS)
        judge.run(params, layout.PREPARED, layout.JUDGE)
        evaluate.run(params, layout.REAL, layout.METRICS / "real.json")
        for key in params.run_keys():
            out = layout.RUNS / key
            train.run(params, RunKey.parse(key), out)
            sample.run(key, params.sample.count, 0, out / "samples.npz", params.runtime, None)
            evaluate.run(params, key, layout.METRICS / f"{key}.json")
        compare.run(params, layout.REPORTS)
        yield folder


def test_what_classes_are_not_needed_for_is_measured_of_every_run(told: Path) -> None:
    conditional = load().train.conditional
    for key in ("real", *load().run_keys()):
        values = read_json(layout.METRICS / f"{key}.json")
        whole = {"fid", "fid_debiased", "fid_low", "kid", "precision", "coverage", "fid_floor"}
        assert whole <= values.keys()
        assert {"class_accuracy", "gan_train"} <= values.keys() or not conditional
        assert not {"class_coverage_00", "classes_collapsed", "class_fid"} & values.keys()


def test_the_reports_have_every_run_and_no_column_that_nobody_fills(told: Path) -> None:
    text = (layout.REPORTS / "README.md").read_text(encoding="utf-8")
    head = next(line for line in text.splitlines() if "FID [95 %]" in line)
    assert "| precision ↑ |" in head
    assert "collapsed" not in head
    assert "class FID" not in head
    assert "class-coverage.png" not in text
    page = (layout.REPORTS / "index.html").read_text(encoding="utf-8")
    for key in load().run_keys():
        assert f"| **{key}** |" in text
        assert f'data-run="{key}"' in page


def test_the_pictures_themselves_are_samples_of_their_classes(told: Path, capsys) -> None:
    evaluate.run_files(load(), Path("pictures"), None, Path("own.json"))
    values = read_json(Path("own.json"))
    assert values["samples"] == values["reference"]
    assert {"fid", "class_accuracy", "gan_train"} <= values.keys()
    err = capsys.readouterr().err
    assert "left out class_fid: " in err
    assert "('owl')" in err
    assert "exact copies of images of the reference" in err
