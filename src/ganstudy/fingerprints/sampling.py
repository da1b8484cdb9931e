"""What sampling computes: codes, and the samples that tiny generators make of them."""

from typing import Any

import numpy as np

from ganstudy.files import sha256_arrays
from ganstudy.fingerprints.training import CONDITIONS, spaces_of, tiny_networks
from ganstudy.fingerprints.values import in_float64, texts
from ganstudy.keys import RunKey
from ganstudy.models import build, families_for
from ganstudy.models.base import codes
from ganstudy.models.saved import SavedGenerator
from ganstudy.params import Params

VERSION = 1  # raise it when a change matters that the values below cannot show
COUNT = 12


def fingerprint(params: Params) -> dict[str, Any]:
    """The section `sample`, the hash of some codes, and the mean and deviation of what every
    generator that a recipe asks for makes of them before training."""
    found: dict[str, Any] = {
        "version": VERSION,
        "sample": params.sample.model_dump(mode="json"),
        "codes": sha256_arrays(codes(4, COUNT, 0).numpy()),
    }
    tiny = tiny_networks(params)
    for name, classes in CONDITIONS[params.data.kind].items():
        values: dict[str, float] = {}
        for family in families_for(params, spaces_of(params, classes)):
            with in_float64():
                model = build(tiny, RunKey.parse(f"{family}-0"), spaces_of(params, classes))
                spec = model.specs["generator"]
                made = SavedGenerator(model.networks["generator"], spec, {}).sample(COUNT, 0)
            generator = f"norm {spec.norm}, {spec.latent} codes"
            values[f"{generator}: mean"] = float(np.mean(made, dtype=np.float64))
            values[f"{generator}: deviation"] = float(np.std(made, dtype=np.float64))
        found[name] = texts(values, digits=6)
    return found
