"""The page of translators: it computes what `ganstudy sample --given` makes of test images and of a
reader's own, and a mistake in it would be seen."""

import base64
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import chdir
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as Picture
from playwright.sync_api import Page

from browser import until
from explorer.trained import READ, page_of, settled, study
from ganstudy.data.images import DataInfo
from ganstudy.dataset import Dataset
from ganstudy.errors import InputError
from ganstudy.explorer import translators
from ganstudy.explorer.layers import program
from ganstudy.models.saved import SavedModel
from ganstudy.networks import NetworkSpec
from ganstudy.spaces import Image
from training.tiny import ADAM

COUNT = translators.SHOWN
INFO = DataInfo("made", "pairs", (8, 8, 1), 1.0, None, 9, 9, 9, "0", "0", "0")
SMALL, GREY, COLOUR, ODD = Image(1, 8, 8), Image(1, 16, 16), Image(3, 16, 16), Image(3, 13, 13)
# Each run: its translators as (architecture, given field, given, made, norm).
RUNS: Mapping[str, Mapping[str, tuple[str, str, Image, Image, str]]] = {
    "pix2pix-lsgan-0": {"translator": ("unet.translator", "source", GREY, COLOUR, "instance")},
    "regression-l1-0": {"translator": ("unet.translator", "source", GREY, COLOUR, "batch")},
    "superres-lsgan-0": {"translator": ("unet.translator", "source", SMALL, COLOUR, "none")},
    "cyclegan-lsgan-0": {
        "a_to_b": ("resnet.translator", "a", ODD, ODD, "instance"),
        "b_to_a": ("unet.translator", "b", ODD, ODD, "instance"),
    },
}


def model(key: str) -> SavedModel:
    """Networks of a run with weights, gains and statistics as no initialization has them."""
    torch.manual_seed(1)
    specs = {
        name: NetworkSpec(architecture, {field: given}, made, 8, norm)
        for name, (architecture, field, given, made, norm) in RUNS[key].items()
    }
    networks = {name: spec.build().eval() for name, spec in specs.items()}
    for network in networks.values():
        for name, values in [*network.named_parameters(), *network.named_buffers()]:
            if values.ndim == 1:
                low, high = (0.5, 1.5) if name.endswith(("norm.weight", "var")) else (-0.3, 0.3)
                torch.nn.init.uniform_(values, low, high)
            elif values.ndim and not name.startswith("num"):
                values.data.mul_(2)  # else batch norm's variance would leave one grey
    return SavedModel(networks, specs, {"params": {"run": key}})


def dataset(keys: Sequence[str]) -> Dataset:
    """Random images of what runs are given and make: pairs, where it is called a source."""
    rng = np.random.default_rng(0)
    rows = [row for key in keys for row in RUNS[key].values()]
    spaces = {field: given for _, field, given, _, _ in rows}
    if "source" in spaces:
        spaces["target"] = rows[0][3]
    fields = {name: space.draw(rng, COUNT) for name, space in spaces.items()}
    paired = (tuple(spaces),) if "target" in spaces else tuple((name,) for name in spaces)
    return Dataset(fields, spaces, paired)


@pytest.fixture
def made(tmp_path: Path, opened: Callable) -> Callable[..., Page]:
    """Opens the page of some runs; `fault` may change a run before."""

    def make(*keys: str, fault: Callable[[dict[str, Any]], None] | None = None, **how: Any) -> Page:
        out, runs, data = tmp_path / "page.html", [], dataset(keys)
        given = [name for name in data.fields if name != "target"]
        for index, key in enumerate(keys):
            fields = [] if index else [translators.pictures(data, name) for name in given]
            one = translators.explored(key, "#336699", model(key), fields)
            if fault is not None:
                changed = json.loads(one.text)
                fault(changed["translators"][0])
                one = translators.Explored(key, json.dumps(changed))
            runs.append(one)
        translators.write(out, INFO, runs)
        return opened(out, wait="#others li", **how).page

    return make


# Types each number into the field, as a hand would, and reads what is then made.
EVERY = """([slot, count]) => Array.from({ length: count }, (_, number) => {
  const field = document.getElementById("number");
  field.value = number;
  field.dispatchEvent(new Event("change"));
  const canvas = document.querySelectorAll(".made canvas")[slot];
  return [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data];
})"""


def shown(page: Page, selector: str) -> np.ndarray:
    """The pixels (H, W, 3) of a canvas."""
    settled(page)
    height, width, values = page.locator(selector).evaluate(READ)
    return np.array(values, np.int64).reshape(height, width, 4)[..., :3]


def wanted(key: str, field: str, images: np.ndarray) -> np.ndarray:
    """What torch makes of stored images, as `sample` writes it, (N, H, W, 3)."""
    subject = model(key)
    name = next(n for n, (_, given, _, _, _) in RUNS[key].items() if given == field)
    spec = subject.specs[name]
    with torch.no_grad():
        seen = spec.inputs[field].encode(torch.from_numpy(images))
        found = spec.output.decode(subject.networks[name](seen)).numpy().astype(np.int64)
    return np.broadcast_to(found, (*found.shape[:3], 3))


def off(page: Page, key: str, field: str, slot: int = 0) -> int:
    """How many grey levels the page is off at its worst pixel of all test images."""
    truth = wanted(key, field, dataset([key]).fields[field][:COUNT])
    assert truth.std((0, 1, 2)).min() > 2  # images, not one grey
    found = np.array(page.evaluate(EVERY, [slot, COUNT]), np.int64)
    return int(np.abs(found.reshape(*truth.shape[:3], 4)[..., :3] - truth).max())


@pytest.mark.parametrize(
    ("key", "field"), [(key, row[1]) for key, rows in RUNS.items() for row in rows.values()]
)
def test_what_is_made_of_test_images_is_that_of_sample_to_a_grey_level(made, key, field) -> None:
    page = made(key)
    if field == "b":
        page.locator("#field").select_option("b")
    assert off(page, key, field) <= 1


def floats(packed: dict[str, str]) -> np.ndarray:
    (kind, text) = next(iter(packed.items()))
    return np.frombuffer(base64.b64decode(text), f"<{kind}")


def without_shift(step: dict[str, Any]) -> None:
    step["shift"] = {"f4": base64.b64encode(0 * floats(step["shift"])).decode()}


def unscaled(step: dict[str, Any]) -> None:
    step["epsilon"] = 1.0


def by_nearest(step: dict[str, Any]) -> None:
    step["op"] = "nearest"


def crossed(step: dict[str, Any]) -> None:
    """A skip joined on the wrong side."""
    step["from"] = step["from"][::-1]


@pytest.mark.parametrize(
    ("key", "op", "fault"),
    [
        ("pix2pix-lsgan-0", "normalised", without_shift),
        ("pix2pix-lsgan-0", "normalised", unscaled),
        ("pix2pix-lsgan-0", "joined", crossed),
        ("superres-lsgan-0", "bicubic", by_nearest),
    ],
)
def test_a_wrong_step_is_seen(made, key: str, op: str, fault: Callable) -> None:
    def plant(one: dict[str, Any]) -> None:
        fault(next(step for step in one["program"]["steps"] if step["op"] == op))

    assert off(made(key, fault=plant), key, "source") > 1


def test_a_network_whose_shapes_are_not_known_needs_an_example() -> None:
    network = model("pix2pix-lsgan-0").networks["translator"]
    with pytest.raises(InputError, match="cannot compute the operation"):
        program(network)


def test_two_runs_stand_beside_each_other_and_the_answer(made) -> None:
    page = made("pix2pix-lsgan-0", "regression-l1-0")
    data = dataset(["pix2pix-lsgan-0"])
    for slot, key in enumerate(("pix2pix-lsgan-0", "regression-l1-0")):
        truth = wanted(key, "source", data.fields["source"][:1])[0]
        assert np.abs(shown(page, f".made[data-slot='{slot}'] canvas") - truth).max() <= 1
    assert (shown(page, "#answer canvas") == data.fields["target"][0]).all()
    page.locator(".made select").nth(1).select_option("pix2pix-lsgan-0")
    assert (
        shown(page, ".made[data-slot='0'] canvas") == shown(page, ".made[data-slot='1'] canvas")
    ).all()


# A reader's own pictures


def png(pixels: np.ndarray) -> dict[str, Any]:
    file = io.BytesIO()
    Picture.fromarray(pixels).save(file, "PNG")
    return {"name": "own.png", "mimeType": "image/png", "buffer": file.getvalue()}


def said(page: Page, part: str) -> None:
    until(page, f"document.getElementById('said').textContent.includes({json.dumps(part)})")


def test_a_picture_of_the_right_sides_is_taken_as_it_is(made) -> None:
    page = made("cyclegan-lsgan-0")
    own = np.random.default_rng(5).integers(0, 256, (13, 13, 3), np.uint8)
    page.locator("#file").set_input_files([png(own)])
    said(page, "stays on this machine")
    assert (shown(page, "#given") == own).all()
    truth = wanted("cyclegan-lsgan-0", "a", own[None])[0]
    assert np.abs(shown(page, ".made[data-slot='0'] canvas") - truth).max() <= 1
    assert "n=" not in page.evaluate("location.hash")
    assert page.locator("#answer").is_hidden()


def test_colours_become_grey_as_sample_has_them(made) -> None:
    page = made("pix2pix-lsgan-0")
    own = np.random.default_rng(5).integers(0, 256, (16, 16, 3), np.uint8)
    page.locator("#file").set_input_files([png(own)])
    said(page, "stays on this machine")
    grey = np.asarray(Picture.fromarray(own).convert("L"))[None, ..., None]
    truth = wanted("pix2pix-lsgan-0", "source", np.array(grey))[0]
    # A pixel of grey that rounds the other way may move what is made by more than a level.
    assert np.abs(shown(page, ".made[data-slot='0'] canvas") - truth).mean() < 1


def test_a_wide_picture_is_cut_to_its_middle_and_what_is_clear_is_white(made) -> None:
    page = made("cyclegan-lsgan-0")
    own = np.zeros((130, 390, 4), np.uint8)
    own[:, 130:260] = (200, 40, 90, 255)
    own[:, 180:210, 3] = 0
    page.locator("#file").set_input_files([png(own)])
    said(page, "stays on this machine")
    found = shown(page, "#given")
    assert np.abs(found[:, [1, -2]] - (200, 40, 90)).max() <= 10  # browsers smooth over an edge
    assert (found[:, 6] == 255).all()


def test_what_is_no_picture_is_said_and_nothing_is_lost(made) -> None:
    page = made("cyclegan-lsgan-0")
    before = shown(page, "#given")
    text = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no picture"}
    page.locator("#file").set_input_files([text])
    said(page, "“notes.txt” is no picture")
    assert (shown(page, "#given") == before).all()


def test_a_dropped_picture_is_taken(made) -> None:
    page = made("cyclegan-lsgan-0")
    own = np.full((13, 13, 3), (10, 200, 30), np.uint8)
    bytes_ = base64.b64encode(png(own)["buffer"]).decode()
    page.evaluate(
        """text => {
          const found = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([found], "dropped.png", { type: "image/png" }));
          const how = { dataTransfer, bubbles: true, cancelable: true };
          document.body.dispatchEvent(new DragEvent("drop", how));
        }""",
        bytes_,
    )
    said(page, "“dropped.png” stays on this machine")
    assert (shown(page, "#given") == own).all()


def test_a_stroke_is_drawn_computed_and_taken_back(made) -> None:
    page = made("cyclegan-lsgan-0")
    before, first = shown(page, "#given"), shown(page, ".made[data-slot='0'] canvas")
    page.locator("#ink").fill("#ff0000")
    box = page.locator("#given").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 10, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 10, box["y"] + box["height"] / 2)
    page.mouse.up()
    said(page, "Drawn here")
    drawn = shown(page, "#given")
    assert (drawn[6, 3:10] == (255, 0, 0)).all()
    truth = wanted("cyclegan-lsgan-0", "a", drawn[None].astype(np.uint8))[0]
    assert np.abs(shown(page, ".made[data-slot='0'] canvas") - truth).max() <= 1
    page.locator("#undo").click()
    assert (shown(page, "#given") == before).all()
    assert (shown(page, ".made[data-slot='0'] canvas") == first).all()
    assert page.locator("#origin").text_content() == "Test image 0"


def test_what_is_drawn_outlasts_a_look_at_another_section(made) -> None:
    page = made("cyclegan-lsgan-0")
    page.locator("#blank").click()
    page.locator("nav a[href='#about']").click()
    until(page, "!location.hash.includes('about')")  # the address is the link again
    page.go_back()
    settled(page)
    assert (shown(page, "#given") == 255).all()
    assert page.locator("#origin").text_content() == "Your own picture"


# Links, keys, phones


def test_a_link_restores_and_says_what_is_not_there(made, opened, tmp_path: Path) -> None:
    page = made("cyclegan-lsgan-0")
    page.locator("#field").select_option("b")
    page.locator("#field").blur()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    settled(page)
    assert page.locator("#number").input_value() == "2"
    part = page.evaluate("location.hash")
    again = opened(tmp_path / "page.html", part, wait="#others li").page
    assert (again.locator("#field").input_value(), again.locator("#number").input_value()) == (
        page.locator("#field").input_value(),
        page.locator("#number").input_value(),
    )
    assert (shown(again, "#given") == shown(page, "#given")).all()
    lost = opened(tmp_path / "page.html", "#field=c&n=5", wait="#others li").page
    assert "the field c" in (lost.locator("#said").text_content() or "")


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_asks_nothing_and_complains_of_nothing(made, opened, tmp_path, width, scheme):
    made("pix2pix-lsgan-0", "regression-l1-0")
    found = opened(tmp_path / "page.html", wait="#others li", width=width, scheme=scheme)
    settled(found.page)
    assert found.page.evaluate("document.documentElement.scrollWidth") <= width
    assert found.complaints == []
    assert found.requests == [(tmp_path / "page.html").as_uri()]
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert not re.search(r"(src|href)=\"(?!data:|#)", text)


# The stage


def test_a_study_of_pairs_has_a_page_and_only_of_what_translates(tmp_path, opened, capsys) -> None:
    player = {"generator": ADAM, "discriminator": ADAM}
    folder = study(
        tmp_path / "study",
        data={"name": "digits_edges"},
        network__name="dcgan",
        train__model="cyclegan",
        losses={"lsgan": player},
        train__loss="lsgan",
        models={"cyclegan": {"translator": {"network": "unet", "width": 4}, "identity": 0.0}},
        vae=None,
        ae=None,
        judge=None,
        study__losses=["lsgan"],
        study__baselines=[],
    )
    page = opened(page_of(folder), wait="#others li").page
    assert page.locator(".made").nth(0).is_visible()
    assert page.locator(".made").nth(1).is_hidden()
    with chdir(folder), pytest.raises(InputError, match="there is no run"):
        page_of(folder, ["gan-lsgan-0"])
    described = folder / "data/runs/cyclegan-lsgan-0/model.json"
    described.write_text(described.read_text().replace('"height": 8', '"height": 16'))
    with pytest.raises(InputError, match=r"is given a of \(16, 8, 1\); the data has others"):
        page_of(folder)
