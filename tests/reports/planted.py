"""Studies of planted results, for tests of reports: no training, images of noise."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from ganstudy.data.images import DataInfo, Split
from ganstudy.reports.study import Nearest, Study, Walk
from reports.made import REAL, a_run, images, rows_of
from training.tiny import params

KEYS = ("gan-non_saturating-0", "vae-elbo-0")


def snapshots(moments: int = 3, side: int = 8) -> np.ndarray:
    """64 samples at each moment, all different."""
    return images(64 * moments, 1, side).reshape(moments, 64, side, side, 1)


def plain(folder: Path) -> Study:
    """Two runs without labels."""
    info = DataInfo("digits", "images", (8, 8, 1), 1.0, None, 100, 10, 20, "a", "b", "c")
    distances = [
        {"fid": fid, "fid_debiased": fid - 1, "fid_low": fid - 2, "fid_high": fid - 0.5}
        for fid in (8.0, 20.0)
    ]
    runs = [
        a_run(folder, KEYS[0], mem1=0.02, **distances[0]),
        a_run(folder, KEYS[1], **distances[1]),
    ]
    return Study(
        params(),
        info,
        Split(images(70), None),
        REAL,
        runs,
        "make study",
        {"git.commit": "c0ffee" * 6},
        samples=dict.fromkeys(KEYS, images(64)),
        snapshots=dict.fromkeys(KEYS, snapshots()),
        walks=dict.fromkeys(KEYS, Walk(rows_of(3), rows_of(5), "random codes")),
    )


def labelled(study: Study, names: tuple[str, str] = ("a", "b")) -> Study:
    """The same with shares of two classes."""
    shares = {"classes": 2, "classes_captured": 2, "class_share_00": 0.4, "class_share_01": 0.6}
    return replace(
        study,
        data=replace(study.data, classes=names),
        counts=[35, 35],
        runs=[replace(run, metrics=run.metrics | shares) for run in study.runs],
    )


def covered(study: Study) -> Study:
    """The same with coverage inside each class, and the training images nearest to samples."""
    inside = {"class_coverage_00": 0.9, "class_coverage_01": 0.2}
    return replace(
        study,
        data=replace(study.data, classes=study.data.classes or ("a", "b")),
        real=study.real | inside,
        runs=[replace(run, metrics=run.metrics | inside) for run in study.runs],
        neighbours={run.key: Nearest(rows_of(2), rows_of(2)) for run in study.runs},
    )


def followed(study: Study) -> Study:
    """The same, measured at three snapshots."""
    growth = {
        run.key: [{"fid": 90.0 / (t + 1) + i, "coverage": 0.1 * t, "samples": 12} for t in range(3)]
        for i, run in enumerate(study.runs)
    }
    return replace(study, growth=growth)


def timed(study: Study) -> Study:
    """The same, with the seconds until each snapshot."""
    return replace(study, seconds={run.key: [1.0, 2.0, 4.0] for run in study.runs})


def many(study: Study, losses: int, seeds: int, found: np.ndarray) -> Study:
    """As many runs like the first of `study`, each with the snapshots `found`."""
    first = study.runs[0]
    runs = [
        replace(
            first,
            key=f"gan-loss_{loss}-{seed}",
            metrics=first.metrics | {"fid_debiased": 9.0 + loss},
        )
        for loss in range(losses)
        for seed in range(seeds)
    ]
    return replace(
        study,
        runs=runs,
        snapshots={run.key: found for run in runs},
        walks={run.key: study.walks[first.key] for run in runs},
    )
