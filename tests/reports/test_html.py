"""The interactive page in a real browser: it works alone, for eyes, keys and phones."""

import base64
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page

from browser import Opened, new_page
from ganstudy.data.images import Split
from ganstudy.reports import embedded
from ganstudy.reports.comparison import compare
from ganstudy.reports.html import write
from ganstudy.reports.looks import COLOURS, MARKERS
from ganstudy.reports.pictures import tile
from ganstudy.reports.study import Study
from reports.planted import KEYS, covered, followed, images, labelled, many, plain, snapshots, timed

MOST = 5_000_000  # bytes of the page
GAN, VAE = KEYS
HOSTILE = "<script>document.title='broken'</script><b>&\"'</b>"
# Every text whose contrast with what is behind it is below 4.5, the least of WCAG 2.2, 1.4.3.
PALE = """() => {
  const light = (c) => { const [r, g, b] = c.match(/[\\d.]+/g).slice(0, 3).map(Number)
      .map((v) => v / 255).map((v) => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b; };
  const behind = (e) => { for (; e; e = e.parentElement) {
      const c = getComputedStyle(e).backgroundColor; if (!/, 0\\)$/.test(c)) return c; }
    return "rgb(255, 255, 255)"; };
  return [...document.querySelectorAll("body *")]
    .filter((e) => e.checkVisibility() && [...e.childNodes].some(
        (n) => n.nodeType === 3 && n.textContent.trim()))
    .map((e) => { const [a, b] = [getComputedStyle(e).color, behind(e)].map(light);
      const contrast = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
      return [e.textContent.trim().slice(0, 40), contrast]; })
    .filter(([, contrast]) => contrast < 4.5);
}"""


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator:
    """Writes the page of a study and opens it without a network."""
    contexts = []

    def open_page(
        study: Study, width: int = 1200, scheme: str = "light", *, drawn: bool = True
    ) -> Opened:
        write(study, tmp_path / "page")
        found = new_page(browser, width, 800, scheme, 120_000)
        contexts.append(found.page.context)
        found.page.on("request", lambda request: found.requests.append(request.url))
        found.page.goto((tmp_path / "page" / "index.html").as_uri())
        found.page.locator("#count:not(:empty)").wait_for(state="attached")
        if drawn:
            found.page.locator("[aria-busy]").first.wait_for(state="detached")
        return found

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def rich(tmp_path: Path) -> Study:
    """A study of two runs with all that can be measured."""
    return timed(followed(covered(labelled(plain(tmp_path)))))


@pytest.fixture
def failed(rich: Study) -> Study:
    """The same, whose GAN diverged after the first of three snapshots."""
    gan, vae = rich.runs
    lost = replace(gan, meta={**gan.meta, "failure": HOSTILE})
    return replace(
        rich,
        runs=[lost, vae],
        snapshots={**rich.snapshots, GAN: rich.snapshots[GAN][:1]},
        growth={**rich.growth, GAN: rich.growth[GAN][:1]},
        seconds={**rich.seconds, GAN: [1.0]},
        alarms={GAN: [HOSTILE]},
    )


def order(page: Page) -> list[str]:
    """The runs of the table from top to bottom."""
    return page.locator("#table tr[data-run]").evaluate_all("rows => rows.map(r => r.dataset.run)")


def card(page: Page, key: str) -> Locator:
    return page.locator(f"#samples figure[data-run='{key}'] img")


def coloured(plot: Locator, colour: str) -> np.ndarray:
    """Where pixels of a picture of `plot` are of a run's colour: (N, 2), x and y."""
    wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    pixels = np.asarray(Image.open(io.BytesIO(plot.screenshot())).convert("RGB"), np.int64)
    return np.argwhere(np.abs(pixels - wanted).max(2) < 24)[:, ::-1]


def has_colour(plot: Locator, colour: str) -> bool:
    return len(coloured(plot, colour)) > 0


def point(page: Page, plot: str, key: str, row: int) -> None:
    """Moves the pointer to where Bokeh drew a row of a run's data, as a hand would."""
    place = page.locator(f"#{plot}")
    place.scroll_into_view_if_needed()
    x, y = place.evaluate(
        """(place, [key, row]) => {
          const view = Bokeh.index.roots.find((root) => place.contains(root.el));
          const one = view.model.renderers.find((found) => found.name === key);
          const { sx, sy } = view.views.find_one(one).glyph;
          return [sx[row], sy[row]];
        }""",
        [key, row],
    )
    box = place.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(box["x"] + x, box["y"] + y, steps=5)
    page.wait_for_timeout(200)


def tips(page: Page) -> list[str]:
    """The texts of the tooltips that are seen."""
    return page.locator(".bk-tooltip-content:visible").all_inner_texts()


# It is whole


def test_it_opens_alone_without_a_complaint_and_draws_every_plot(opened, rich: Study) -> None:
    found = opened(rich)
    assert found.complaints == []
    assert [u for u in found.requests if not u.startswith("data:")] == [found.page.url]
    plots = found.page.locator(".plot")
    assert plots.count() == 8  # two metrics, three terms, precision and recall, two of classes
    for plot in plots.all():
        assert plot.locator("canvas").count() > 0
    assert has_colour(found.page.locator("#plot-growth-fid"), COLOURS[0])


def test_equal_studies_give_equal_bytes(rich: Study, tmp_path: Path) -> None:
    for name in "ab":
        write(rich, tmp_path / name)
    assert (tmp_path / "a/index.html").read_bytes() == (tmp_path / "b/index.html").read_bytes()


def test_every_picture_says_what_it_shows(opened, rich: Study) -> None:
    texts = opened(rich).page.locator("img").evaluate_all("all => all.map(i => i.alt)")
    assert len(texts) == len(set(texts)) == 1 + 2 + 4 + 4 + 2  # two stand side by side again
    assert all(len(text) > 10 for text in texts)


def test_names_and_failures_are_text_not_markup(opened, failed: Study) -> None:
    names = (HOSTILE, "b")
    page = opened(replace(failed, data=replace(failed.data, classes=names))).page
    assert page.title() == "digits: a study by ganstudy"
    assert HOSTILE in page.locator(".failure").inner_text()
    assert HOSTILE in page.locator("#training li").inner_text()


# What it does


def test_a_heading_orders_the_runs_by_its_number_and_turns_round(opened, rich: Study) -> None:
    page = opened(rich).page
    heading = page.locator("#table th", has_text="debiased FID")
    assert order(page) == [GAN, VAE]  # 7 and 19
    heading.locator("button").focus()
    page.keyboard.press("Enter")
    assert (heading.get_attribute("aria-sort"), order(page)) == ("ascending", [GAN, VAE])
    page.keyboard.press("Space")
    assert (heading.get_attribute("aria-sort"), order(page)) == ("descending", [VAE, GAN])
    page.get_by_label("all metrics").check()
    unknown = page.locator("#table th", has_text="mem1")
    for _ in range(2):  # only the GAN has a value: it is first both ways
        unknown.locator("button").click()
        assert order(page) == [GAN, VAE]
    assert heading.get_attribute("aria-sort") == "none"
    assert page.locator("#table tbody").first.inner_text().startswith("real images")


def test_the_slider_shows_the_samples_of_its_moment(opened, failed: Study) -> None:
    page = opened(failed).page
    last, ended = card(page, VAE).screenshot(), card(page, GAN).screenshot()
    page.locator("#moment").focus()
    page.keyboard.press("Home")
    assert page.locator("#reached").inner_text() == "16 images shown"
    first = card(page, VAE).screenshot()
    assert first != last
    page.keyboard.press("ArrowRight")
    assert card(page, VAE).screenshot() not in (first, last)
    page.keyboard.press("End")
    assert card(page, VAE).screenshot() == last
    assert card(page, GAN).screenshot() == ended  # it has no later samples


def test_hiding_a_run_hides_it_everywhere(opened, rich: Study) -> None:
    page = opened(rich).page
    curves = page.locator("#plot-growth-fid")
    page.locator("#samples .chip", has_text=GAN).click()
    page.mouse.move(0, 0)
    assert not card(page, GAN).is_visible()
    assert card(page, VAE).is_visible()
    assert not page.locator(f".pair[data-run='{GAN}']").first.is_visible()
    assert page.locator("#count").inner_text() == "1 of 2"
    assert page.locator("#training .chip", has_text=GAN).get_attribute("aria-pressed") == "false"
    assert not has_colour(curves, COLOURS[0])
    assert has_colour(curves, COLOURS[1])
    page.locator("#training .chip", has_text=GAN).click()
    assert card(page, GAN).is_visible()
    assert has_colour(curves, COLOURS[0])


@pytest.mark.parametrize(
    ("plot", "key", "row", "told"),
    [
        ("plot-growth-fid", VAE, 1, ["images", "32", "seconds", "2", "FID to validation", "46"]),
        ("plot-term-discriminator-r1", GAN, 2, ["images", "1,200", "r1", "0.2"]),
        ("plot-balance", VAE, 0, ["recall", "0.500", "precision", "0.900"]),
    ],
)
def test_pointing_at_a_curve_tells_its_run_and_values(
    opened, rich: Study, plot: str, key: str, row: int, told: list[str]
) -> None:
    gan, vae = rich.runs  # apart, so that each dot is of one run
    apart = vae.history.assign(**{"discriminator/r1": 0.7})
    vae = replace(vae, metrics=vae.metrics | {"recall": 0.5}, history=apart)
    growth = {**rich.growth, GAN: [{**g, "fid": 4 * g["fid"]} for g in rich.growth[GAN]]}
    page = opened(replace(rich, runs=[gan, vae], growth=growth)).page
    assert tips(page) == []
    point(page, plot, key, row)
    page.locator(".bk-tooltip-content:visible").first.wait_for()
    (tip,) = tips(page)
    for text in [key, *told]:
        assert text in tip, (text, tip)
    page.locator("#training .chip", has_text=key).click()
    point(page, plot, key, row)
    assert tips(page) == []  # what is hidden tells nothing


def test_curves_run_over_images_or_seconds(opened, rich: Study) -> None:
    page = opened(rich).page
    curves = page.locator("#plot-growth-coverage")
    before = curves.screenshot()
    page.get_by_label("seconds").check()
    page.mouse.move(0, 0)
    assert curves.screenshot() != before
    page.get_by_label("images shown").check()
    page.mouse.move(0, 0)
    assert curves.screenshot() == before


def test_keys_reach_the_runs_and_leave_them(opened, rich: Study) -> None:
    page = opened(rich).page
    summary = page.locator("#chooser > summary")
    summary.focus()
    page.keyboard.press("Enter")
    for _ in range(2):
        page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")  # "Hide all"
    assert page.locator("#count").inner_text() == "0 of 2"
    page.keyboard.press("Escape")
    assert not page.locator(".panel").is_visible()
    assert summary.evaluate("e => e === document.activeElement")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_is_the_systems_until_it_is_chosen_and_readable(
    opened, failed: Study, scheme: str
) -> None:
    page = opened(failed, scheme=scheme).page
    ground = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(ground)
    assert (before == "rgb(255, 255, 255)") is (scheme == "light")
    page.locator("details:not(.chooser)").evaluate_all("all => all.forEach(d => d.open = true)")
    assert page.evaluate(PALE) == []
    page.locator("#theme").click()
    assert page.evaluate(ground) != before
    assert page.evaluate(PALE) == []
    page.locator("#theme").click()
    assert page.evaluate(ground) == before


@pytest.mark.parametrize("width", [320, 390])
def test_a_phone_scrolls_down_only(opened, rich: Study, width: int) -> None:
    long = "gan-a_loss_with_a_very_long_name_indeed-0"
    runs = [replace(rich.runs[0], key=long), rich.runs[1]]
    moved = {
        name: {long if key == GAN else key: value for key, value in getattr(rich, name).items()}
        for name in ("snapshots", "growth", "seconds", "walks", "neighbours")
    }
    page = opened(replace(rich, runs=runs, **moved), width=width).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator("#chooser > summary").click()
    box = page.locator(".panel").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width


# Metrics


def test_arrows_say_which_way_is_better_and_the_better_runs_come_first(opened, rich: Study) -> None:
    gan, vae = rich.runs
    vae = replace(vae, metrics=vae.metrics | {"recall": 0.99})
    page = opened(replace(rich, runs=[gan, vae])).page
    for text, arrow, best in (("debiased FID", "↓", GAN), ("recall", "↑", VAE)):
        heading = page.locator("#table th", has_text=text).first
        assert arrow in heading.inner_text()
        heading.locator("button").click()
        assert order(page)[0] == best


def test_a_few_columns_are_seen_and_then_all(opened, rich: Study) -> None:
    page = opened(rich).page
    headings = page.locator("#table thead th:visible")
    few = [text.split()[0] for text in headings.all_inner_texts()]
    assert few == ["run", "debiased", "recall", "coverage", "relative", "×", "precision"]
    page.get_by_label("all metrics").check()
    assert headings.count() > 10
    assert page.locator("#table th", has_text="KID").is_visible()


def test_what_is_shown_is_a_file_in_two_formats(opened, rich: Study) -> None:
    page = opened(rich).page
    page.locator("#samples .chip", has_text=VAE).click()
    with page.expect_download() as csv:
        page.locator("#csv").click()
    head, real, run = csv.value.path().read_text().splitlines()
    assert head.split(",")[:3] == ["run", "debiased FID [95 %]", "recall"]
    assert real.split(",")[:2] == ["real images", "0.1"]
    assert run.split(",")[:2] == [GAN, "7.0"]
    with page.expect_download() as found:
        page.locator("#json").click()
    rows = json.loads(found.value.path().read_text())
    assert [row["run"] for row in rows] == ["real images", GAN]
    assert rows[1]["recall"] == 0.91
    assert "KID" not in rows[1]  # a column that is not seen


def test_a_phone_has_a_card_for_each_run(opened, rich: Study) -> None:
    page = opened(rich, width=390).page
    row = page.locator(f"#table tr[data-run='{GAN}']")
    cells = row.locator("td:visible")
    places = [cell.bounding_box() for cell in cells.all()]
    assert len({box["x"] for box in places}) == 1  # below each other
    assert all(box["x"] + box["width"] <= 390 for box in places)
    label = "cell => getComputedStyle(cell, '::before').content"
    assert cells.first.evaluate(label) == '"debiased FID [95 %] ↓"'


# Two runs


def test_two_runs_are_compared_by_metrics_params_and_samples(opened, rich: Study) -> None:
    gan, vae = rich.runs
    other = {"train": {**vae.meta["params"]["train"], "batch": 99}}
    page = opened(replace(rich, runs=[gan, replace(vae, meta={**vae.meta, "params": other})])).page
    two = page.locator("#two")
    fid = two.locator("#two-metrics tr", has_text="debiased FID")
    assert fid.locator("td").all_inner_texts() == [
        "7.00 [6.00, 7.50]",
        "19.00 [18.00, 19.50]",
        "+12",
    ]
    assert fid.locator(".gain").count() == 0
    differing = two.locator("#two-params tr")
    assert differing.count() == 1
    assert differing.locator("th, td").all_inner_texts()[::2] == ["train.batch", "99"]
    left = two.locator("#two-samples img").first
    before = left.screenshot()
    page.locator("#moment").focus()
    page.keyboard.press("Home")
    assert left.screenshot() != before  # at the moment that is chosen below
    page.locator("#one").select_option(VAE)
    page.locator("#other").select_option(GAN)
    assert fid.locator("td").last.inner_text() == "-12"
    assert fid.locator(".gain").count() == 1


# What the address keeps


def test_an_address_shows_again_what_was_chosen(opened, rich: Study) -> None:
    found = opened(rich, scheme="light")
    page = found.page
    page.locator("#samples .chip", has_text=VAE).click()
    page.locator("#moment").focus()
    page.keyboard.press("Home")
    page.get_by_label("seconds").check()
    page.get_by_label("all metrics").check()
    page.locator("#theme").click()
    page.locator("#table th", has_text="recall").first.locator("button").click()
    page.locator("#other").select_option(GAN)
    address = page.url
    page.goto("about:blank")
    page.goto(address)
    page.locator("[aria-busy]").first.wait_for(state="detached")
    assert page.locator("#count").inner_text() == "1 of 2"
    assert not card(page, VAE).is_visible()
    assert page.locator("#reached").inner_text() == "16 images shown"
    assert page.get_by_label("seconds").is_checked()
    assert page.get_by_label("all metrics").is_checked()
    assert page.locator("#theme").get_attribute("aria-pressed") == "true"
    heading = page.locator("#table th", has_text="recall").first
    assert heading.get_attribute("aria-sort") == "descending"
    assert page.locator("#other").input_value() == GAN
    page.locator(".bar a", has_text="Training").click()  # which leaves it as it is
    assert page.url == address
    assert found.complaints == []


def test_when_nothing_is_shown_it_is_said(opened, rich: Study) -> None:
    page = opened(rich).page
    said = page.locator("#none")
    assert not said.is_visible()
    for key in KEYS:
        page.locator("#samples .chip", has_text=key).click()
    assert "No run is shown" in said.inner_text()
    page.locator("#samples .chip").first.click()
    assert not said.is_visible()


# Pictures and paper


def test_a_picture_is_enlarged_by_keys_and_by_a_click(opened, rich: Study) -> None:
    page = opened(rich).page
    large = page.locator("#large")
    picture = page.locator("#copies img").first
    small = picture.bounding_box()["width"]
    picture.focus()
    page.keyboard.press("Enter")
    assert large.locator("img").bounding_box()["width"] > small
    assert large.locator("p").inner_text() == "first samples"
    page.keyboard.press("Escape")
    assert not large.is_visible()
    card(page, GAN).click()
    assert large.is_visible()
    large.click()
    assert not large.is_visible()


def test_paper_has_every_plot_and_column_the_legend_and_light_colours(opened, rich: Study) -> None:
    found = opened(rich, scheme="dark", drawn=False)
    page = found.page
    page.evaluate(
        """() => { window.print = () => { document.documentElement.dataset.printed = [
            document.querySelectorAll("[aria-busy]").length,
            document.querySelectorAll("main details:not([open])").length]; }; }"""
    )
    page.locator("#print").click()
    page.locator("html[data-printed]").wait_for(state="attached")
    nothing_busy_nothing_shut = "0,0"
    assert page.locator("html").get_attribute("data-printed") == nothing_busy_nothing_shut
    page.emulate_media(media="print", color_scheme="dark")
    assert page.locator("#table th", has_text="KID").is_visible()
    assert page.locator("#training .strip .chip").first.is_visible()
    assert not page.locator(".bar, .tools").first.is_visible()
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(255, 255, 255)"


# Plots


def model(page: Page, plot: str, code: str) -> Any:
    """What `code` finds of the Bokeh figure that is drawn in `plot`."""
    script = f"""place => {{ const view = Bokeh.index.roots.find((root) => place.contains(root.el));
        const figure = view.model; return {code}; }}"""
    return page.locator(f"#{plot}").evaluate(script)


def test_axes_reach_as_far_as_the_data_and_say_that_they_are_logarithmic(
    opened, rich: Study
) -> None:
    page = opened(rich).page
    assert "log scale" in page.locator(".plot", has=page.locator("#plot-growth-fid")).inner_text()
    coverage = page.locator(".plot", has=page.locator("#plot-growth-coverage"))
    assert "log scale" not in coverage.inner_text()
    low, high = model(page, "plot-balance", "[figure.x_range.start, figure.x_range.end]")
    assert 0.5 < low < 0.91 < high < 1.3  # every recall is 0.91
    assert model(page, "plot-growth-fid", 'figure.renderers.some((r) => r.name === "real images")')
    bottom = model(page, "plot-growth-fid", "figure.y_range.start")
    assert bottom < 2.0 * 1000 / 12  # the floor of 1,000 samples, at the 12 of a snapshot


def test_a_term_of_unlike_scales_is_drawn_on_a_log_axis(opened, rich: Study) -> None:
    gan, vae = rich.runs
    large = gan.history.assign(**{"discriminator/r1": [100.0, 90.0, 80.0]})
    page = opened(replace(rich, runs=[replace(gan, history=large), vae])).page
    assert model(page, "plot-term-discriminator-r1", "figure.y_scale.type") == "LogScale"
    assert model(page, "plot-term-generator-loss", "figure.y_scale.type") == "LinearScale"


def test_curves_have_the_names_of_their_losses_at_their_ends(opened, rich: Study) -> None:
    page = opened(rich).page
    names = """figure.renderers.filter((r) => r.data_source.data.name)
        .map((r) => [...r.data_source.data.name][0])"""
    assert model(page, "plot-growth-fid", names) == ["gan-non_saturating", "vae-elbo"]


def test_the_legend_has_the_markers_and_dashes_of_the_plots(opened, rich: Study) -> None:
    study = many(rich, 2, 3, snapshots(1))
    page = opened(replace(study, comparison=compare(study.runs, {}))).page
    strip = page.locator("#training .strip")
    shapes = strip.locator(".chip:not(.seed) path:not(.dash)").evaluate_all(
        "all => all.map(path => path.getAttribute('d'))"
    )
    dashes = strip.locator(".seed path").evaluate_all(
        "all => all.map(path => path.getAttribute('stroke-dasharray'))"
    )
    assert len(set(shapes)) == 2
    assert len(set(dashes)) == 3
    style = (
        "chip => { const s = getComputedStyle(chip); return [s.backgroundColor, s.borderStyle]; }"
    )
    seed, loss = strip.locator(".seed").first, strip.locator(".chip:not(.seed)").first
    assert seed.evaluate(style) == loss.evaluate(style)
    seed.click()
    assert seed.evaluate(style)[1] == "dashed"


def test_every_control_has_a_name_every_id_is_one_and_headings_go_down_by_one(
    opened, failed: Study
) -> None:
    page = opened(failed).page
    nameless = """() => [...document.querySelectorAll(
            "a, button, input, select, summary, [tabindex]")]
        .filter((e) => !(e.getAttribute("aria-label") || e.alt || e.labels?.length || e.title
            || e.textContent.trim())).map((e) => e.outerHTML)"""
    assert page.evaluate(nameless) == []
    ids = page.locator("[id]").evaluate_all("all => all.map(e => e.id)")
    assert len(ids) == len(set(ids))
    levels = page.locator("h1, h2, h3, h4").evaluate_all("all => all.map(e => +e.localName[1])")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


# Studies of every size


def test_one_run_without_labels_or_times_is_a_page_too(opened, tmp_path: Path) -> None:
    study = plain(tmp_path)
    run = replace(study.runs[0], timing={})
    found = opened(replace(study, runs=[run], snapshots={GAN: snapshots(1)}))
    assert found.complaints == []
    assert found.page.locator("#moment, [name=along]").count() == 0
    assert found.page.locator("#plot-class-share").count() == 0
    assert card(found.page, GAN).is_visible()


def test_seeds_bring_the_comparison_of_losses_and_its_verdicts(opened, rich: Study) -> None:
    study = many(rich, 3, 7, snapshots(2))  # FIDs of 9, 10 and 11, whatever the seed
    found = opened(replace(study, comparison=compare(study.runs, {})), scheme="dark")
    losses = found.page.locator("#losses")
    assert losses.locator(".told").first.locator("tbody td:first-child").all_inner_texts() == [
        "gan-loss_0",
        "gan-loss_1",
        "gan-loss_2",
    ]
    chances = losses.locator(".chances tbody tr")
    assert chances.nth(0).locator("td").all_inner_texts() == ["", "1.00*", "1.00*"]
    assert chances.nth(2).locator("td").all_inner_texts() == ["0.00*", "0.00*", ""]
    assert "3 differ, 0 tie" in found.page.locator(".lead").inner_text()
    tiers = losses.locator(".tiers li").all_inner_texts()
    assert tiers == ["gan-loss_0", "gan-loss_1", "gan-loss_2"]
    concluded = losses.locator("h3:text('What can be concluded') + ul")
    assert concluded.locator("strong", has_text="gan-loss_0").count() == 1
    assert "**" not in concluded.inner_text()
    found.page.locator("#plot-seeds:not([aria-busy])").wait_for()
    values = """place => Bokeh.index.roots.find((root) => place.contains(root.el)).model
        .renderers.filter((one) => one.visible && one.data_source.data.run)
        .map((one) => [...one.data_source.data.value][0])"""
    assert sorted(losses.locator("#plot-seeds").evaluate(values)) == [9] * 7 + [10] * 7 + [11] * 7
    assert found.complaints == []


def test_seventy_seven_runs_begin_with_a_seed_of_each_loss_and_stay_small(
    opened, tmp_path: Path
) -> None:
    study = plain(tmp_path)
    noise = snapshots(3, side=28)  # as the terms are: nothing is harder to pack
    study = timed(followed(covered(labelled(many(study, 11, 7, noise)))))
    runs = [replace(run, history=terms(index)) for index, run in enumerate(study.runs)]
    found = opened(replace(study, runs=runs), width=390, drawn=False)
    page = found.page
    assert (tmp_path / "page/index.html").stat().st_size < MOST
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    high = page.locator("#table").evaluate("e => e.parentElement.clientHeight")
    assert high < page.viewport_size["height"]  # it scrolls inside
    strip = page.locator("#samples .strip")
    assert strip.locator(".chip:not(.seed)").count() == 11
    cards = page.locator("#samples figure[data-run]:visible")
    keys = "all => all.map(e => e.dataset.run)"
    assert cards.evaluate_all(keys) == [f"gan-loss_{loss}-0" for loss in range(11)]
    assert page.locator("#count").inner_text() == "11 of 77"
    seeds = strip.locator(".seed")
    seeds.nth(3).click()
    seeds.nth(0).click()
    assert cards.evaluate_all(keys) == [f"gan-loss_{loss}-3" for loss in range(11)]
    family = strip.locator(".chip").first
    assert family.get_attribute("aria-pressed") == "mixed"
    family.click()
    assert page.locator("#count").inner_text() == "10 of 77"
    seeds.nth(5).click()  # of the losses that are shown
    assert page.locator("#count").inner_text() == "20 of 77"
    family.click()  # with the seeds that are shown
    assert cards.evaluate_all(keys)[:2] == ["gan-loss_0-3", "gan-loss_0-5"]
    assert page.locator("#count").inner_text() == "22 of 77"
    curves = page.locator("#plot-growth-fid")
    curves.scroll_into_view_if_needed()
    page.locator("#plot-growth-fid:not([aria-busy])").wait_for()  # drawn as was chosen by then
    shown = """place => Bokeh.index.roots.find((root) => place.contains(root.el)).model
        .renderers.filter((one) => one.visible && one.name !== "real images")
        .map((one) => one.name)"""
    seen = {f"gan-loss_{loss}-{seed}" for loss in range(11) for seed in (3, 5)}
    assert set(curves.evaluate(shown)) == seen
    assert found.complaints == []


def terms(seed: int) -> pd.DataFrame:
    """A long history of noise."""
    noise = np.random.default_rng(seed).random((8, 128))
    named = {f"discriminator/{n}": row for n, row in enumerate(noise)}
    return pd.DataFrame({"images": 10.0 * np.arange(1, 129)} | named)


def test_stacked_images_have_a_page_too(opened, tmp_path: Path) -> None:
    study = plain(tmp_path)
    modes = {"modes": 1000, "modes_captured": 900, "mode_kl": 0.2, "mode_kl_floor": 0.02}
    kept = (
        "fid",
        "fid_low",
        "fid_high",
        "fid_floor",
        "samples",
        "reference",
        "judge",
        "judge_sha256",
    )
    real = {name: study.real[name] for name in kept} | modes
    coloured = snapshots().repeat(3, axis=4)
    stacked = replace(
        study,
        data=replace(study.data, name="stacked_digits", kind="stacked", shape=(8, 8, 3)),
        reference=Split(images(70).repeat(3, axis=3), None),
        real=real,
        runs=[replace(run, metrics=real) for run in study.runs],
        snapshots=dict.fromkeys(KEYS, coloured),
        growth={k: [{"modes_captured": 9, "mode_kl": 0.3, "samples": 12}] * 3 for k in KEYS},
    )
    found = opened(stacked)
    assert found.complaints == []
    assert found.page.locator("#table th", has_text="reverse KL").count() == 1
    assert found.page.locator("#plot-growth-modes_captured canvas").count() > 0
    assert found.page.locator("#plot-balance, #copies").count() == 0


# Pictures


def decoded(picture: embedded.Picture) -> np.ndarray:
    found = Image.open(io.BytesIO(base64.b64decode(picture.uri.split(",")[1])))
    return np.asarray(found.convert("RGB"))


def test_pictures_of_a_small_study_are_without_loss(rich: Study) -> None:
    found = embedded.embed(rich, KEYS)
    assert np.array_equal(decoded(found.real), tile(rich.reference.images[:64], 8, embedded.GROUND))
    picture = found.samples[GAN]
    frames = decoded(picture).reshape(picture.frames, picture.height, picture.width, 3)
    assert list(found.moments) == [0, 1, 2]
    for frame, snapshot in zip(frames, rich.snapshots[GAN], strict=True):
        assert np.array_equal(frame, tile(snapshot, 8, embedded.GROUND))


def test_of_many_snapshots_some_are_shown_evenly_and_the_last(rich: Study) -> None:
    found = embedded.embed(replace(rich, snapshots=dict.fromkeys(KEYS, snapshots(48))), KEYS)
    assert list(found.moments) == [3, 7, 11, 15, 19, 23, 27, 31, 35, 39, 43, 47]
    assert found.samples[GAN].frames == 12


def test_more_pictures_than_fit_lose_detail_not_runs(tmp_path: Path) -> None:
    study = many(plain(tmp_path), 12, 1, snapshots(8, side=28))
    found = embedded.embed(study, list(study.snapshots))
    assert found.detail != embedded.DETAILS[0]
    assert set(found.samples) == {run.key for run in study.runs}
    spent = sum(len(picture.uri) for picture in found.samples.values())
    assert spent < embedded.BUDGET


def test_large_images_are_shrunk_in_proportion(rich: Study) -> None:
    wide = images(64 * 2, 3).repeat(16, 1).repeat(32, 2).reshape(2, 64, 128, 256, 1)
    found = embedded.embed(replace(rich, snapshots=dict.fromkeys(KEYS, wide)), KEYS)
    side, pixels = found.detail.side, found.detail.pixels
    assert found.samples[GAN].width == side * (pixels + 1) + 1
    assert found.samples[GAN].height == side * (pixels // 2 + 1) + 1


def test_the_first_colours_are_apart_for_eyes_without_green_and_all_by_their_markers() -> None:
    """Machado, Oliveira & Fernandes 2009, deuteranopia at severity 1, on linear RGB."""
    seen = [lightness_and_hue(colour) for colour in COLOURS]
    for one, other in combinations(seen[:4], 2):
        assert np.linalg.norm(one - other) > 15
    pairs = {(COLOURS[n % len(COLOURS)], MARKERS[n % len(MARKERS)]) for n in range(len(COLOURS))}
    alike = [
        {MARKERS[a % len(MARKERS)], MARKERS[b % len(MARKERS)]}
        for a, b in combinations(range(len(COLOURS)), 2)
        if np.linalg.norm(seen[a] - seen[b]) < 10
    ]
    assert len(pairs) == len(COLOURS)
    assert all(len(markers) == 2 for markers in alike)


def lightness_and_hue(colour: str) -> np.ndarray:
    """CIE L*a*b* of a colour as such an eye sees it."""
    values = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = np.array([v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values])
    eye = np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    )
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    x, y, z = np.cbrt(to_xyz @ np.clip(eye @ linear, 0, 1) / [0.9505, 1.0, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def test_colours_of_runs_stand_out_from_both_grounds() -> None:
    style = (Path(embedded.__file__).parent / "web/page.css").read_text(encoding="utf-8")
    grounds = set(re.findall(r"--(?:ground|raised): (#\w{6})", style))
    assert len(grounds) == 4
    for colour in COLOURS:
        for ground in grounds:
            assert contrast(colour, ground) >= 3, (colour, ground)


def contrast(one: str, other: str) -> float:
    """WCAG's ratio of two colours like #1f78c8."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    linear = [
        v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4
        for v in (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    ]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))
