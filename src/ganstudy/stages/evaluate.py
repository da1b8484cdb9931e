"""Stage `evaluate`: every metric of one set of samples as one flat JSON, by the data's protocol."""

from pathlib import Path
from typing import Any

import torch

from ganstudy import layout, ranks
from ganstudy.data.images import INFO, Split, load_info
from ganstudy.errors import InputError
from ganstudy.files import read_json, read_samples, write_json
from ganstudy.models.saved import MODEL
from ganstudy.params import Kind, Params
from ganstudy.progress import say
from ganstudy.protocols import PROTOCOLS, MeasuringProtocol
from ganstudy.reports import tables
from ganstudy.runs import read_run
from ganstudy.tracking import log_real, log_run, log_samples
from ganstudy.training import device as devices

SHOWN = (
    *("fid", "fid_floor", "precision", "recall", "coverage", "classes_captured"),
    *("modes_captured", "modes_captured_strict", "high_quality", "mode_kl"),
)


def run(params: Params, key: str, out: Path) -> None:
    """Measures the samples of run `key`, or real training data where it is `real`. Several
    processes share the extraction of features; the first writes."""
    device = devices.choose(params.runtime)
    real = key == layout.REAL
    folder = layout.RUNS if real else layout.run_folder(key)
    with ranks.together(device):
        protocol = _protocol(params, device)
        values = protocol.measure_real() if real else _measured(protocol, folder)
    if not ranks.leads():
        return
    values |= {"settings": _settings(params)}
    write_json(out, values)
    say(f"{out}: " + ", ".join(f"{k} {values[k]:.4g}" for k in SHOWN if k in values))
    if real:
        log_real(values)
    else:
        log_run(read_run(key, values))


def run_files(params: Params, samples: Path, reference: Path | None, out: Path) -> None:
    """Measures anybody's `samples` (npz, or folder of images) against `reference`, or the test
    split where it is None."""
    protocol = _protocol(params, devices.choose(params.runtime))
    fake = protocol.read(samples)
    real = None if reference is None else protocol.read(reference)
    try:
        values = protocol.measure(fake, real)
    except ValueError as error:  # a metric's own check: flat images, fewer pixels than it needs
        raise InputError(f"{samples} cannot be measured: {error}") from error
    values |= {"settings": _settings(params)}
    write_json(out, values)
    say(
        f"{out}: {values['samples']:,} samples, {values['reference']:,} of the reference, by "
        f"{values['judge']} ({values['judge_sha256'][:12]})"
    )
    print(tables.listing(values))
    log_samples(samples.name, fake.digest(), values)


def _settings(params: Params) -> str:
    """The settings that numbers depend on, as one line: weights are told by the judge's hash."""
    sections = {"sample": params.sample, "evaluate": params.evaluate}
    return " ".join(
        f"{name}.{key}={value}"
        for name, section in sections.items()
        for key, value in section.model_dump(mode="json", exclude={"weights"}).items()
    )


def _protocol(params: Params, device: torch.device) -> MeasuringProtocol:
    """That of the prepared data; of images where there are none, for samples with a reference."""
    prepared = (layout.PREPARED / INFO).is_file()
    kind: Kind = load_info(layout.PREPARED).kind if prepared else "images"
    return PROTOCOLS[kind](params, device)


def _measured(protocol: MeasuringProtocol, folder: Path) -> dict[str, Any]:
    samples = Split(*read_samples(layout.output(folder / "samples.npz", "sample")))
    values = protocol.measure(samples, None)
    return values | {"failed": int("failure" in read_json(folder / MODEL))}
