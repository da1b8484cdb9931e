"""What `mlflow models serve` runs of a registered generator: seeds and classes in, images out.

MLflow keeps this file beside the weights and runs it: no object is pickled.
"""

from pathlib import Path
from typing import Any

import numpy as np
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel

from ganstudy.files import Samples
from ganstudy.models.saved import load_generator


class Generator(PythonModel):  # type: ignore[misc]  # mlflow has no types
    """One image a row of `seed` and, where the generator knows classes, `label`."""

    def load_context(self, context: Any) -> None:
        self.generator = load_generator(Path(context.artifacts["run"]))

    def predict(
        self, context: Any, model_input: Any, params: dict[str, Any] | None = None
    ) -> Samples:
        """The samples (N, H, W, C) uint8, or (N, d) float32, of a table with N rows."""
        labels = model_input["label"].fillna(0) if "label" in model_input else None
        found = []
        for row, seed in enumerate(model_input["seed"]):
            known = labels is not None and self.generator.spec.classes
            given = np.array([int(labels.iloc[row])]) if known else None
            found.append(self.generator.sample(1, int(seed), given))
        return np.concatenate(found)


set_model(Generator())
