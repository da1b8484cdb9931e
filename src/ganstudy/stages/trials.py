"""Stage `trials`: the report of all variants of a recipe that were tried."""

from pathlib import Path

from ganstudy.files import read_json
from ganstudy.progress import log
from ganstudy.reports import trials
from ganstudy.study import variants
from ganstudy.study.layout import output
from ganstudy.tracking import git


def run(table: Path) -> None:
    """Writes README.md and trials.png beside the `table` of variants."""
    rows = [
        trials.Trial(variant, read_json(output(variants.result(name, table), "trial")))
        for name, variant in variants.read(table).items()
    ]
    results = ("--", str(table.parent / "trials"))
    made = git("log", "-1", "--format=commit %h, %ad", "--date=short", *results)
    trials.write(rows, variants.title(table), table, made or "today")
    log(f"report: {table.parent / 'README.md'}")
