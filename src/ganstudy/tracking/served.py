"""What `mlflow models serve` runs of a registered generator: seeds and classes in, images out.

MLflow keeps this file beside the weights and runs it: no object is pickled.
"""

from pathlib import Path
from typing import Any

import numpy as np
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel

from ganstudy.files import Samples
from ganstudy.models.saved import load_generator


class Generator(PythonModel):
    """One image a row of `seed` and, where the generator knows classes, `label`."""

    def load_context(self, context: Any) -> None:
        self.generator = load_generator(Path(context.artifacts["run"]))

    def predict(
        self, context: Any, model_input: Any, params: dict[str, Any] | None = None
    ) -> Samples:
        """The samples (N, H, W, C) uint8, or (N, d) float32, of a table with N rows."""
        found: list[Any] = []
        known = self.generator.spec.classes and "label" in model_input
        labels = model_input["label"].fillna(0) if known else [None] * len(model_input)
        for seed, label in zip(model_input["seed"], labels, strict=True):
            given = None if label is None else np.array([int(label)])
            found.append(self.generator.sample(1, int(seed), given))
        images: Samples = np.concatenate(found)
        return images


set_model(Generator())
