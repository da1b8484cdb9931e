"""Stage `judge`: the classifier whose features and posteriors measure the samples."""

from dataclasses import asdict
from pathlib import Path

import torch

from ganstudy import judges
from ganstudy.data.images import DataInfo, Split, load_info, load_split
from ganstudy.data.stacked import unstack
from ganstudy.errors import InputError, StudyError
from ganstudy.evaluation.judging import (
    INFO,
    ROTATIONS,
    WEIGHTS,
    JudgeInfo,
    accuracy,
    classifier,
    classifier_training,
    load_released,
    rotated,
)
from ganstudy.files import read_json, sha256_json, write_bytes, write_json
from ganstudy.judges import ReleasedJudge
from ganstudy.models.saved import save_weights
from ganstudy.params import JudgeParams, Params
from ganstudy.progress import log
from ganstudy.study import layout
from ganstudy.tracking import tracked
from ganstudy.training import device as devices
from ganstudy.training.checkpoint import CheckpointStore
from ganstudy.training.precision import precision
from ganstudy.training.trainer import Callbacks

# Between kinds of CPU a few of 10,000 images near a border change sides; more is another judge.
TOLERANCE = 0.002


def run(params: Params, prepared: Path, out: Path) -> None:
    """Writes judge.safetensors and judge.json, with the accuracy on the test split, into `out`: the
    released judge of this data where `judge.weights` allows it and there is one, else one that is
    trained here."""
    device = devices.choose(params.runtime)
    info = load_info(prepared)
    if not info.traits.pixels:
        _truth_judges(info, out)
        return
    if params.judge is None:
        raise InputError("params.yaml has no section judge")
    if params.judge.weights == "released":
        released = judges.find(info.sha256_train)
        if released is not None:
            _take(released, load_split(prepared, "test"), out, device)
            return
        log(f"judge: none is released for {info.name} as it is cut here; one is trained")
    _train(params, params.judge, info, prepared, out, device)


def _take(released: ReleasedJudge, test: Split, out: Path, device: torch.device) -> None:
    """Brings the released judge to `out`, its hash checked, its accuracy measured again."""
    info, weights = JudgeInfo(**released.info), released.read()
    right = accuracy(load_released(released, device)[0], test)
    if abs(right - info.accuracy) > TOLERANCE:
        raise StudyError(
            f"the released judge {info.name} is right on {right:.2%} of the test split here, and "
            f"was on {info.accuracy:.2%} where it was made: this machine computes something else; "
            "tell its makers, and set judge.weights to train meanwhile"
        )
    write_bytes(out / WEIGHTS, weights)
    write_json(out / INFO, asdict(info))
    with tracked("judge", info.key, "judge", released.made, {"data": info.data}) as tracker:
        tracker.log_metrics({"accuracy": right})
    log(
        f"judge: {info.name}, released (sha256 {released.sha256[:12]}), {right:.2%} of the test "
        "split right"
    )


def _train(
    params: Params,
    recipe: JudgeParams,
    info: DataInfo,
    prepared: Path,
    out: Path,
    device: torch.device,
) -> None:
    train, test = load_split(prepared, "train"), load_split(prepared, "test")
    classes = len(info.classes) if info.classes else ROTATIONS
    if info.traits.stacked:  # the judge looks at one channel at a time
        train, test = unstack(train, classes), unstack(test, classes)
    task = "labels" if train.labels is not None else "rotations"
    if task == "rotations":
        if train.images.shape[1] != train.images.shape[2]:
            raise InputError("a judge of images without labels needs square images")
        log("the data has no labels: the judge learns to tell rotations; classes are not measured")
        train, test = Split(*rotated(train.images)), Split(*rotated(test.images))
    height, width, channels = train.images.shape[1:]
    arithmetic = precision(params, device)
    trainer = classifier_training(
        recipe, train, classes, arithmetic, device, params.runtime.checkpoint_seconds
    )
    numerics = read_json(layout.output(layout.NUMERICS / "judge.json", "numerics"))
    settled = {
        "judge": recipe.model_dump(mode="json"),
        "precision": arithmetic,
        "data": info.sha256_train,
        "task": task,
        "numerics": sha256_json(numerics),
    }
    digest = sha256_json(settled)
    store = CheckpointStore(layout.state("judge", digest))
    with store.locked(), tracked("judge", digest, "judge", settled, {"data": info.name}) as tracker:
        trainer.fit(store, Callbacks("train judge", tracker.log_rows))
        network = trainer.average.module
        right = accuracy(classifier(network, device), test)
        save_weights(out / WEIGHTS, network)
        summary = JudgeInfo(
            key=digest,
            task=task,
            channels=channels,
            resolution=[height, width],
            classes=classes,
            width=recipe.width,
            features=recipe.features,
            accuracy=right,
            data=info.name,
            data_sha256=info.sha256_train,
            name="judge" if task == "labels" else f"judge-{task}",
            precision=arithmetic,
        )
        write_json(out / INFO, asdict(summary))
        tracker.log_metrics({"accuracy": right, "seconds": trainer.seconds})
        store.clear()
    log(f"judge: {right:.2%} of the test split right")


def _truth_judges(info: DataInfo, out: Path) -> None:
    """Points need no classifier: their mixture is known. Writes judge.json that says so."""
    key = sha256_json(["mixture", info.name, info.sha256_train])
    write_json(
        out / INFO,
        {"key": key, "task": "mixture", "accuracy": 1.0, "data": info.name},
    )
    log(f"judge: points of {info.name} are judged by the mixture they come from")
