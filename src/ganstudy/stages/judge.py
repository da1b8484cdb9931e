"""Stage `judge`: trains the classifier whose features and posteriors measure the samples."""

from dataclasses import asdict
from pathlib import Path

from ganstudy import layout
from ganstudy.data.images import DataInfo, Split, load_info, load_split
from ganstudy.data.stacked import unstack
from ganstudy.errors import InputError
from ganstudy.files import read_json, sha256_json, write_json
from ganstudy.judging import (
    INFO,
    ROTATIONS,
    WEIGHTS,
    JudgeInfo,
    accuracy,
    classifier_training,
    rotated,
)
from ganstudy.models.saved import save_weights
from ganstudy.params import Params
from ganstudy.progress import say
from ganstudy.tracking import tracked
from ganstudy.training import device as devices
from ganstudy.training.checkpoint import CheckpointStore
from ganstudy.training.trainer import Watch


def run(params: Params, prepared: Path, out: Path) -> None:
    """Writes judge.safetensors and judge.json, with the accuracy on the test split, into `out`."""
    device = devices.choose(params.runtime)
    info = load_info(prepared)
    if info.kind == "points":
        _truth_judges(info, out)
        return
    recipe = params.judge
    if recipe is None:
        raise InputError("params.yaml has no section judge")
    train, test = load_split(prepared, "train"), load_split(prepared, "test")
    classes = len(info.classes) if info.classes else ROTATIONS
    if info.kind == "stacked":  # the judge looks at one channel at a time
        train, test = unstack(train, classes), unstack(test, classes)
    task = "labels" if train.labels is not None else "rotations"
    if task == "rotations":
        if train.images.shape[1] != train.images.shape[2]:
            raise InputError("a judge of images without labels needs square images")
        say("the data has no labels: the judge learns to tell rotations; classes are not measured")
        train, test = Split(*rotated(train.images)), Split(*rotated(test.images))
    height, width, channels = train.images.shape[1:]
    trainer = classifier_training(
        recipe,
        train,
        classes,
        params.train.precision,
        device,
        params.runtime.checkpoint_seconds,
    )
    numerics = read_json(layout.output(layout.NUMERICS / "judge.json", "numerics"))
    settled = {
        "judge": recipe.model_dump(mode="json"),
        "precision": params.train.precision,
        "data": info.sha256_train,
        "task": task,
        "numerics": sha256_json(numerics),
    }
    digest = sha256_json(settled)
    store = CheckpointStore(layout.state("judge", digest))
    with store.locked(), tracked("judge", digest, "judge", settled, {"data": info.name}) as tracker:
        trainer.fit(store, Watch("train judge", tracker.log_rows))
        network = trainer.average.module
        right = accuracy(network, test, device)
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
        )
        write_json(out / INFO, asdict(summary))
        tracker.log_metrics({"accuracy": right, "seconds": trainer.seconds})
        store.clear()
    say(f"judge: {right:.2%} of the test split right")


def _truth_judges(info: DataInfo, out: Path) -> None:
    """Points need no classifier: their mixture is known. Writes judge.json that says so."""
    key = sha256_json(["mixture", info.name, info.sha256_train])
    write_json(
        out / INFO,
        {"key": key, "task": "mixture", "accuracy": 1.0, "data": info.name},
    )
    say(f"judge: points of {info.name} are judged by the mixture they come from")
