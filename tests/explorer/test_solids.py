"""A generator of solids: the page computes the cells that `ganstudy sample` makes, renders them as
`ganstudy sample --out FOLDER` does, and turns them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Page

from browser import until
from explorer.trained import DCGAN, page_of, pixels, settled, study
from ganstudy.data.rendering import rendered
from ganstudy.models.base import latents
from ganstudy.models.saved import load_companion, load_generator, load_model
from models.boxes import boxes
from training.tiny import ADAM

KEY = "gan3d-non_saturating-0"
COUNT, SIDE = 16, 256
# What the generator of the page makes of its own first codes, and D of that.
COMPUTE = """count => {
  const run = JSON.parse(document.querySelector(".a-run").textContent);
  const [network, critic] = [run.generator, run.judged.program].map(engine.unpacked);
  const table = engine.numbers(run.codes);
  return Array.from({ length: count }, (_, number) => {
    const code = table.slice(number * run.latent, (number + 1) * run.latent);
    const made = engine.run(network, { data: code, shape: [run.latent] });
    return [[...made.data], engine.run(critic, made).data[0]];
  });
}"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of boxes, its GAN trained for some rounds, with its page."""
    base = tmp_path_factory.mktemp("solids")
    np.savez(base / "boxes.npz", boxes().fields["x"])
    small: dict[str, Any] = {n: v for n, v in DCGAN.items() if n != "network__name"}
    made = study(
        base / "study",
        **small,
        network__discriminator_width=4,
        data={"name": "voxels", "folder": str(base / "boxes.npz"), "resolution": 8},
        train__model="gan3d",
        losses={"non_saturating": {"generator": ADAM, "discriminator": ADAM}},
        models={"gan3d": {}},
        vae=None,
        ae=None,
        judge=None,
        study__losses=["non_saturating"],
        study__baselines=[],
    )
    page_of(made)
    return made


@pytest.fixture
def page(folder: Path, opened: Callable) -> Page:
    return opened(folder / "reports/explorer.html").page


def test_cells_and_scores_are_those_of_torch(folder: Path, page: Page) -> None:
    generator = load_generator(folder / "data/runs" / KEY)
    critic = load_companion(folder / "data/runs" / KEY).network
    with torch.no_grad():
        made = generator.network(latents(8, COUNT, 0))
        scores = critic(made).numpy()
    cells, found = zip(*page.evaluate(COMPUTE, COUNT), strict=True)
    assert np.abs(np.array(cells) - made.flatten(1).numpy()).max() < 0.01
    assert made.std() > 0.02  # cells, not one value
    assert np.abs(np.array(found) - scores).max() <= 0.01 * np.abs(scores).max()


def drawn(page: Page, solid: np.ndarray, degrees: float) -> np.ndarray:
    """A solid as the page draws it."""
    page.evaluate(
        """([cells, sides, degrees]) => {
          const made = { data: Float32Array.from(cells), shape: [1, ...sides] };
          solids.draw(document.querySelector(".view canvas"), made, (degrees * Math.PI) / 180);
        }""",
        [solid.astype(float).flatten().tolist(), list(solid.shape), degrees],
    )
    return pixels(page)


@pytest.mark.parametrize("degrees", [0, 34, 120, 275])
def test_a_solid_is_drawn_as_sample_renders_it(page: Page, degrees: int) -> None:
    solid = np.zeros((8, 6, 7), bool)  # a chair that no turn and no mirror makes itself
    solid[:5, 1, 1] = solid[:4, 4, 1] = solid[:2, 1:5, 4] = solid[4, 1:5, 1:6] = True
    found = drawn(page, solid, degrees)

    def off(turn: float, of: np.ndarray = solid) -> float:
        return float(np.abs(found - rendered(of[None], np.deg2rad(turn), SIDE)[0]).mean())

    assert off(degrees) < 2
    assert off(degrees + 20) > 2 * off(degrees)
    assert off(degrees, solid[..., ::-1]) > 2 * off(degrees)  # mirrored
    assert off(degrees, solid[::-1]) > 2 * off(degrees)  # upside down


def test_solids_turn_by_slider_by_hand_and_by_themselves(page: Page, opened: Callable) -> None:
    first = pixels(page)
    page.locator("#turn").fill("90")
    settled(page)
    assert (pixels(page) != first).any()
    until(page, "location.hash.includes('turn=90')")
    canvas = page.locator(".view canvas").first
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 80, box["y"] + 40)
    page.mouse.up()
    assert page.locator("#turned").text_content() == "110°"
    page.locator("#spin").click()
    until(page, "Number(document.getElementById('turn').value) > 115")
    page.locator("#spin").click()
    until(page, "document.getElementById('spin').ariaPressed === 'false'")
    settled(page)
    stopped = page.locator("#turn").input_value()
    page.wait_for_timeout(200)
    assert page.locator("#turn").input_value() == stopped


def test_a_link_keeps_the_turn_and_a_code_has_its_cells(folder: Path, opened: Callable) -> None:
    page = opened(folder / "reports/explorer.html", "#n=3&turn=200").page
    assert page.locator("#turn").input_value() == "200"
    made = load_model(folder / "data/runs" / KEY).sample(4, 0)["x"][3]
    full = int(page.evaluate("document.querySelector('.took').textContent.split(' ')[0]"))
    assert abs(full - made.sum()) <= 2  # a cell at the very edge of half
    assert "of 512 cells are full" in (page.locator(".took").first.text_content() or "")


@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_and_complains_of_nothing(folder: Path, opened: Callable, width: int) -> None:
    found = opened(folder / "reports/explorer.html", width=width)
    settled(found.page)
    assert found.page.evaluate("document.documentElement.scrollWidth") <= width
    assert found.complaints == []
