"""Runs as their files would tell them: what tests of reports make a study of."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ganstudy.files import write_npz
from ganstudy.study.runs import Run
from training.tiny import content

TRAIN = {name: value for name, value in content()["train"].items() if name != "loss"}
REAL = {
    "fid": 2.0, "fid_floor": 2.0, "fid_floor_std": 0.1, "fid_debiased": 0.1, "fid_low": -0.3,
    "fid_high": 0.5, "fid_relative": 0.001, "fid_relative_low": -0.003, "fid_relative_high": 0.005,
    "kid": 0.001, "precision": 0.9, "recall": 0.91, "density": 1.0, "coverage": 0.95,
    "sharpness_ratio": 1.0, "samples": 1000, "reference": 1000, "judge": "judge",
    "judge_sha256": "ab" * 32,
}  # fmt: skip


def images(count: int, seed: int = 0, side: int = 8) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, side, side, 1)).astype(np.uint8)


def rows_of(count: int) -> np.ndarray:
    """A walk's images, 9 in each row."""
    return images(count * 9).reshape(count, 9, 8, 8, 1)


def a_run(folder: Path, key: str, **metrics: Any) -> Run:
    """A finished, evaluated run whose history misses a lazy term in one row."""
    history = pd.DataFrame(
        {
            "round": [1.0, 2.0, 3.0],
            "images": [400.0, 800.0, 1200.0],
            "discriminator/loss": [1.0, 0.9, 0.8],
            "discriminator/r1": [0.1, np.nan, 0.2],
            "generator/loss": [0.7, 0.8, 0.9],
        }
    )
    place = folder / key
    write_npz(place / "samples.npz", images(70, len(key)))
    write_npz(place / "snapshots.npz", np.stack([images(16), images(16, 1), images(16, 2)]))
    timing = {
        "seconds": 3.0,
        "watched": 0.3,
        "hardware": "a machine",
        "device": "cpu",
        "threads": 2,
        "torch": "2",
    }
    meta = {"key": key, "params": {"train": dict(TRAIN)}}
    return Run(key, place, meta, history, REAL | metrics, timing)
