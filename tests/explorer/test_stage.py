"""What a page is made of, what is refused, and in which words."""

import base64
import json
import re
from contextlib import chdir
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from torch import nn

from explorer.trained import COUNT, DCGAN, GAN, VAE, differences, page_of, study
from ganstudy.data.images import load_info
from ganstudy.data.sources import fetch
from ganstudy.data.splits import prepare
from ganstudy.errors import InputError
from ganstudy.explorer import generators, html
from ganstudy.explorer.critics import among
from ganstudy.explorer.directions import directions, sensitivity
from ganstudy.explorer.layers import program
from ganstudy.models.base import latents
from ganstudy.models.saved import SavedGenerator, load_model
from ganstudy.networks import discriminator_spec, generator_spec
from ganstudy.params import parse
from ganstudy.stages import explore
from ganstudy.study import layout
from training.tiny import ADAM, content


class Linear(nn.Module):
    """A generator G(z) = A z, of which everything is known."""

    def __init__(self, matrix: torch.Tensor) -> None:
        super().__init__()
        self.matrix = matrix

    def forward(self, z: torch.Tensor, y: torch.Tensor | None = None) -> torch.Tensor:
        return z @ self.matrix.T


def known(matrix: torch.Tensor) -> SavedGenerator:
    spec = generator_spec("mlp", (1, len(matrix), 1), 1.0, matrix.shape[1], 4, "none", 0)
    return SavedGenerator(Linear(matrix), spec, {})


# Directions


def test_directions_of_a_linear_generator_are_its_singular_vectors() -> None:
    turn = torch.linalg.qr(torch.randn(5, 5)).Q
    matrix = torch.linalg.qr(torch.randn(9, 9)).Q[:, :5] @ torch.diag(
        torch.tensor([1.0, 5.0, 3.0, 0.0, 2.0])
    )
    found = directions(known(matrix @ turn))
    wanted = turn[[1, 2, 4, 0, 3]]
    cosines = (found.vectors * wanted).sum(1).abs()
    assert torch.allclose(cosines, torch.ones(5), atol=1e-3)
    assert torch.allclose(found.shares, torch.tensor([25, 9, 4, 1, 0]) / 39, atol=1e-3)
    assert (found.vectors.gather(1, found.vectors.abs().argmax(1, keepdim=True)) > 0).all()


def test_single_dimensions_have_the_share_of_their_column() -> None:
    matrix = torch.diag(torch.tensor([2.0, 1.0, 0.0]))
    found = directions(known(matrix))
    assert torch.allclose(found.dimensions, torch.tensor([0.8, 0.2, 0.0]), atol=1e-3)
    assert torch.allclose(sensitivity(known(matrix)).float(), matrix @ matrix, atol=1e-2)


# Layers


def test_a_layer_that_no_table_has_is_refused_by_name() -> None:
    with pytest.raises(InputError, match=r"layer GELU \(1\).*it knows BatchNorm1d"):
        program(nn.Sequential(nn.Linear(2, 2), nn.GELU()))


def test_an_operation_that_no_table_has_is_refused_by_name() -> None:
    class Sine(nn.Module):
        def forward(self, z: torch.Tensor, y: None = None) -> torch.Tensor:
            return z.sin()

    with pytest.raises(InputError, match="operation sin"):
        program(Sine())


@pytest.mark.parametrize(
    "layer", [nn.Conv2d(4, 4, 3, groups=2), nn.Conv2d(1, 1, 3, dilation=2)], ids=["groups", "holes"]
)
def test_a_layer_of_another_geometry_is_refused(layer: nn.Module) -> None:
    with pytest.raises(InputError, match="cannot compute the layer Conv2d"):
        program(nn.Sequential(layer))


def test_every_step_is_one_that_the_script_has() -> None:
    script = (html.WEB / "engine.js").read_text(encoding="utf-8")
    for family in ("dcgan", "resnet", "mlp"):
        for classes in (0, 3):
            for norm in ("batch", "none"):
                spec = generator_spec(family, (8, 8, 3), 1.0, 4, 4, norm, classes)
                for step in program(spec.build().eval())["steps"]:
                    assert f"\n    {step['op']}" in script


@pytest.mark.parametrize("family", ["dcgan", "resnet", "mlp"])
@pytest.mark.parametrize("norm", ["none", "spectral"])
def test_a_critic_that_knows_its_batch_scores_one_image_as_among_all(family, norm) -> None:
    critic = discriminator_spec(family, (8, 8, 1), 1.0, 4, norm, 0).build().eval()
    images = torch.rand(12, 1, 8, 8) * 2 - 1
    alone = among(critic, images, None)
    with torch.no_grad():
        wanted = critic(images)
        found = torch.cat([alone(one[None]) for one in images])
    assert torch.allclose(found, wanted, atol=1e-5)


# The page


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return study(tmp_path_factory.mktemp("stage") / "study", **DCGAN | {"train__images": 64})


def params_of(folder: Path):
    return parse(yaml.safe_load((folder / "params.yaml").read_text()), "params.yaml")


def test_equal_runs_give_equal_pages(tiny: Path) -> None:
    first = page_of(tiny).read_bytes()
    assert page_of(tiny).read_bytes() == first
    assert len(first) < html.MOST_BYTES


def test_by_default_the_gan_stands_beside_the_vae(tiny: Path) -> None:
    text = page_of(tiny).read_text(encoding="utf-8")
    assert text.index(f'"key":"{GAN}"') < text.index(f'"key":"{VAE}"')
    alone = page_of(tiny, [VAE]).read_text(encoding="utf-8")
    assert GAN not in alone
    assert alone.count("<article") == 1


def test_names_in_the_data_are_text_not_markup(tiny: Path, tmp_path: Path) -> None:
    hostile = "</script><b>x</b>"
    info = replace(load_info(tiny / "data/prepared"), name=hostile, classes=(hostile,) * 10)
    out = tmp_path / "page.html"
    generators.write(out, info, [html.Explored("<i>", json.dumps({}))])
    text = out.read_text(encoding="utf-8")
    assert "<b>x" not in text
    assert "<i>" not in text.replace('<i class="dot">', "")


@pytest.mark.parametrize(
    ("keys", "most", "part"),
    [
        (["gan-wgan-0"], None, "there is no run 'gan-wgan-0'; trained: gan-non_saturating-0"),
        ([GAN, VAE], 110_000, f"{GAN} would make the page larger than 110,000 bytes"),
    ],
)
def test_what_cannot_be_shown_is_one_line(tiny: Path, monkeypatch, keys, most, part: str) -> None:
    if most is not None:
        monkeypatch.setattr(explore, "MOST_BYTES", most)
    with chdir(tiny), pytest.raises(InputError, match=part):
        explore.run(params_of(tiny), keys, Path("refused.html"))
    assert not (tiny / "refused.html").exists()


def test_points_are_refused_in_one_line(tmp_path: Path) -> None:
    params = parse(content(data__name="ring", judge=None), "params.yaml")
    with chdir(tmp_path):
        fetch(params.data, layout.RAW)
        prepare(layout.RAW, params.data, layout.PREPARED)
        with pytest.raises(InputError, match="and ring has other samples") as told:
            explore.run(params, [], Path("page.html"))
    assert told.value.exit_code == 2
    assert not (tmp_path / "page.html").exists()


def test_codes_on_the_page_are_those_of_seed_0_exactly(tiny: Path) -> None:
    text = page_of(tiny).read_text(encoding="utf-8")
    (packed, *_) = re.findall(r'"codes":\{"f4":"([^"]+)"\}', text)
    found = np.frombuffer(base64.b64decode(packed), "<f4").reshape(64, 8)
    assert np.array_equal(found, latents(8, 64, 0).numpy())


def test_coupled_generators_stand_beside_each_other_at_one_code(tmp_path: Path, opened) -> None:
    folder = study(
        tmp_path / "study",
        data={"name": "digits_edges"},
        train__model="cogan",
        train__images=640,
        train__batch=16,
        losses={"non_saturating": {"generator": ADAM, "discriminator": ADAM}},
        models={"cogan": {"latent": 8, "generator_width": 8, "discriminator_width": 8}},
        vae=None,
        ae=None,
        judge=None,
        study__baselines=[],
    )
    found = opened(page_of(folder)).page
    made = load_model(folder / "data/runs/cogan-non_saturating-0").sample(COUNT, 0)
    for slot, domain in enumerate("ab"):
        assert differences(found, made[domain], slot).max() <= 1
        assert differences(found, made["ba"[slot]], slot).max() > 1
    command = found.locator(".command code").first.text_content() or ""
    assert "--run cogan-non_saturating-0 --seed" in command


def test_a_study_of_which_no_run_has_a_page_is_refused(tmp_path: Path) -> None:
    folder = study(
        tmp_path / "study",
        data={"name": "digits_edges"},
        train__model="dann",
        train__loss="minimax",
        losses={"minimax": {"generator": ADAM, "discriminator": ADAM}},
        models={"dann": {"classifier": {"width": 4, "units": 8}, "discriminator_width": 8}},
        vae=None,
        ae=None,
        judge=None,
        study__losses=["minimax"],
        study__baselines=[],
    )
    with pytest.raises(InputError, match="no run of this study has a generator of codes"):
        page_of(folder)
