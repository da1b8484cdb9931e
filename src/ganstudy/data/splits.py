"""Splits that do not leak: seeded, by class, with exact duplicates on one side."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ganstudy import files, seeding
from ganstudy.data import sources
from ganstudy.data.images import INFO, DataInfo, Split, read_checked
from ganstudy.data.pixels import shape_images
from ganstudy.data.stacked import stack
from ganstudy.errors import InputError
from ganstudy.files import Labels, Samples
from ganstudy.files.memmap import parts, taken
from ganstudy.params import DataParams
from ganstudy.progress import log, printable

Rows = npt.NDArray[np.int64]
Held = Literal["test", "validation"]
# Different images of a class that are not held out: one to train on, one for the validation split.
STAY: Mapping[Held, int] = {"test": 2, "validation": 1}
THIN_SHOWN = 10
SEED = 0  # one split for all runs of a study: seeds vary training, not the data


def split(images: Samples, labels: Labels | None, share: float, held: Held) -> tuple[Rows, Rows]:
    """Row numbers (kept, held out), each sorted; together they are all rows of `images` once.

    `share` of all rows is held out, and of each class the same share as far as whole images allow.
    Identical images stay together, in the class of the first, so the share of a class can fall
    short by part of such a group. Each class keeps at least one image; where there are labels, one
    of two different ones is held out for validation, and one of three for the test, even where that
    is more than the share. `held` names the draw.

    Raises `InputError` when nothing could be held out, saying how many images are needed.
    """
    originals = _first_of_identical(images)
    strata = np.zeros(len(images), np.int64) if labels is None else labels[originals]
    present, sizes = np.unique(strata, return_counts=True)
    different = np.array([len(np.unique(originals[strata == stratum])) for stratum in present])
    spare = np.maximum(different - STAY[held], 0) if labels is not None else None
    if spare is not None and not spare.any():  # classes of two: some give theirs to the test
        spare = None
    most = different - 1 if spare is None else spare
    chosen = [
        _draw(originals[strata == stratum], int(quota), int(limit), held, int(stratum))
        for stratum, quota, limit in zip(present, _quotas(sizes, share, spare), most, strict=True)
    ]
    is_held = np.isin(originals, np.concatenate(chosen))
    if not is_held.any():
        needed = max(2, math.ceil(0.5 / share))
        raise InputError(
            f"{len(images)} images are too few for data.{held}: {share}: at least {needed} are "
            "needed, with two different ones in a class"
        )
    return np.flatnonzero(~is_held), np.flatnonzero(is_held)


def prepare(raw: Path, params: DataParams, out: Path) -> None:
    """Brings what `fetch` left in `raw` to one size, splits it, and stacks it where so named.

    Writes `out`/train.npz, validation.npz and test.npz (see `Split`) and `out`/data.json; see
    `DataInfo`. Sizes and channels change as in `pixels`. The test split is the data's own where it
    has one, else a share; validation likewise, a share of what then is left for training. Says
    which classes a split has no image of. Raises `InputError` when `raw` is missing or not of this
    data set, or when there are too few images.
    """
    info = _read_source(raw, params.name)
    published = _load(raw, "train", info, params)
    if info["test"] is None:
        train, test = _cut(published, params.test, "test")
    else:
        train, test = published, _load(raw, "test", info, params)
        if train.images.shape[1:] != test.images.shape[1:]:
            raise InputError(
                f"{raw}: training images are {train.images.shape[1:]} but test images "
                f"{test.images.shape[1:]}"
            )
    if "sha256_validation" in info:
        validation = _load(raw, "validation", info, params)
    else:
        train, validation = _cut(train, params.validation, "validation")
    named = {"train": train, "validation": validation, "test": test}
    _say_thin_classes(named, info["classes"])
    traits = params.traits
    if traits.stacked:  # after the split: no image is on two sides
        classes = len(info["classes"])
        named = {name: stack(part, classes, name) for name, part in named.items()}
    for name, part in named.items():
        files.write_npz(out / f"{name}.npz", *part.arrays())
    shape = named["train"].images.shape[1:]
    prepared = DataInfo(
        name=params.name,
        kind=params.kind,
        shape=shape,
        scale=1.0 if traits.pixels else _scale(named["train"].images),
        classes=info["classes"],
        train=len(named["train"].images),
        validation=len(named["validation"].images),
        test=len(named["test"].images),
        sha256_train=named["train"].digest(),
        sha256_validation=named["validation"].digest(),
        sha256_test=named["test"].digest(),
    )
    files.write_json(out / INFO, asdict(prepared))
    counts = ", ".join(f"{len(part.images):,} {name}" for name, part in named.items())
    what = f"{'×'.join(map(str, shape))} images" if traits.pixels else "points"
    log(f"{params.name}: {what}: {counts}")


def _say_thin_classes(splits: Mapping[str, Split], classes: Sequence[str] | None) -> None:
    """One line, so that nobody looks for numbers of a class that cannot be."""
    lacking: list[str] = []
    for name, split in splits.items():
        if split.labels is None or classes is None:
            continue
        counts = np.bincount(split.labels, minlength=len(classes))
        thin = [printable(classes[index]) for index in np.flatnonzero(counts == 0).tolist()]
        if thin:
            more = f" and {len(thin) - THIN_SHOWN:,} more" if len(thin) > THIN_SHOWN else ""
            lacking.append(f"no {name} image of {', '.join(thin[:THIN_SHOWN])}{more}")
    if lacking:
        log(f"thin classes, which some metrics leave out: {'; '.join(lacking)}")


def _scale(points: Samples) -> float:
    """The deviation of all coordinates, to four digits: the same on every machine."""
    return float(f"{points.std(dtype=np.float64):.4g}")


def _first_of_identical(images: Samples) -> Rows:
    """For each row, the first row with the same image."""
    seen: dict[bytes, int] = {}
    keys = (hashlib.sha256(image.data).digest() for part in parts(images) for image in part)
    return np.array([seen.setdefault(key, row) for row, key in enumerate(keys)], np.int64)


def _quotas(sizes: Rows, share: float, spare: Rows | None) -> Rows:
    """How many of each class to hold out: `share` in all, but of no class all.

    Rounding is by largest remainder. Each class that has an image to `spare` gives one at least,
    before others give more; None where there are no classes.
    """
    exact = sizes * share
    quotas: Rows = np.floor(exact).astype(np.int64)
    missing = math.floor(sizes.sum() * share + 0.5) - int(quotas.sum())
    able = quotas < sizes - 1
    none_yet = np.zeros(len(sizes), bool)
    if spare is not None:
        able &= spare > 0
        none_yet = (quotas == 0) & (spare > 0)
    order = np.lexsort((-(exact - quotas), ~none_yet))  # is stable
    quotas[order[able[order]][: max(missing, 0)]] += 1
    quotas[none_yet] = 1
    return quotas


def _draw(originals: Rows, quota: int, most: int, held: Held, stratum: int) -> Rows:
    """Random groups of identical images, by the row of the first, of `quota` rows together and
    `most` in number; a single group may be larger than the quota where none fits."""
    groups, sizes = np.unique(originals, return_counts=True)
    order = seeding.numpy_generator(SEED, f"data/{held}", stratum).permutation(len(groups))
    chosen: list[int] = []
    left = quota
    for index in order:
        if sizes[index] <= left and len(chosen) < most:
            chosen.append(groups[index])
            left -= sizes[index]
    if quota and most and not chosen:
        chosen = [groups[min(order, key=lambda index: sizes[index])]]
    return np.array(chosen, np.int64)


def _cut(whole: Split, share: float, held: Held) -> tuple[Split, Split]:
    kept_rows, held_rows = split(whole.images, whole.labels, share, held)
    return _take(whole, kept_rows), _take(whole, held_rows)


def _take(whole: Split, rows: Rows) -> Split:
    labels = None if whole.labels is None else whole.labels[rows]
    return Split(taken(whole.images, rows), labels)


def _read_source(raw: Path, name: str) -> dict[str, Any]:
    path = raw / sources.INFO
    if not path.is_file():
        raise InputError(f"{path} is missing: run `dvc repro fetch`")
    info = files.read_json(path)
    keys = {"name", "classes", "test", "sha256_train", "sha256_test"}
    if not isinstance(info, dict) or not keys <= info.keys():
        raise InputError(f"{path} is not what fetch writes: run `dvc repro fetch`")
    if info["name"] != name:
        raise InputError(f"{path} is of {info['name']!r}, not {name!r}: run `dvc repro fetch`")
    return info


def _load(raw: Path, name: str, info: dict[str, Any], params: DataParams) -> Split:
    path = raw / f"{name}.npz"
    part = read_checked(path, info[f"sha256_{name}"], "dvc repro fetch")
    if part.labels is not None:
        known = range(len(info["classes"] or ()))
        if part.labels.min() not in known or part.labels.max() not in known:
            raise InputError(
                f"{path}: labels {part.labels.min()}..{part.labels.max()}, of {len(known)} classes"
            )
    if not params.traits.pixels:
        return part
    pictures = part.images.astype(np.uint8, copy=False)
    images = shape_images(pictures, params.resolution, params.channels, params.fit)
    return Split(images, part.labels)
