"""What sampling computes: codes, and the samples that tiny generators make of them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ganstudy.dataset import Array, random_rows
from ganstudy.files import sha256_arrays
from ganstudy.fingerprints.training import tiny_networks, tiny_spaces
from ganstudy.fingerprints.values import in_float64, texts
from ganstudy.keys import RunKey
from ganstudy.models import build, families_for
from ganstudy.models.base import (
    FromCodes,
    GenerativeModel,
    encoded,
    generated,
    inputs_for,
    latents,
    must_be_given,
)
from ganstudy.params import Params
from ganstudy.seeding import numpy_generator
from ganstudy.spaces import Space

VERSION = 1  # raise it when a change matters that the values below cannot show
COUNT = 12


def fingerprint(params: Params) -> dict[str, Any]:
    """The section `sample`, the hash of some codes, and the mean and deviation of what every
    generator that a recipe asks for makes of them before training."""
    found: dict[str, Any] = {
        "version": VERSION,
        "sample": params.sample.model_dump(mode="json"),
        "codes": sha256_arrays(latents(4, COUNT, 0).numpy()),
    }
    tiny = tiny_networks(params)
    for name, spaces in tiny_spaces(params).items():
        values: dict[str, float] = {}
        for family in families_for(params, spaces):
            with in_float64():
                model = build(tiny, RunKey.parse(f"{family}-0"), spaces)
                outputs = _sampled(model, spaces)
            for output, made in outputs.items():
                maker = _maker(model, family, output)
                values[f"{maker}: mean"] = float(np.mean(made, dtype=np.float64))
                values[f"{maker}: deviation"] = float(np.std(made, dtype=np.float64))
        found[name] = texts(values, digits=6)
    return found


def _sampled(model: GenerativeModel, spaces: Mapping[str, Space]) -> Mapping[str, Array]:
    data = random_rows(spaces, numpy_generator(0, "fingerprint of sampling"), COUNT)
    inputs = model.inputs(model.specs)
    given = encoded(data, must_be_given(inputs))
    wanted = inputs_for(inputs, COUNT, 0, given)
    return generated(type(model), model.networks, model.specs, wanted)


def _maker(model: GenerativeModel, family: str, output: str) -> str:
    """Generators of equal specs make equal samples of equal codes, whatever trains them."""
    spec = model.specs.get("generator")
    plain = spec is not None and spec.architecture.endswith(".generator")
    if spec is None or not plain or not isinstance(model, FromCodes):
        return f"{family}, {output}"
    return f"norm {spec.norm}, {spec.latent} codes"
