"""Stage `compare`: the report over the whole grid, and MLflow made complete."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ganstudy import layout, runs
from ganstudy.data.images import Split, load_info, load_split
from ganstudy.errors import InputError
from ganstudy.files import Samples, read_json, read_npz, read_samples, sha256_json
from ganstudy.models import walks
from ganstudy.models.saved import MODEL, load_companion, load_generator
from ganstudy.params import Kind, Params, parse
from ganstudy.progress import say
from ganstudy.protocols import PROTOCOLS, MeasuringProtocol
from ganstudy.reports import comparison, html, modes, page, summary
from ganstudy.reports.study import KEPT, LOOKED_AT, Nearest, Study, Walk
from ganstudy.runs import Run
from ganstudy.tracking import flat, git, kept_link, log_run, source_tags, study_place, tracked
from ganstudy.training import device as devices
from ganstudy.training.alarms import WINDOW, alarms

SHOWN, BESIDE = 6, 5  # samples of each figure of neighbours, and neighbours of each
PAGES: Mapping[Kind, Sequence[Callable[[Study, Path], None]]] = {
    "images": [page.write, html.write, summary.write],
    "stacked": [page.write, html.write, summary.write],
    "points": [modes.write, summary.write],
}


def run(params: Params, out: Path, *, partial: bool = False) -> None:
    """Writes the report of every run that params name into `out`; see PAGES.

    Rows come from params, never from the files that happen to be there; metrics of runs that have
    left the study leave `reports/metrics` (their experiments keep them). Raises `InputError` when a
    run is missing, or was measured by another judge; with `partial` such a run is a remark in the
    report, which is then of the others, at least one.
    """
    for path in layout.METRICS.glob("*.json"):
        if path.stem not in (layout.REAL, *params.run_keys()):
            path.unlink()
    real = runs.read_metrics(layout.REAL)
    grid, missing = _grid(params, real, partial=partial)
    copies = [log_run(run_) for run_ in grid]
    info, test = load_info(layout.PREPARED), load_split(layout.PREPARED, "test")
    points = info.kind == "points"
    protocol = PROTOCOLS[info.kind](params, devices.choose(params.runtime))
    failures = _failures(grid) | _failures_without_metrics(missing)
    snapshots = {run_.key: read_npz(run_.folder / runs.SNAPSHOTS)[0] for run_ in grid}
    study = Study(
        params=params,
        data=info,
        reference=test,
        real=real,
        runs=grid,
        command=_command(params),
        source=source_tags(),
        alarms={run_.key: _alarms(run_) for run_ in grid},
        snapshots={} if points else {key: f[:, :KEPT].copy() for key, f in snapshots.items()},
        growth=_growth(protocol, snapshots),
        seconds={run_.key: _seconds(run_) for run_ in grid},
        failures=failures,
        missing=missing,
        comparison=None if points else comparison.compare(grid, failures),
    )
    firsts = study.firsts()
    study = replace(
        study,
        walks={} if points else {run_.key: _walk(run_, test) for run_ in firsts},
        neighbours=_neighbours(protocol, firsts),
        landscapes=_landscapes(firsts, test) if points else {},
    )
    for write in PAGES[info.kind]:
        write(study, out)
    keys = [copy.key for copy in copies]
    with tracked("report", sha256_json(["report", *keys]), "report", {"runs": keys}) as tracker:
        tracker.log_metrics(
            {f"{name} {r.key}": r.metrics[name] for r in grid for name in _headline(r)}
        )
        pages = [out / "README.md", *out.glob("index.html")]
        tracker.log_files(*pages, *sorted((out / "figures").glob("*.png")))
    link = kept_link(copies)
    shown = f"; in MLflow: make ui, or ganstudy ui, then its page {link}" if link else ""
    say(f"report: {out / 'README.md'}{shown}")


def _grid(
    params: Params, real: Mapping[str, Any], *, partial: bool
) -> tuple[Sequence[Run], Mapping[str, str]]:
    """The runs of the grid, and with `partial`, by key, why others are not among them."""
    grid: list[Run] = []
    missing: dict[str, str] = {}
    for key in params.run_keys():
        try:
            grid.append(_finished(key, real))
        except InputError as error:
            if not partial:
                raise
            missing[key] = str(error)
    if not grid:
        raise InputError(f"no run of the study is finished: {next(iter(missing.values()))}")
    return grid, missing


def _finished(key: str, real: Mapping[str, Any]) -> Run:
    """A run that can stand beside `real` images. Raises `InputError`."""
    run_ = runs.read_run(key)
    layout.output(run_.folder / "samples.npz", "sample")
    layout.output(run_.folder / runs.SNAPSHOTS, "train")
    if run_.metrics["judge_sha256"] != real["judge_sha256"]:
        raise InputError(
            f"{key} was measured by another judge than the real images: two judges make no table; "
            "run `dvc repro`, which measures again"
        )
    return run_


def _headline(run_: Run) -> Sequence[str]:
    """The one value that stands for a run, where it was measured."""
    return [name for name in ("fid_debiased", "high_quality") if name in run_.metrics][:1]


def _alarms(run_: Run) -> Sequence[str]:
    """What went wrong in training, in words."""
    found = [
        f"{alarm.name}, from {alarm.progress:.0%} of training on: {alarm.meaning}"
        for alarm in alarms(_rows(run_), _images(run_))
    ]
    failure = run_.meta.get("failure")
    return [*([] if failure is None else [f"failed: {failure}"]), *found]


def _failures(grid: Sequence[Run]) -> dict[str, str]:
    """Why runs count as failed: they diverged, or a fatal alarm holds at the end of training. A
    game that recovered has not failed: its last state is what was measured."""
    found = {}
    for run_ in grid:
        last = alarms(_rows(run_)[-WINDOW:], _images(run_))
        reasons = [run_.meta.get("failure"), *(alarm.name for alarm in last if alarm.fatal)]
        if reason := next(filter(None, reasons), None):
            found[run_.key] = reason
    return found


def _failures_without_metrics(missing: Iterable[str]) -> dict[str, str]:
    """Why runs that are not in the report count as failed all the same: they diverged."""
    found = {}
    for key in missing:
        with suppress(InputError):  # no model.json: not trained yet
            if failure := read_json(layout.RUNS / key / MODEL).get("failure"):
                found[key] = failure
    return found


def _rows(run_: Run) -> Sequence[Mapping[str, float]]:
    return [{str(k): float(v) for k, v in row.items()} for row in run_.history.to_dict("records")]


def _images(run_: Run) -> int:
    return int(run_.meta["params"]["train"]["images"])


def _growth(
    protocol: MeasuringProtocol, snapshots: Mapping[str, Samples]
) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """Metrics at each snapshot of each run, as many as the protocol can tell, of equally many
    samples."""
    count = min(found.shape[1] for found in snapshots.values())
    return {
        key: [
            values
            for snapshot in found
            if (values := protocol.growth(Split(snapshot[:count], None)))
        ]
        for key, found in snapshots.items()
    }


def _seconds(run_: Run) -> Sequence[float]:
    return [float(moment["live/seconds"]) for moment in run_.timing.get("moments", ())]


def _neighbours(protocol: MeasuringProtocol, grid: Sequence[Run]) -> Mapping[str, Nearest]:
    """Samples of each run beside the training images nearest to them."""
    found = {}
    train = load_split(layout.PREPARED, "train").images
    for run_ in grid:
        samples = read_samples(run_.folder / "samples.npz")[0][:LOOKED_AT]
        nearest = protocol.nearest(samples, min(BESIDE, len(train)))
        if nearest is None:
            continue
        rows = np.concatenate([samples[:, None], train[nearest.indices]], axis=1)
        closest = np.argsort(nearest.distances[:, 0], kind="stable")
        found[run_.key] = Nearest(rows[:SHOWN], rows[closest[:SHOWN]])
    return found


def _walk(run_: Run, test: Split) -> Walk:
    generator, companion = load_generator(run_.folder), load_companion(run_.folder)
    encodes = companion.role == "encoder"
    ends = walks.endpoints(generator, companion, test.images, test.labels)
    return Walk(
        walks.interpolation(generator, ends),
        walks.traversal(generator),
        "two test images" if encodes else "two random codes",
    )


def _landscapes(grid: Sequence[Run], test: Split) -> Mapping[str, Any]:
    found = {}
    for run_ in grid:
        companion = load_companion(run_.folder)
        generator = load_generator(run_.folder)
        # A conditional D has a landscape for each class: none to show.
        if companion.role == "discriminator" and not generator.spec.classes:
            shape = generator.spec.shape
            reach = modes.REACH * float(np.abs(test.images).max())
            found[run_.key] = walks.landscape(companion, shape, reach)
    return found


def _command(params: Params) -> str:
    """What makes this study from the last commit: the parameters that differ from it by `-S`."""
    if place := study_place():
        return f"dvc repro {Path(place).parent.as_posix()}/dvc.yaml"
    whole = "make study" if (layout.project_root() / "Makefile").is_file() else "dvc repro"
    try:
        committed = parse(yaml.safe_load(git("show", "HEAD:./params.yaml")), "HEAD:params.yaml")
    except (InputError, yaml.YAMLError):
        return whole
    before = dict(flat(committed.model_dump(mode="json", exclude={"runtime"})))
    now = flat(params.model_dump(mode="json", exclude={"runtime"}))
    changes = [
        f" -S '{name}={json.dumps(value)}'" for name, value in now if before.get(name) != value
    ]
    return f"dvc exp run{''.join(changes)}" if changes else whole
