"""A generator that reads: the page draws what `ganstudy sample --text` draws, and says what it does
not know."""

import csv
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import Page
from sklearn.datasets import load_digits

from explorer.trained import COUNT, differences, every, page_of, pixels, settled, text_study
from ganstudy.data.fields import load_dataset
from ganstudy.data.words import tokens
from ganstudy.explorer.critics import among
from ganstudy.explorer.generators import Shown, offered_texts
from ganstudy.models.base import latents
from ganstudy.models.saved import load_companion, load_model
from ganstudy.spaces import Tokens

KEY = "text_gan-non_saturating-0"
NAMES = ("zero", "one", "two", "three")
COLOURS = {"red": (1.0, 0.2, 0.2), "blue": (0.3, 0.4, 1.0)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of captioned digits."""
    base = tmp_path_factory.mktemp("words")
    pictures = base / "pictures"
    pictures.mkdir()
    found = load_digits(n_class=len(NAMES))
    with (pictures / "metadata.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["file_name", "text"])
        for index, (image, digit) in enumerate(zip(found.images, found.target, strict=True)):
            colour = list(COLOURS)[index % 2]
            inked = image[..., None] / 16 * COLOURS[colour]
            Image.fromarray((255 * inked).astype(np.uint8)).save(pictures / f"{index}.png")
            table.writerow([f"{index}.png", f"A {colour}, {NAMES[digit]}"])
    made = text_study(base / "study", pictures)
    page_of(made)
    return made


@pytest.fixture
def page(folder: Path, opened: Callable) -> Page:
    return opened(folder / "reports/explorer.html").page


def words(page: Page, text: str) -> str:
    """Types a text, and reads what is said of it."""
    field = page.locator(".words input").first
    field.fill(text)
    field.blur()
    settled(page)
    return page.locator(".read").first.text_content() or ""


def given(folder: Path, text: str, count: int) -> torch.Tensor:
    space = load_model(folder / "data/runs" / KEY).inputs["text"]
    return torch.tensor([tokens(text, space.vocabulary, space.length)] * count)


@pytest.mark.parametrize("text", ["a red two", "blue zero", "a"])
def test_images_of_a_text_are_those_of_sample(folder: Path, page: Page, text: str) -> None:
    assert words(page, text) == ""
    model = load_model(folder / "data/runs" / KEY, sampling=True)
    wanted = model.sample(COUNT, 0, {"text": given(folder, text, COUNT)})["x"]
    assert differences(page, wanted).max() <= 1
    other = model.sample(COUNT, 0, {"text": given(folder, "three", COUNT)})["x"]
    assert differences(page, other).max() > 1  # another text is another image


def test_scores_are_those_of_a_critic_that_reads(folder: Path, page: Page) -> None:
    words(page, "a red two")
    model, critic = (load(folder / "data/runs" / KEY) for load in (load_model, load_companion))
    generator, told = model.networks["generator"], given(folder, "a red two", COUNT)
    texts = torch.from_numpy(load_dataset(folder / "data/prepared", "test").fields["text"][:COUNT])
    with torch.no_grad():
        codes = latents(8, COUNT, 0)
        alone = among(critic.network, generator(codes, texts), texts)  # the batch that D is given
        images = generator(codes, told)
        wanted = alone(images, told).numpy()
        other = alone(images, given(folder, "blue three", COUNT)).numpy()
    _, found = every(page)
    assert np.abs(found - wanted).max() <= 0.01 * np.abs(wanted).max()  # float16 weights
    assert np.abs(found - other).max() > np.abs(found - wanted).max()


def test_unknown_words_are_named_and_others_drawn(page: Page) -> None:
    words(page, "a red two")
    before = pixels(page)
    assert words(page, "a red shiny two!") == "Unknown, and left out: shiny."
    assert (pixels(page) == before).all()
    assert words(page, "shiny").startswith("No word of this is known; some are: a, blue")
    assert (pixels(page) == before).all()  # what was shown stays
    assert words(page, "a a a a a").startswith("At most 3 words")
    assert (words(page, "blue three"), (pixels(page) != before).any()) == ("", True)


def test_a_link_and_the_command_say_the_text(folder: Path, page: Page, opened: Callable) -> None:
    words(page, "blue two")
    page.wait_for_function("location.hash.includes('text1')")
    assert '--text "blue two"' in (page.locator(".command code").first.text_content() or "")
    again = opened(folder / "reports/explorer.html", page.evaluate("location.hash")).page
    assert again.locator(".words input").first.input_value() == "blue two"
    assert (pixels(again) == pixels(page)).all()
    broken = opened(folder / "reports/explorer.html", "#n=1&text1=shiny").page
    assert "the words “shiny”" in (broken.locator("#said").text_content() or "")


def test_the_list_offers_texts_and_says_which_were_never_learnt_together() -> None:
    space = Tokens(2, ("blue", "red", "two"))
    rows = np.array([[2, 3], [1, 3], [2, 3], [0, 0]])
    held = np.array([False, True, False, False])
    offered = offered_texts(Shown(np.zeros((4, 1, 1, 3), np.uint8), None, rows, space, held))
    assert (offered["texts"], offered["held"]) == (["blue two", "red two"], [0])


def test_what_reads_in_two_stages_is_left_out_by_name(folder: Path, capsys) -> None:
    with chdir(folder):
        capsys.readouterr()
        page_of(folder)
    assert "stackgan-non_saturating-0: no one generator" in capsys.readouterr().err
