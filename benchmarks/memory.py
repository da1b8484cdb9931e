"""The most memory that each command of a study holds (Linux): of the default study, and of one with
a million images.

    make bench-data

Memory does not grow with a training's budget, so budgets are short here. What a process maps from a
file counts as held, although the system takes it back when it needs it.
"""

import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ganstudy import files

ROOT = Path(__file__).resolve().parents[1]
MANY, HELD, SIDE, CLASSES = 1_000_000, 10_000, 28, 10
SHORT: Mapping[str, Mapping[str, Any]] = {"train": {"images": 1280}, "judge": {"images": 1280}}
GAN, VAE = "gan-non_saturating-0", "vae-elbo-0"
LARGE = ("numerics", "prepare", f"train --run {GAN}")
DEFAULT = (
    *("check", "numerics", "fetch", "prepare", "judge"),
    *(f"train --run {run}" for run in (GAN, VAE)),
    *(f"sample --run {run}" for run in (GAN, VAE)),
    *(f"evaluate --run {run}" for run in (GAN, VAE, "real")),
    "compare",
)


@dataclass(frozen=True)
class Peak:
    """The most resident memory of one command, in GiB, and its seconds."""

    gibibytes: float
    seconds: float


def main() -> None:
    for title, peaks in (
        ("the default study", of_default_study()),
        (f"{MANY:,} images of {SIDE}×{SIDE}", of_many_images()),
    ):
        print(f"{title:<40}{'GiB':>8}{'seconds':>10}")
        for command, peak in peaks.items():
            print(f"{command:<40}{peak.gibibytes:>8.2f}{peak.seconds:>10.1f}")


def of_default_study() -> dict[str, Peak]:
    """The peak of each command of the default study, by its name."""
    with tempfile.TemporaryDirectory(prefix="ganstudy-") as name:
        return _run_all(DEFAULT, Path(name), SHORT)


def of_many_images(count: int = MANY) -> dict[str, Peak]:
    """The peaks of `prepare` and `train` where `fetch` left `count` grey images of 28×28."""
    with tempfile.TemporaryDirectory(prefix="ganstudy-") as name:
        folder = Path(name)
        # In a process of its own: what a parent holds counts as the children's.
        planting = multiprocessing.get_context("spawn").Process(
            target=plant, args=(folder / "data/raw", count)
        )
        planting.start()
        planting.join()
        if planting.exitcode:
            raise SystemExit(f"no images were made: exit code {planting.exitcode}")
        return _run_all(LARGE, folder, {**SHORT, "data": {"name": "mnist"}})


def plant(raw: Path, count: int) -> None:
    """Writes into `raw` what `fetch` leaves of a data set of `count` training images: noise."""
    rng = np.random.default_rng(0)
    digests = {}
    for name, size in (("train", count), ("test", HELD)):
        images = rng.integers(0, 256, (size, SIDE, SIDE, 1), np.uint8)
        labels = rng.integers(0, CLASSES, size)
        files.write_npz(raw / f"{name}.npz", images, labels)
        digests[f"sha256_{name}"] = files.sha256_arrays(images, labels)
    classes = [str(label) for label in range(CLASSES)]
    info = {"name": "mnist", "classes": classes, "train": count, "test": HELD}
    files.write_json(raw / "source.json", info | digests)


def _run_all(
    commands: Sequence[str], folder: Path, changes: Mapping[str, Mapping[str, Any]]
) -> dict[str, Peak]:
    """Runs the commands in `folder`, with the project's params but for `changes`."""
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    for section, values in changes.items():
        params[section] |= values
    (folder / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    return {command: _peak(command.split(), folder) for command in commands}


def _peak(arguments: Sequence[str], folder: Path) -> Peak:
    own = {"GANSTUDY_PYTHON": sys.executable, "DVC_ROOT": str(folder)}
    outside = {k: v for k, v in os.environ.items() if not k.startswith("MLFLOW_")}
    began = time.monotonic()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            ["sh", str(ROOT / "bin/ganstudy"), *arguments],
            cwd=folder,
            env=outside | own,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            raise SystemExit(f"{' '.join(arguments)} failed:\n{output.read()}")
    return Peak(usage.ru_maxrss / 2**20, time.monotonic() - began)  # Linux counts in KiB


if __name__ == "__main__":
    main()
