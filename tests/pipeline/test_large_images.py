"""A folder of larger colour pictures through the commands: 64 and 128 pixels, in seconds."""

import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from ganstudy.__main__ import main
from ganstudy.files import read_images, read_json
from training.tiny import content

RUN = "gan-non_saturating-0"


def paint(folder: Path, side: int, count: int) -> None:
    """Discs of two classes, warm and cold, as PNG."""
    rng = np.random.default_rng(0)
    place = np.arange(side)
    for index in range(count):
        name = ("cold", "warm")[index % 2]
        picture = rng.integers(0, 40, (side, side, 3)).astype(np.uint8)
        row, column = rng.integers(side // 4, 3 * side // 4, 2)
        disc = np.hypot(place[:, None] - row, place - column) < side // 5
        picture[disc, 2 - 2 * (index % 2)] = 250
        (folder / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(folder / name / f"{index:03d}.png")


@pytest.mark.parametrize("side", [64, 128])
def test_a_folder_is_checked_fetched_judged_trained_on_and_sampled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, side: int
) -> None:
    paint(tmp_path / "pictures", side, 64)
    whole = content(
        data__name="folder",
        data__folder="pictures",
        data__resolution=side,
        network__name="dcgan",
        network__generator_width=4,
        network__generator_norm="none",  # its statistics would take longest
        network__discriminator_width=4,
        train__images=64,
        train__batch=8,
        train__snapshots=1,
        train__conditional=True,
        judge__images=64,
        study__baselines=[],
    )
    del whole["vae"], whole["ae"]
    whole["losses"] = {"non_saturating": whole["losses"]["non_saturating"]}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(whole))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")  # nobody is there
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")

    for command in (
        *("check", "numerics", "fetch", "prepare", "judge"),
        f"train --run {RUN}",
        f"sample --run {RUN} --count 6",
    ):
        monkeypatch.setattr(sys, "argv", ["ganstudy", *command.split()])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code in (0, None), command

    info = read_json(tmp_path / "data/prepared/data.json")
    assert info["shape"] == [side, side, 3]
    assert info["classes"] == ["cold", "warm"]
    assert info["train"] + info["validation"] + info["test"] == 64
    assert read_json(tmp_path / "data/judge/judge.json")["resolution"] == [side, side]
    images, labels = read_images(tmp_path / f"data/runs/{RUN}/samples.npz")
    assert images.shape == (6, side, side, 3)
    assert labels is not None
    assert labels.tolist() == [0, 1] * 3
