"""Stage `compare`: the report over the whole grid, and MLflow made complete."""

import json
from pathlib import Path

import yaml

from ganstudy import layout, runs
from ganstudy.data.images import load_info, load_split
from ganstudy.errors import InputError
from ganstudy.files import sha256_json, write_text
from ganstudy.params import Params, parse
from ganstudy.progress import say
from ganstudy.reports.page import Study, write
from ganstudy.tracking import (
    backfill,
    comparison_link,
    flat,
    git,
    link_path,
    source_tags,
    tracked,
)


def run(params: Params, out: Path) -> None:
    """Writes the report of every run that params name into `out`; see `reports.page`.

    Rows come from params, never from the files that happen to be there; metrics of runs that have
    left the study leave `reports/metrics` (their experiments keep them). Raises `InputError` when a
    run is missing, or when two judges measured.
    """
    for path in layout.METRICS.glob("*.json"):
        if path.stem not in (layout.REAL, *params.run_keys()):
            path.unlink()
    real = runs.read_metrics(layout.REAL)
    grid = [runs.read_run(key) for key in params.run_keys()]
    for run_ in grid:
        if run_.metrics["judge_sha256"] != real["judge_sha256"]:
            raise InputError(
                f"{run_.key} was measured by another judge than the real images: two judges make "
                "no table; run `dvc repro evaluate`"
            )
        backfill(run_)
    test = load_split(layout.PREPARED, "test")
    keys = [run_.meta["key"] for run_ in grid]
    study = Study(
        params=params,
        data=load_info(layout.PREPARED),
        reference=(test.images, None if test.labels is None else test.labels.tolist()),
        real=real,
        runs=grid,
        command=_command(params),
        provenance=_provenance(),
    )
    write(study, out)
    write_text(link_path(), comparison_link(keys) + "\n")
    with tracked("report", sha256_json(["report", *keys]), "report", {"runs": keys}) as tracker:
        tracker.log_metrics({f"fid {run_.key}": run_.metrics["fid"] for run_ in grid})
        tracker.log_files(out / "README.md", *sorted((out / "figures").glob("*.png")))
    say(f"report: {out / 'README.md'}")


def _command(params: Params) -> str:
    """What makes this study from the last commit: the parameters that differ from it by `-S`."""
    try:
        committed = parse(yaml.safe_load(git("show", "HEAD:./params.yaml")), "HEAD:params.yaml")
    except (InputError, yaml.YAMLError):
        return "make study"
    before = dict(flat(committed.model_dump(mode="json", exclude={"runtime"})))
    now = flat(params.model_dump(mode="json", exclude={"runtime"}))
    changes = [
        f" -S '{name}={json.dumps(value)}'" for name, value in now if before.get(name) != value
    ]
    return f"dvc exp run{''.join(changes)}" if changes else "make study"


def _provenance() -> str:
    tags = source_tags()
    changed = ", with uncommitted changes" if "git.dirty" in tags else ""
    experiment = f", DVC experiment `{tags['dvc.experiment']}`" if "dvc.experiment" in tags else ""
    return (
        f"From commit `{tags['git.commit'][:12]}`{changed}{experiment}. Hashes of data, judge and "
        "samples are in `reports/metrics/` and `dvc.lock`."
    )
