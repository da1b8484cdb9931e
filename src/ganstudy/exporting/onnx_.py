"""A generator as ONNX, by torch's exporter; `onnx`, `onnxscript` and `onnxruntime` are an extra."""

import importlib.util
from pathlib import Path

import torch

from ganstudy.errors import InputError
from ganstudy.files import replacing
from ganstudy.models.base import latents
from ganstudy.models.saved import SavedGenerator

NEEDED = ("onnx", "onnxscript")


def write(out: Path, generator: SavedGenerator) -> None:
    """Writes the network to `out`: codes `z` (N, latent) float32, and labels `y` (N,) int64 where
    it has classes, to `images` (N, C, H, W) in [-1, 1]. Raises `InputError` without the extra."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(
            f"--format onnx needs {' and '.join(missing)}: pip install 'ganstudy[onnx]'"
        )
    batch = torch.export.Dim("batch")
    inputs: dict[str, torch.Tensor] = {"z": latents(generator.spec.latent, 2, 0)}
    if generator.spec.classes:
        inputs["y"] = torch.arange(2) % generator.spec.classes
    exported = torch.onnx.export(
        generator.network,
        (),
        kwargs=inputs,
        input_names=list(inputs),
        output_names=["images"],
        dynamic_shapes={name: {0: batch} for name in inputs},
        dynamo=True,
        verbose=False,
    )
    if exported is None:
        raise InputError("torch's exporter made nothing of this network")
    with replacing(out) as temporary:
        exported.save(temporary, include_initializers=True, external_data=False)
