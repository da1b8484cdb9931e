"""The study of theory with games of a few rounds, as its command plays and draws it."""

from pathlib import Path

import yaml

from ganstudy.stages import theory as stage
from ganstudy.study import layout
from ganstudy.theory.settings import TheoryParams, load
from pipeline.workspace import ROOT

STUDY = ROOT / "studies/theory"
LOSSES = ("non_saturating", "wgan_gp")
SHORT = {"rounds": 40, "batch": 16}


def committed() -> TheoryParams:
    """The params of the project's own study."""
    return load(STUDY / "params.yaml")


def content() -> dict:
    """Its params.yaml, with games of seconds, two losses and two seeds."""
    found = yaml.safe_load((STUDY / "params.yaml").read_text(encoding="utf-8"))
    games = found["games"]
    games["losses"] = {name: games["losses"][name] for name in LOSSES}
    found["seeds"] = [0, 1]
    for section in (found["parallel"]["discriminator"], found["parallel"]["critic"]):
        section.update(SHORT, planted=2)
    for section in (found["optimal"]["alone"], games, games["fresh"]):
        section.update(SHORT)
    found["parallel"]["distances"] = [0, 1]
    for section in (found["parallel"], found["optimal"], games):
        section["samples"] = 500
    return found


def laid(folder: Path) -> Path:
    """A folder with such params."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / layout.PARAMS).write_text(yaml.safe_dump(content(), sort_keys=False))
    return folder


def played() -> None:
    """Plays every part in this folder, and draws the report."""
    for name in load(layout.PARAMS).parts():
        stage.play(name, layout.EVIDENCE / name)
    stage.draw(layout.REPORTS)
