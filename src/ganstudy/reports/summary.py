"""What DVC's own tables and plots show: a few values of one run, under names that stay.

The run is that of `train.loss` and the first seed, whatever the loss is called, so that experiments
stand below each other.
"""

import csv
import io
from pathlib import Path
from typing import Any

from ganstudy.files import write_json, write_text
from ganstudy.reports.study import Study, shown

SUMMARY, CURVES, LOSSES = "summary.json", "curves.csv", "losses.csv"
VALUES = (
    *("fid_debiased", "fid_low", "fid_high", "recall", "coverage", "fid_relative", "precision"),
    *("modes_captured", "modes_captured_strict", "high_quality", "mode_kl", "judge"),
)
FOLLOWED = ("fid", "coverage", "modes_captured", "high_quality", "mode_kl")


def write(study: Study, out: Path) -> None:
    """Writes summary.json, those of VALUES that were measured and the seconds of training where
    they are known; curves.csv, those of FOLLOWED over images shown; losses.csv, of D and G. Nothing
    where the run is missing."""
    key = f"gan-{study.params.train.loss}-{study.params.study.seeds[0]}"
    for run in study.runs:
        if run.key == key:
            values = run.metrics | run.timing
            names = [name for name in (*VALUES, "seconds") if name in values]
            write_json(out / SUMMARY, {name: values[name] for name in names})
            moments = study.growth.get(key, ())
            along = shown(run, len(moments))
            rows = [
                {"images": round(at)} | {name: moment.get(name) for name in FOLLOWED}
                for at, moment in zip(along, moments, strict=True)
            ]
            write_text(out / CURVES, _table(["images", *FOLLOWED], rows))
            losses = [name for name in run.history if str(name).endswith("/loss")]
            write_text(out / LOSSES, run.history[["images", *losses]].to_csv(index=False))


def _table(columns: list[str], rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
