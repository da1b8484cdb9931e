"""A user's own images through the whole study: colour, without labels, one of them broken."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline.workspace import Project


def paint(folder: Path, count: int) -> None:
    """Coloured squares on noise, in two formats, and not square."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for index in range(count):
        picture = rng.integers(0, 60, (20, 24, 3)).astype(np.uint8)
        top, left = rng.integers(0, 10, 2)
        picture[top : top + 8, left : left + 8] = rng.integers(100, 255, 3)
        suffix = ("png", "jpg")[index % 2]
        Image.fromarray(picture).save(folder / f"{index:03d}.{suffix}")


def test_own_images_without_labels_give_a_report(project: Project, tmp_path: Path) -> None:
    paint(tmp_path / "images", 240)
    (tmp_path / "images" / "999.png").write_bytes(b"not a picture")
    own = [
        "data.name=folder",
        f"data.folder={tmp_path / 'images'}",
        "data.resolution=16",
        "network.name=dcgan",
        "network.generator_width=8",
        "network.discriminator_width=8",
    ]
    options = [part for setting in own for part in ("-S", setting)]
    refused = project.dvc("exp", "run", *options, ok=False)
    assert "999.png" in refused
    assert "Traceback" not in refused

    project.dvc("exp", "run", *options, "-S", "data.broken=skip")
    metrics = json.loads(project.read("reports/metrics/gan-non_saturating-0.json"))
    assert metrics["judge"] == "judge-rotations"
    assert metrics["fid"] > 0
    assert "classes_captured" not in metrics
    with np.load(project.folder / "data/runs/gan-non_saturating-0/samples.npz") as samples:
        assert samples["arr_0"].shape[1:] == (16, 16, 3)
    assert "| **vae-elbo-0** |" in project.read("reports/README.md")
