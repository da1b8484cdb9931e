"""Sampling into a folder, by untrained networks: of words, of codes into meshes."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
import trimesh
from PIL import Image as Picture

from ganstudy.errors import InputError
from ganstudy.keys import RunKey
from ganstudy.models import build
from ganstudy.models.saved import save_model
from ganstudy.params import Params
from ganstudy.spaces import Image, Space, Tokens, Voxels
from ganstudy.stages import translate
from ganstudy.study import layout
from training.tiny import params

WORDS = ("bag", "blue", "red", "small")


def laid(family: str, spaces: Mapping[str, Space], recipe: dict[str, object]) -> Params:
    """A study whose run of that family is there, as it was before training."""
    study = params(models={family: recipe})
    key = f"{family}-0"
    model = build(study, RunKey.parse(key), spaces)
    save_model(layout.RUNS / key, model.networks, model.specs, {"params": {"run": key}})
    return study


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def drawn(folder: str) -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


def test_words_become_pictures_under_their_names(capsys: pytest.CaptureFixture[str]) -> None:
    spaces = {"x": Image(3, 16, 16), "text": Tokens(4, WORDS)}
    study = laid("text_gan-non_saturating", spaces, {})
    Path("more.txt").write_text("red bag\n\nblue\n", encoding="utf-8")
    key = "text_gan-non_saturating-0"
    translate.of_texts(study, key, ["A small blue bag!", "@more.txt"], 2, Path("out"), 0)
    names = ["a-small-blue-bag", "blue", "red-bag"]
    assert drawn("out") == [f"{name}-{n}.png" for name in names for n in (0, 1)]
    assert Picture.open("out/blue-0.png").size == (16, 16)
    assert "a" in capsys.readouterr().err  # the word that nobody taught it
    with pytest.raises(InputError, match="no word is known"):
        translate.of_texts(study, key, ["green shoe"], 1, Path("none"), 0)
    assert not Path("none").exists()


def test_solids_become_meshes_that_a_viewer_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    study = laid("gan3d-non_saturating", {"x": Voxels(16, 16, 16)}, {})
    solid = torch.zeros(2, 16, 16, 16, dtype=torch.bool)
    solid[:, 4:12, 4:12, 4:12] = True
    monkeypatch.setattr(Voxels, "decode", lambda self, seen: solid)  # nothing is learnt here
    translate.of_codes(study, "gan3d-non_saturating-0", 2, Path("out"), 0)
    assert drawn("out") == ["0000.obj", "0000.png", "0001.obj", "0001.png"]
    mesh = trimesh.load("out/0001.obj")
    assert mesh.is_watertight
    assert mesh.volume == pytest.approx(8**3, rel=0.1)


def test_a_run_of_codes_reads_neither_words_nor_images() -> None:
    study = laid("gan3d-non_saturating", {"x": Voxels(16, 16, 16)}, {})
    with pytest.raises(InputError, match="gan3d-non_saturating-0 reads no words"):
        translate.of_texts(study, "gan3d-non_saturating-0", ["bag"], 1, Path("out"), 0)
    with pytest.raises(InputError, match="given no images"):
        translate.of_folder(study, "gan3d-non_saturating-0", "in", Path("out"), 0)
