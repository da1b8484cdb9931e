"""A run that is given away: what is in the folder works elsewhere, and the card says what is so."""

import importlib.util
import json
from contextlib import chdir
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from explorer.trained import DCGAN, GAN, study
from ganstudy.errors import InputError
from ganstudy.exporting.data import ORIGINS
from ganstudy.files import read_json, write_json
from ganstudy.models.base import latents
from ganstudy.models.saved import load_companion, load_generator
from ganstudy.params import KIND_OF, KINDS, DatasetName, parse
from ganstudy.stages import export
from ganstudy.study import layout

METRICS = {
    "fid": 31.39, "fid_debiased": 29.8, "fid_low": 25.52, "fid_high": 33.99, "precision": 0.885,
    "mem1": 0.005, "samples": 360, "reference": 359, "judge": "digits-8x8x1",
    "judge_sha256": "ab12", "judge_accuracy": 0.983,
}  # fmt: skip
ONNX = ("onnx", "onnxscript", "onnxruntime")
LACKING = [name for name in ONNX if importlib.util.find_spec(name) is None]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Path]:
    """A study without and one with classes, each with a measured run."""
    made = {}
    for told in (False, True):
        changes = DCGAN | {"train__images": 160, "train__conditional": told}
        made[told] = study(tmp_path_factory.mktemp("export"), **changes)
        write_json(made[told] / layout.METRICS / f"{GAN}.json", METRICS)
    return made


def exported(folder: Path, out: Path, kind: export.Format = "safetensors", key: str = GAN) -> Path:
    with chdir(folder):
        params = parse(yaml.safe_load(Path("params.yaml").read_text()), "params.yaml")
        export.run(params, key, kind, out)
    return out


def front(card: Path) -> dict:
    """The front matter of a card, as a hub reads it."""
    _, matter, _ = card.read_text(encoding="utf-8").split("---\n", 2)
    found: dict = yaml.safe_load(matter)
    return found


@pytest.mark.parametrize("told", [False, True])
def test_what_is_exported_makes_the_same_samples_elsewhere(folders, tmp_path, told) -> None:
    out = exported(folders[told], tmp_path / "out")
    source = folders[told] / "data/runs" / GAN
    here, there = (load_generator(folder).sample(20, 3) for folder in (source, out))
    assert np.array_equal(here, there)
    assert load_companion(out).role == "discriminator"
    config = read_json(out / "config.json")
    assert (config["latent"], config["classes"]) == (8, 10 if told else 0)
    assert Image.open(out / "samples.png").width >= 480


def test_the_card_is_what_a_hub_reads_and_says_what_was_measured(folders, tmp_path) -> None:
    out = exported(folders[False], tmp_path / "out")
    matter = front(out / "README.md")
    assert matter["license"] == "mit"
    assert matter["datasets"] == ["digits"]
    (result,) = matter["model-index"][0]["results"]
    assert {m["type"]: m["value"] for m in result["metrics"]} == {
        "fid_debiased": 29.8,
        "fid": 31.39,
        "precision": 0.885,
    }
    text = (out / "README.md").read_text(encoding="utf-8")
    for part in (
        "| debiased FID [95 %] | 29.80 [25.52, 33.99] |",
        "`digits-8x8x1` (SHA-256 `ab12`, 98.3 % of the test images right)",
        "Licence of the data: CC BY 4.0",
        "360 samples against 359 test images",
        "## Intended use and limits",
        "@software{ganstudy,",
    ):
        assert part in text, part
    assert "coverage |" not in text  # nobody measured it
    linked = [line.split("`")[1] for line in text.splitlines() if line.startswith("| `")]
    assert sorted([*linked, "README.md"]) == sorted(path.name for path in out.iterdir())


def test_every_data_set_of_images_has_its_licence_on_the_card() -> None:
    judged = {n for n in get_args(DatasetName) if KINDS[KIND_OF.get(n, "images")].judged}
    assert set(ORIGINS) == judged


def test_what_cannot_be_exported_is_refused_and_leaves_nothing(folders, tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine").write_text("x")
    with pytest.raises(InputError, match="is not empty"):
        exported(folders[False], full)
    with pytest.raises(InputError, match=r"vae-elbo-0\.json is missing"):
        exported(folders[False], tmp_path / "out", key="vae-elbo-0")
    with pytest.raises(InputError, match="there is no run 'gan-wgan-9'"):
        exported(folders[False], tmp_path / "out", key="gan-wgan-9")
    assert [path.name for path in tmp_path.rglob("*")] == ["full", "mine"]


@pytest.mark.skipif(not LACKING, reason="all of the extra onnx is installed")
def test_without_the_extra_one_line_says_what_to_install(folders, tmp_path: Path) -> None:
    if importlib.util.find_spec("onnx") and importlib.util.find_spec("onnxscript"):
        pytest.skip("onnxruntime alone is missing, with which nothing is written")
    with pytest.raises(InputError, match=r"pip install 'ganstudy\[onnx\]'"):
        exported(folders[False], tmp_path / "out", "onnx")
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(bool(LACKING), reason=f"not installed: {', '.join(LACKING)}")
@pytest.mark.parametrize("told", [False, True])
def test_onnx_computes_what_torch_does(folders, tmp_path: Path, told: bool) -> None:
    import onnxruntime

    out = exported(folders[told], tmp_path / "out", "onnx")
    generator = load_generator(folders[told] / "data/runs" / GAN)
    z = latents(8, 5, 1)  # another size of batch than it was traced with
    y = torch.arange(5) if told else None
    session = onnxruntime.InferenceSession(out / "generator.onnx")
    inputs = {"z": z.numpy()} | ({"y": y.numpy()} if y is not None else {})
    (found,) = session.run(None, inputs)
    with torch.no_grad():
        assert np.abs(found - generator.network(z, y).numpy()).max() < 1e-4
    assert "onnxruntime.InferenceSession" in (out / "README.md").read_text(encoding="utf-8")
    assert json.loads((out / "config.json").read_text())["latent"] == 8
