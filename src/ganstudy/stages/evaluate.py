"""Stage `evaluate`: every metric of one set of samples as one flat JSON, by the data's protocol."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch

from ganstudy import distributed, judges, template
from ganstudy.data.fields import digest, load_dataset
from ganstudy.data.images import INFO, Split, load_info, load_split
from ganstudy.dataset import Array
from ganstudy.errors import InputError
from ganstudy.evaluation import (
    FIELD_PROTOCOLS,
    PROTOCOLS,
    MeasuringProtocol,
    few_labels,
    judging,
)
from ganstudy.evaluation.points import PointProtocol
from ganstudy.evidence import fields as evidence_of_fields
from ganstudy.evidence import write as evidence
from ganstudy.files import read_json, read_named, read_samples, write_json
from ganstudy.keys import RunKey
from ganstudy.metrics import error_rate
from ganstudy.models import model_class
from ganstudy.models.adversary import NAME
from ganstudy.models.energy import Energy, log_density
from ganstudy.models.playing import seen
from ganstudy.models.saved import MODEL, load_model, model_of
from ganstudy.networks import specs
from ganstudy.params import Kind, Params, load
from ganstudy.progress import log
from ganstudy.reports import tables
from ganstudy.spaces import classes_of
from ganstudy.study import layout
from ganstudy.study.runs import read_run
from ganstudy.tracking import log_real, log_run, log_samples, source_tags
from ganstudy.training import device as devices
from ganstudy.training.precision import precision

SHOWN = (
    *("fid_debiased", "recall", "coverage", "fid_relative", "fid", "fid_floor", "classes_captured"),
    *("modes_captured", "modes_captured_strict", "high_quality", "mode_kl"),
)
MOST_TOLD = 8  # numbers of a run on data of fields


def run(params: Params, key: str, out: Path) -> None:
    """Measures the samples of run `key`, or real training data where it is `real`. Where metrics go
    to their place in the study, what its report shows of the run goes to `reports/evidence`.
    Several processes share the extraction of features; the first writes."""
    device = devices.choose(params.runtime)
    real = key == layout.REAL
    folder = layout.RUNS if real else layout.run_folder(key)
    if params.data.traits.fields:
        _run_fields(params, key, out, device)
        return
    with _measurable("real images" if real else key), distributed.process_group(device):
        protocol = _protocol(params, device)
        values = protocol.measure_real() if real else _measured(params, protocol, folder, device)
    if not distributed.is_main():
        return
    shown = [name for name in SHOWN if name in values]
    _record(params, key, values, shown, device, out, lambda: _keep(params, protocol, key))


def _record(
    params: Params,
    key: str,
    values: dict[str, Any],
    shown: Sequence[str],
    device: torch.device,
    out: Path,
    keep: Callable[[], None],
) -> None:
    """Writes what was measured to `out`, says those values that are `shown`, lets evidence be kept
    where metrics go to their place in the study, and tells MLflow."""
    real = key == layout.REAL
    told = _settings(params, drawn=not real)
    values |= {"device": device.type, "torch": torch.__version__, "settings": told}
    write_json(out, values)
    log(f"{out}: " + ", ".join(f"{name} {values[name]:.4g}" for name in shown))
    if out == layout.METRICS / f"{key}.json":
        keep()
    if real:
        log_real(values)
    else:
        log_run(read_run(key, values))


def _run_fields(params: Params, key: str, out: Path, device: torch.device) -> None:
    """The same for data of named fields: outputs stand in the order of the test split."""
    real = key == layout.REAL
    protocol = FIELD_PROTOCOLS[params.data.kind](params, device)
    test = load_dataset(layout.PREPARED, "test")
    outputs = {} if real else outputs_of(key)
    with _measurable("real data" if real else key):
        values = protocol.measure_real() if real else protocol.measure(outputs, test)
    against = digest(test.fields)
    values = {
        "judge": "the test split",
        "judge_sha256": against,
        "reference_sha256": against,
    } | values
    if not real:
        values |= _trained(layout.run_folder(key))
    shown = [name for name, value in values.items() if isinstance(value, float)][:MOST_TOLD]

    def keep() -> None:
        place, source = layout.EVIDENCE / key, source_tags()
        if real:
            evidence_of_fields.write_real(source, place)
        else:
            columns = protocol.shown(outputs, test)
            evidence_of_fields.write_run(params, key, columns, source, place)

    _record(params, key, values, shown, device, out, keep)


def outputs_of(key: str) -> dict[str, Array]:
    """The outputs of a run that were sampled, by name. Raises `InputError` where they are missing
    or not of this run."""
    meta = read_json(layout.run_folder(key) / MODEL)
    names = list(model_of(meta).outputs(specs.from_json(meta)))
    found = read_named(layout.output(layout.samples_of(key), "sample"), needed="arr_0")
    main = next((name for name in names if name not in found), names[0])
    return {main if name == "arr_0" else name: array for name, array in found.items()}


def _keep(params: Params, protocol: MeasuringProtocol, key: str) -> None:
    """Writes the evidence of a run, or of the real images."""
    place, source = layout.EVIDENCE / key, source_tags()
    with distributed.no_sync():  # the other processes are done
        if key == layout.REAL:
            evidence.write_real(params, source, place)
        else:
            evidence.write_run(params, protocol, key, source, place)


def settings(extractor: str | None, weights: Path | None) -> Params:
    """What anybody's samples are measured by: the params of the study here or, where there is none,
    the project's own; `extractor` and its `weights` in the place of theirs. Raises `InputError`
    where neither names what makes the features."""
    if weights is not None and extractor is None:
        raise InputError("--weights wants --extractor NAME, whose weights they are")
    study = layout.PARAMS.is_file()
    judged = (layout.JUDGE / judging.INFO).is_file()
    if not study and not judged and extractor in (None, "judge"):
        raise InputError(
            "there is no study here, so no judge of its own: name one, like --extractor "
            f"{judges.names()[0]} or inception-v3-compat, or run it in a study's folder"
        )
    changes: dict[str, Any] = {}
    if extractor is not None:
        path = None if weights is None else str(weights.resolve())
        changes = {"evaluate.extractor": extractor, "evaluate.weights": path}
    return load(layout.PARAMS if study else template.DEFAULTS, changes)


def run_files(params: Params, samples: Path, reference: Path | None, out: Path | None) -> None:
    """Measures anybody's `samples` (npz, or folder of images) against `reference`, or the test
    split where it is None, and prints the table. Without `out` nothing is written, not to MLflow
    either."""
    with _measurable(str(samples)):
        protocol = _protocol(params, devices.choose(params.runtime))
        fake = protocol.read(samples)
        real = None if reference is None else protocol.read(reference)
        values = protocol.measure(fake, real)
    values |= {"settings": _settings(params, drawn=False)}
    if out is not None:
        write_json(out, values)
    log(
        f"{out or samples}: {values['samples']:,} samples, {values['reference']:,} of the "
        f"reference, by {values['judge']} ({values['judge_sha256'][:12]})"
    )
    print(tables.listing(values))
    if out is None:
        return
    if layout.in_study() or os.environ.get("MLFLOW_TRACKING_URI"):
        log_samples(samples.name, fake.digest(), values)


def _settings(params: Params, *, drawn: bool) -> str:
    """The settings that numbers depend on, as one line: weights are told by the judge's hash, and
    the seed of codes where samples were `drawn` by it."""
    sections = {"sample": params.sample, "evaluate": params.evaluate}
    found = {
        f"{name}.{key}": value
        for name, section in sections.items()
        for key, value in section.model_dump(mode="json", exclude={"weights"}).items()
    }
    if not drawn:
        del found["sample.seed"]
    return " ".join(f"{name}={value}" for name, value in found.items())


@contextmanager
def _measurable(what: str) -> Iterator[None]:
    """What is wrong with the images themselves, for every metric, is one line; a metric's own needs
    cost that metric alone: see `evaluation.shared.measured`."""
    try:
        yield
    except ValueError as error:
        raise InputError(f"{what} cannot be measured: {error}") from error


def _protocol(params: Params, device: torch.device) -> MeasuringProtocol:
    """That of the prepared data; of images where there are none, for samples with a reference."""
    prepared = (layout.PREPARED / INFO).is_file()
    kind: Kind = load_info(layout.PREPARED).kind if prepared else "images"
    return PROTOCOLS[kind](params, device)


def _measured(
    params: Params, protocol: MeasuringProtocol, folder: Path, device: torch.device
) -> dict[str, Any]:
    samples = Split(*read_samples(layout.output(layout.samples_of(folder.name), "sample")))
    values = protocol.measure(samples, None)
    told = _labels_told(folder.name) | _density(protocol, folder)
    return values | told | _few_labels(params, folder.name, samples, device) | _trained(folder)


def _trained(folder: Path) -> dict[str, Any]:
    """What metrics say of the training itself: its precision, and whether it failed."""
    meta = read_json(folder / MODEL)
    trained = {"train_precision": meta["precision"]} if "precision" in meta else {}
    return trained | {"failed": int("failure" in meta)}


def _density(protocol: MeasuringProtocol, folder: Path) -> dict[str, Any]:
    """Of points, where the model is a density itself: how far it is from the truth."""
    model: Any = model_class(RunKey.parse(folder.name).model)
    if not isinstance(protocol, PointProtocol) or model is not Energy:
        return {}
    network = load_model(folder, sampling=True).networks[NAME]
    return protocol.density(partial(log_density, network))


def _few_labels(params: Params, key: str, samples: Split, device: torch.device) -> dict[str, Any]:
    """Of a conditional model of few labels: what learns from these labels, and from its samples
    beside them."""
    few, plain = params.data.labels_per_class, params.data.traits.plain
    if few is None or not plain or samples.labels is None or params.judge is None:
        return {}
    learnt = seen(params, RunKey.parse(key), load_dataset(layout.PREPARED, "train"))
    return few_labels.errors(
        Split(learnt.fields["x"], learnt.fields["y"]),
        samples,
        load_split(layout.PREPARED, "test"),
        params.judge.model_copy(update={"images": params.evaluate.classifier_images}),
        classes_of(learnt.spaces),
        precision(params, device),
        device,
    )


def _labels_told(key: str) -> dict[str, Any]:
    """How often a run that tells classes errs on the test split, the first of which it was given in
    their order."""
    told = read_named(layout.samples_of(key)).get("label")
    labels = load_split(layout.PREPARED, "test").labels
    if told is None or labels is None:
        return {}
    return {"label_error": error_rate(told, labels[: len(told)]), "labels_told": len(told)}
