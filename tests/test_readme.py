"""The README says what the committed reports say, and its links lead somewhere."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import typer

from ganstudy.cli import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
RUNS = {"real images": "real", "GAN": "gan-non_saturating-0", "VAE": "vae-elbo-0"}
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def metrics(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / f"reports/metrics/{name}.json").read_text())
    return found


@pytest.mark.parametrize("name", RUNS)
def test_the_first_numbers_are_those_of_the_committed_metrics(name: str) -> None:
    (line,) = (line for line in README.splitlines() if line.startswith(f"| {name} |"))
    said = [float(number) for number in re.findall(r"-?\d*\.\d+", line)]
    values = metrics(RUNS[name])
    fids = [values[key] for key in ("fid_debiased", "fid_low", "fid_high")]
    assert said[:3] == [pytest.approx(value, abs=0.05001) for value in fids]
    shares = [values[key] for key in ("recall", "coverage")]
    assert said[3:] == [pytest.approx(value, abs=0.00501) for value in shares]


def test_the_minutes_are_those_of_the_committed_trainings() -> None:
    for name in ("GAN", "VAE"):
        (said,) = re.findall(rf"{name} (\d+)(?: minutes)?[,.]", README)
        origin = ROOT / f"reports/evidence/{RUNS[name]}/origin.json"
        timing = json.loads(origin.read_text())["timing"]
        assert int(said) == round(timing["seconds"] / 60)
        assert timing["threads"] == 1
        assert "one thread each" in README


def test_the_budget_is_that_of_the_study() -> None:
    (said,) = re.findall(r"([\d,]+) images shown to each", README)
    report = (ROOT / "reports/README.md").read_text(encoding="utf-8")
    assert f"{said} images shown to each" in report


def test_it_is_short() -> None:
    assert len(README.split()) < 900


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text)]
    local = [link for link in links if link and not link.startswith("http")]
    assert [link for link in local if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_of_the_pages_are_there(page: Path) -> None:
    known = set(typer.main.get_command(app).commands)
    named = re.findall(r"^\$ (?:bin/)?ganstudy ([a-z]+)", page.read_text(encoding="utf-8"), re.M)
    assert set(named) <= known
