"""Trials of a recipe by the commands: what a row sets is trained, and nothing else changes."""

import json
from pathlib import Path

from pipeline.workspace import Project

TABLE = """
variants:
  base: &base
    {run: gan-non_saturating, section: losses.non_saturating, seed: 0, group: Batch, words: default,
     set: {}}
  small: {<<: *base, words: small, set: {train.batch: 8}}
  odd: {<<: *base, words: odd, set: {train.batches: 8}}
"""


def test_trials_are_measured_on_validation_images_and_reported(
    finished: Project, tmp_path: Path
) -> None:
    table = tmp_path / "variants.yaml"
    table.write_text(TABLE)
    before = finished.read("params.yaml")
    table.write_text(TABLE[: TABLE.index("  odd")])
    finished.ganstudy("trial", "--variant", "base", "--variants", str(table))
    said = finished.ganstudy("trial", "--variants", str(table))  # all that was not tried yet
    assert "small: FID" in said
    assert "base: FID" not in said
    table.write_text(TABLE)
    values = [json.loads((tmp_path / f"trials/{n}.json").read_text()) for n in ("base", "small")]
    assert values[0]["fid_floor"] == values[1]["fid_floor"]
    assert values[0]["fid"] != values[1]["fid"]
    info = json.loads(finished.read("data/prepared/data.json"))
    assert {v["samples"] for v in values} == {info["validation"]}
    assert finished.read("params.yaml") == before
    said = finished.ganstudy("trial", "--variant", "odd", "--variants", str(table), ok=False)
    assert "train.batches is unknown; did you mean 'batch'" in said
    said = finished.ganstudy("trial", "--variant", "bas", "--variants", str(table), ok=False)
    assert "did you mean 'base'" in said
    said = finished.ganstudy("trials", "--variants", str(table), ok=False)
    assert "trials/odd.json is missing" in said
    table.write_text(TABLE[: TABLE.index("  odd")])
    finished.ganstudy("trials", "--variants", str(table))
    assert "| small |" in (tmp_path / "README.md").read_text()
