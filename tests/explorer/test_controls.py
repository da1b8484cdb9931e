"""The page for hands, eyes and keys: every control, links, phones, and no network."""

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import Locator, Page

from browser import until
from explorer.trained import GAN, VAE, pixels, settled
from ganstudy.models.base import latents
from ganstudy.models.saved import load_generator


@pytest.fixture
def page(studies, opened) -> Page:
    """The page of a DCGAN beside a VAE."""
    return opened(studies("dcgan") / "reports/explorer.html").page


def typed(page: Page, slot: int = 0) -> np.ndarray:
    """The code of a generator, as its field of numbers has it."""
    settled(page)
    return np.array(page.locator(".typed").nth(slot).input_value().split(", "), np.float32)


def direction(page: Page, index: int = 0, slot: int = 0) -> Locator:
    return page.locator(".directions").nth(slot).locator("input").nth(index)


def text(page: Page, selector: str, slot: int = 0) -> str:
    settled(page)
    return page.locator(selector).nth(slot).text_content() or ""


# Alone


def test_it_asks_nothing_and_complains_of_nothing(studies, opened) -> None:
    path = studies("dcgan") / "reports/explorer.html"
    found = opened(path)
    found.page.keyboard.press("r")
    direction(found.page).press("ArrowRight")
    settled(found.page)
    assert found.complaints == []
    assert found.requests == [path.as_uri()]
    assert not re.search(r"(src|href)=\"(?!data:|#)", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_a_desk(studies, opened, width: int, scheme: str) -> None:
    page = opened(studies("conditional") / "reports/explorer.html", width=width, scheme=scheme).page
    page.locator("details").evaluate_all("all => all.forEach(d => { d.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    left, right = (page.locator(".generator").nth(slot).bounding_box() for slot in (0, 1))
    assert left
    assert right
    assert (left["y"] == right["y"]) is (width == 1280)  # beside each other, or one below the other
    light = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert light is (scheme == "light")
    page.locator("#theme").click()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    assert dark is (scheme == "light")


def test_on_paper_there_are_the_images_and_no_controls(page: Page) -> None:
    page.emulate_media(media="print")
    assert page.locator(".view canvas").first.is_visible()
    assert page.locator(".origin").first.is_visible()
    for selector in (".deck", ".moves", ".buttons", "#history", ".bar"):
        assert not page.locator(selector).first.is_visible(), selector


def test_every_control_has_a_name_and_shows_its_focus(page: Page) -> None:
    page.locator("details").evaluate_all("all => all.forEach(d => { d.open = true; })")
    nameless = """() => [...document.querySelectorAll("input, select, textarea, button")]
        .filter((e) => !(e.labels?.length || e.ariaLabel || e.textContent.trim()))
        .map((e) => e.outerHTML)"""
    assert page.evaluate(nameless) == []
    for _ in range(6):
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"


# Codes


def test_numbers_are_the_codes_of_seed_0_and_others_are_drawn_alike_each_time(page: Page) -> None:
    page.locator("#number").fill("5")
    page.locator("#number").press("Enter")
    assert np.array_equal(typed(page), latents(8, 6, 0)[5].numpy())
    assert text(page, ".origin") == "Code 5 of seed 0"
    assert "--seed 0 --count 6" in text(page, ".command code")
    page.locator("#next").click()
    assert text(page, ".origin", 1) == "Code 6 of seed 0"
    page.locator("#previous").press("Enter")
    assert np.array_equal(typed(page), latents(8, 6, 0)[5].numpy())

    page.locator("#number").fill("123456")
    page.locator("#number").press("Enter")
    drawn, image = typed(page), pixels(page)
    assert text(page, ".origin") == "Code 123456, drawn here"
    assert not page.locator(".command").first.is_visible()
    page.locator("#random").click()
    assert not np.array_equal(typed(page), drawn)
    page.locator("#number").fill("123456")
    page.locator("#number").press("Enter")
    assert np.array_equal(typed(page), drawn)
    assert np.array_equal(pixels(page), image)


def test_drawn_codes_are_standard_normal(page: Page) -> None:
    found = page.evaluate(
        """() => Array.from({ length: 500 }, (_, i) =>
            [...codes.numbered({ latent: 8, table: new Float32Array(0) }, 64 + i)])"""
    )
    values = np.array(found).ravel()  # 4,000: standard errors of .016, .011 and .003
    assert abs(values.mean()) < 0.1
    assert abs(values.std() - 1) < 0.07
    assert abs((np.abs(values) < 1).mean() - 0.683) < 0.05
    assert len(np.unique(values)) > 3990


def test_keys_choose_codes_where_nothing_is_typed(page: Page) -> None:
    page.keyboard.press("ArrowRight")
    assert text(page, ".origin") == "Code 1 of seed 0"
    page.keyboard.press("ArrowLeft")
    assert text(page, ".origin") == "Code 0 of seed 0"
    page.keyboard.press("r")
    assert text(page, ".origin") != "Code 0 of seed 0"
    page.locator("#number").fill("3")
    page.locator("#number").press("Enter")
    page.locator("details.numbers summary").first.click()
    page.locator(".typed").first.focus()
    page.keyboard.press("r")
    assert text(page, ".origin") == "Code 3 of seed 0"


def test_typed_numbers_are_a_code_and_wrong_ones_are_told(studies, page: Page) -> None:
    page.locator("details.numbers summary").first.click()
    code = [0.5, -1, 0, 2, 0.25, -0.75, 1, -2]
    page.locator(".typed").first.fill(json.dumps(code))
    page.locator(".use").first.press("Enter")
    generator = load_generator(studies("dcgan") / "data/runs" / GAN)
    wanted = generator.decode(torch.tensor([code], dtype=torch.float32))[0]
    assert np.abs(pixels(page) - wanted.astype(int)).max() <= 1
    assert text(page, ".origin") == "A code of its own"
    before = pixels(page)
    for wrong, told in (("1, 2", "8 numbers; these are 2"), ("1, x, 3", "“x” is no number")):
        page.locator(".typed").first.fill(wrong)
        page.locator(".use").first.click()
        assert told in page.locator(".wrong").first.inner_text()
    assert np.array_equal(pixels(page), before)
    page.locator(".back").first.click()
    assert text(page, ".origin") == "Code 0 of seed 0"


# Sliders


def test_a_direction_moves_along_itself_alone(studies, page: Page) -> None:
    before, image, beside = typed(page), pixels(page), pixels(page, 1)
    values = [float(direction(page, k).input_value()) for k in range(8)]
    direction(page).press("End")
    after = typed(page)
    moved = (after - before) / np.linalg.norm(after - before)
    assert abs(float(after @ moved)) == pytest.approx(4, abs=1e-4)
    now = [float(direction(page, k).input_value()) for k in range(8)]
    assert now[0] == 4
    assert now[1:] == values[1:]
    assert not np.array_equal(pixels(page), image)
    assert np.array_equal(pixels(page, 1), beside)  # the other generator's code is its own
    assert text(page, ".directions output") == "4.0"


def test_a_slider_follows_the_mouse(page: Page) -> None:
    box = direction(page, 2).bounding_box()
    assert box
    page.mouse.click(box["x"] + 2, box["y"] + box["height"] / 2)
    settled(page)
    assert float(direction(page, 2).input_value()) == -4


def test_a_single_dimension_is_one_number_of_the_code(page: Page) -> None:
    page.locator("details.all summary").first.click()
    label = page.locator(".dimensions label").first
    index = int(re.findall(r"z(\d+)", label.inner_text())[0])
    before = typed(page)
    page.locator(".dimensions input").first.press("Home")
    after = typed(page)
    assert after[index] == pytest.approx(-4, abs=1e-5)
    others = np.arange(8) != index
    assert np.array_equal(after[others], before[others])


def test_strongest_directions_come_first_and_change_more(page: Page) -> None:
    shares = page.locator(".directions .share").all_inner_texts()[:8]
    values = [float(share.split()[0]) for share in shares]
    assert values == sorted(values, reverse=True)
    assert sum(values) == pytest.approx(100, abs=4)  # rounded, all eight of eight dimensions


# Walks, classes, runs


def test_a_walk_goes_straight_or_on_the_sphere_between_two_codes(page: Page) -> None:
    a, b = latents(8, 8, 0)[[2, 7]].numpy()
    page.locator("#from").fill("2")
    page.locator("#from").press("Enter")
    page.locator("#to").fill("7")
    page.locator("#to").press("Enter")
    at = page.locator("#at")
    at.focus()
    for key, share in (("Home", 0.0), ("End", 1.0)):
        at.press(key)
        assert typed(page) == pytest.approx((1 - share) * a + share * b, abs=1e-6)
    at.evaluate("e => { e.value = 0.5; e.dispatchEvent(new Event('input')); }")
    assert typed(page) == pytest.approx(0.5 * a + 0.5 * b, abs=1e-6)
    page.get_by_label("on the sphere").check()
    angle = np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    arc = np.sin(angle / 2) / np.sin(angle) * (a + b)
    assert typed(page) == pytest.approx(arc, abs=1e-5)


def test_what_is_shown_can_be_an_end_of_the_walk(page: Page) -> None:
    direction(page).press("Home")
    start = typed(page)
    page.locator("#take-from").click()
    page.locator("#at").press("End")
    assert typed(page) == pytest.approx(latents(8, 2, 0)[1].numpy(), abs=1e-6)
    page.locator("#at").press("Home")
    assert typed(page) == pytest.approx(start, abs=1e-6)


def test_runs_and_classes_are_chosen(studies, opened) -> None:
    page = opened(studies("conditional") / "reports/explorer.html").page
    first, beside = pixels(page), pixels(page, 1)
    page.locator(".class select").first.select_option(index=4)
    assert not np.array_equal(pixels(page), first)
    assert "--label 4" in text(page, ".command code")
    assert "4" in (page.locator(".view canvas").first.get_attribute("aria-label") or "")
    page.locator(".class select").first.select_option(index=0)
    page.locator(".run").first.select_option(VAE)
    assert np.array_equal(pixels(page), beside)
    assert not page.locator(".score").first.is_visible()
    assert "encoder" in page.locator(".none").first.inner_text()
    page.locator(".run").first.select_option(GAN)
    assert np.array_equal(pixels(page), first)


# Links, history, files


def whole(page: Page) -> list[bytes]:
    return [pixels(page, slot).tobytes() for slot in (0, 1)]


def test_a_link_restores_all_that_is_shown(studies, opened) -> None:
    path = studies("conditional") / "reports/explorer.html"
    page = opened(path).page
    page.locator("#number").fill("9")
    page.locator("#number").press("Enter")
    direction(page, 1).press("End")
    page.locator(".class select").nth(1).select_option(index=7)
    page.locator("#take-to").click()
    page.get_by_label("on the sphere").check()
    page.locator("#at").evaluate(
        "e => { e.value = 0.3; ['input', 'change'].forEach((n) => e.dispatchEvent(new Event(n))); }"
    )
    again = opened(path, f"#{page.url.split('#')[1]}").page
    assert whole(again) == whole(page)
    for selector in ("#number", "#from", "#to", "#at", ".class select", ".typed"):
        for slot in range(page.locator(selector).count()):
            found = [p.locator(selector).nth(slot).input_value() for p in (page, again)]
            assert found[0] == found[1], selector
    assert again.get_by_label("on the sphere").is_checked()
    # Also where it is put into the address bar of a page that is open.
    third = opened(path).page
    third.evaluate("hash => { location.hash = hash; }", page.url.split("#")[1])
    until(third, "document.getElementById('number').value === '9'")
    assert whole(third) == whole(page)


@pytest.mark.parametrize(
    "part",
    [
        "#n=5&run1=<b>gone</b>&code1=%%%&from=.A.B&at=7&way=up",
        "#n=-1&code1=AAAA&class1=99",
        "#n=NaN&run1=&at=x",
        "#panels",
    ],
)
def test_broken_links_show_what_they_can(studies, opened, part: str) -> None:
    found = opened(studies("dcgan") / "reports/explorer.html", part)
    assert found.complaints == []
    expected = 5 if "n=5" in part else 0
    assert text(found.page, ".origin") == f"Code {expected} of seed 0"
    assert ("gone" in text(found.page, "#said")) is ("gone" in part)
    assert found.page.locator("#said b").count() == 0


def test_the_strip_returns_to_what_was_shown(page: Page) -> None:
    start = whole(page)
    direction(page).press("End")
    moved = whole(page)
    page.keyboard.press("r")
    settled(page)
    entries = page.locator("#past button")
    assert entries.count() == 3
    entries.nth(1).click()
    assert whole(page) == moved
    assert float(direction(page).input_value()) == 4
    assert entries.nth(1).get_attribute("aria-current") == "true"
    entries.nth(2).press("Enter")
    assert whole(page) == start
    assert entries.count() == 3  # to return adds nothing


def test_the_png_is_the_image_pixel_by_pixel(page: Page) -> None:
    with page.expect_download() as told:
        page.locator(".save").first.click()
    assert told.value.suggested_filename == f"{GAN}-code-0.png"
    found = Image.open(io.BytesIO(Path(told.value.path()).read_bytes())).convert("RGB")
    assert np.array_equal(np.asarray(found), pixels(page))


def test_the_code_and_the_link_go_to_the_clipboard(studies, browser) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto((studies("dcgan") / "reports/explorer.html").as_uri())
    page.locator("details.numbers summary").first.click()
    read: Callable[[], str] = lambda: page.evaluate("navigator.clipboard.readText()")  # noqa: E731
    page.locator(".copy").first.click()
    until(page, "document.getElementById('said').textContent.includes('clipboard')")
    assert np.array_equal(np.array(read().split(", "), np.float32), latents(8, 1, 0)[0].numpy())
    page.locator("#link").press("Enter")
    until(page, "document.getElementById('said').textContent.includes('link')")
    assert read() == page.url
    context.close()


# D's score


def test_the_score_has_its_place_among_64_samples_and_64_real_images(page: Page) -> None:
    scale = page.locator(".scale").first
    assert [scale.locator(f".{kind}").count() for kind in ("made", "real", "here")] == [64, 64, 1]
    assert re.match(r"Above \d+ of 64 of its own", text(page, ".place"))
    shown = text(page, ".value")
    direction(page).press("Home")
    assert text(page, ".value") != shown
    assert not page.locator(".score").nth(1).is_visible()  # a VAE has no D
