"""The pages of recorded games for hands, eyes and keys: controls, links, phones, no network."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from browser import Opened, new_page, until
from ganstudy import params
from ganstudy.reports import played
from ganstudy.reports.assembled import assemble
from pipeline.workspace import ROOT

Open = Callable[..., Opened]


@pytest.fixture(scope="session")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the ring, from the project's own evidence."""
    folder = tmp_path_factory.mktemp("ring")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT / "studies/modes/ring")
        played.write(assemble(params.load()), folder)
    return folder / "index.html"


@pytest.fixture
def theory(study: Path) -> Path:
    return study / "reports/index.html"


@pytest.fixture
def opened(browser: Browser) -> Iterator[Open]:
    contexts: list[BrowserContext] = []

    def open_page(path: Path, part: str = "", width: int = 1280, scheme: str = "light") -> Opened:
        found = new_page(browser, width, 900, scheme, 60_000)
        contexts.append(found.page.context)
        found.page.context.route(
            "**/*", lambda route: (found.requests.append(route.request.url), route.continue_())
        )
        found.page.goto(path.as_uri() + part)
        found.page.locator("#stage > *").first.wait_for(state="attached")
        return found

    yield open_page
    for context in contexts:
        context.close()


def frame(page: Page) -> int:
    page.evaluate("() => new Promise(requestAnimationFrame)")
    return int(page.locator("#moment").input_value())


def drawn(page: Page) -> str:
    frame(page)
    return page.locator("#stage").inner_html()


@pytest.mark.parametrize("which", ["theory", "ring"])
def test_it_asks_nothing_and_complains_of_nothing(which: str, request, opened: Open) -> None:
    path = request.getfixturevalue(which)
    found = opened(path)
    for key in ("Home", "ArrowRight", "l", "s", "End"):
        found.page.keyboard.press(key)
    frame(found.page)
    assert found.complaints == []
    assert found.requests == [path.as_uri()]
    links = re.findall(r"(?:src|href)=\"(?!data:|#|\$)([^\"]+)\"", path.read_text(encoding="utf-8"))
    assert set(links) <= {"README.md"}


@pytest.mark.parametrize("which", ["theory", "ring"])
@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_it_fits_a_phone_and_a_desk(which, width, scheme, request, opened: Open) -> None:
    page = opened(request.getfixturevalue(which), width=width, scheme=scheme).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    ground = "getComputedStyle(document.body).backgroundColor"
    assert (page.evaluate(ground) == "rgb(255, 255, 255)") is (scheme == "light")
    page.locator("#theme").click()
    assert (page.evaluate(ground) == "rgb(255, 255, 255)") is (scheme == "dark")
    assert "theme=" in page.url
    wide = page.locator("#stage").bounding_box()
    beside = page.locator(".courses").bounding_box()
    assert wide
    assert beside
    assert (beside["x"] > wide["x"] + 100) is (width == 1280)


def test_keys_step_and_choose_where_nothing_is_typed(theory: Path, opened: Open) -> None:
    page = opened(theory).page
    last = int(page.locator("#moment").get_attribute("max") or 0)
    assert frame(page) == last
    page.keyboard.press("Home")
    first = drawn(page)
    assert frame(page) == 0
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert frame(page) == 2
    assert drawn(page) != first
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert drawn(page) == first
    page.keyboard.press("ArrowLeft")
    assert frame(page) == 0
    page.keyboard.press("l")
    assert page.locator("#loss").input_value() == "wgan_gp"
    assert "wgan_gp" in (page.locator("#title").text_content() or "")
    page.keyboard.press("s")
    assert page.locator("#seed").input_value() == "1"
    page.locator("#loss").focus()
    page.keyboard.press("s")  # a select's own
    assert page.locator("#seed").input_value() == "1"


def test_play_goes_to_the_end_and_pauses_where_it_is_told(theory: Path, opened: Open) -> None:
    page = opened(theory, "#speed=4").page
    page.keyboard.press(" ")
    assert page.locator("#play").text_content() == "Pause"
    until(page, "Number(document.getElementById('moment').value) > 2")
    page.keyboard.press(" ")
    assert page.locator("#play").text_content() == "Play"
    at = frame(page)
    page.wait_for_timeout(200)
    assert frame(page) == at
    last = page.locator("#moment").get_attribute("max")
    page.locator("#moment").fill(str(int(last or 0) - 2))
    page.locator("#play").click()
    until(page, "document.getElementById('play').textContent === 'Play'")
    assert str(frame(page)) == last


def test_the_address_keeps_what_is_shown(theory: Path, opened: Open) -> None:
    page = opened(theory).page
    page.locator("#loss").select_option("wgan_gp")
    page.locator("#seed").select_option("1")
    page.locator("#speed").select_option("2")
    page.locator("#moment").fill("7")
    page.locator("#moment").dispatch_event("change")
    again = opened(theory, f"#{page.url.split('#')[1]}").page
    for control in ("#loss", "#seed", "#speed", "#moment"):
        assert again.locator(control).input_value() == page.locator(control).input_value()
    assert drawn(again) == drawn(page)
    again.evaluate("location.hash = '#loss=non_saturating&frame=1'")
    until(again, "document.getElementById('loss').value === 'non_saturating'")
    assert frame(again) == 1


@pytest.mark.parametrize("part", ["#loss=<b>&seed=9&frame=x&speed=77", "#frame=-5", "#frame=999"])
def test_broken_links_show_what_they_can(theory: Path, opened: Open, part: str) -> None:
    found = opened(theory, part)
    assert found.complaints == []
    last = int(found.page.locator("#moment").get_attribute("max") or 0)
    assert frame(found.page) == (0 if "-5" in part else last)
    assert found.page.locator("#loss").input_value() == "non_saturating"


def test_the_small_ones_choose_and_show_the_same_moment(theory: Path, opened: Open) -> None:
    page = opened(theory, "#frame=0").page
    small = page.locator("[data-mini='wgan_gp']")
    before = small.locator("svg").inner_html()
    page.keyboard.press("End")
    frame(page)
    assert small.locator("svg").inner_html() != before
    small.press("Enter")
    assert page.locator("#loss").input_value() == "wgan_gp"
    assert small.get_attribute("aria-pressed") == "true"


def test_d_is_a_probability_only_where_scores_are_log_odds(theory: Path, opened: Open) -> None:
    page = opened(theory).page
    assert page.locator("#stage .best").count() == 1
    half = page.locator("[data-series*='from ½']")
    assert half.is_visible()
    page.keyboard.press("l")
    frame(page)
    assert page.locator("#stage .best").count() == 0
    assert not half.is_visible()
    assert page.locator(".key [data-logistic='false']").is_visible()


def test_arrows_point_where_the_recording_says(theory: Path, opened: Open) -> None:
    page = opened(theory, "#frame=0").page
    found = page.evaluate(
        """() => {
          const game = JSON.parse(document.querySelector('.a-game').textContent);
          const arrows = [...Plots.unpack(game.arrays.arrows)[0]];
          const points = [...Plots.unpack(game.arrays.points)[0]];
          const lines = [...document.querySelectorAll('#stage .arrow')];
          const moves = lines.map((l) => l.getAttribute('x2') - l.getAttribute('x1'));
          const inside = arrows.filter((_, i) => Math.abs(points[i]) <= 4);
          return inside.map((arrow, i) => [arrow, moves[i]]);
        }"""
    )
    seen = [(arrow, move) for arrow, move in found if abs(move) > 0.1]
    assert len(seen) > 5
    assert all((arrow > 0) == (move > 0) for arrow, move in seen)


def test_the_lines_apart_are_chosen(theory: Path, opened: Open) -> None:
    page = opened(theory).page
    buttons = page.locator(".distances button")
    assert buttons.all_inner_texts() == ["θ = 0", "θ = 1"]
    assert buttons.nth(1).get_attribute("aria-pressed") == "true"
    before = page.locator("#lines").inner_html()
    buttons.nth(0).press("Enter")
    assert page.locator("#lines").inner_html() != before
    assert "θ = 0" in (page.locator("#lines-said").text_content() or "")


def test_claims_are_told_with_by_how_much_they_fail(theory: Path, opened: Open) -> None:
    rows = opened(theory).page.locator(".claims tbody tr")
    assert rows.count() == 6
    for row in rows.all():
        state, told = row.get_attribute("class"), row.locator("td").nth(2).inner_text()
        assert told == "yes" if state == "held" else told.startswith("no, by ")


@pytest.mark.parametrize("which", ["theory", "ring"])
def test_on_paper_there_is_the_game_and_no_controls(which: str, request, opened: Open) -> None:
    page = opened(request.getfixturevalue(which)).page
    page.emulate_media(media="print")
    assert page.locator("#stage").is_visible()
    for selector in (".deck", ".bar"):
        assert not page.locator(selector).is_visible()


@pytest.mark.parametrize("which", ["theory", "ring"])
def test_every_control_has_a_name(which: str, request, opened: Open) -> None:
    page = opened(request.getfixturevalue(which)).page
    nameless = """() => [...document.querySelectorAll("input, select, button, svg[role]")]
        .filter((e) => e.checkVisibility())
        .filter((e) => !(e.labels?.length || e.ariaLabel || e.textContent.trim()))
        .map((e) => e.outerHTML)"""
    assert page.evaluate(nameless) == []


def test_points_lie_over_the_landscape_at_the_end_and_are_not_made_up_before(
    ring: Path, opened: Open
) -> None:
    page = opened(ring).page
    assert page.locator("#stage .mode").count() == 8
    assert page.locator("#stage image").count() == 1
    dots = page.locator("#stage .cloud").get_attribute("d") or ""
    assert dots.count("M") > 900
    page.keyboard.press("ArrowLeft")
    frame(page)
    assert page.locator("#stage .cloud").count() == 0
    assert "no points are kept" in (page.locator("#stage").text_content() or "")
    assert page.locator("[data-series^='modes'] output").text_content() not in ("", "–")
