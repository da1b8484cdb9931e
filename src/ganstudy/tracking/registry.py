"""MLflow's registry: a run's generator as a model that `mlflow models serve` answers with."""

import shutil
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ganstudy.errors import InputError, StudyError
from ganstudy.models.saved import MODEL, load_generator
from ganstudy.study.runs import Run
from ganstudy.tracking import store
from ganstudy.tracking.models import log_run

if TYPE_CHECKING:
    from mlflow.models import ModelSignature

SERVED = Path(__file__).with_name("served.py")
WEIGHTS = "generator.safetensors"


def register(run: Run, name: str) -> str:
    """Adds the generator of a measured run to the registry as the next version of `name`, and to
    its run in MLflow; returns the address, like models:/name/1. Raises `StudyError` where the store
    does not take it, `InputError` where the run has no generator of codes."""
    copy = log_run(run)
    if copy.missed:
        raise StudyError(f"{run.key} is not in MLflow: {copy.missed}")
    client = store.connected()
    import mlflow
    from mlflow.entities import LoggedModelOutput
    from mlflow.exceptions import MlflowException

    mlflow.set_tracking_uri(store.tracking_uri())
    try:
        model = client.create_logged_model(
            copy.experiment, name=run.key, source_run_id=copy.run_id, model_type="generator"
        )
        with tempfile.TemporaryDirectory() as folder:
            client.log_model_artifacts(model.model_id, str(_written(run, Path(folder))))
        client.finalize_logged_model(model.model_id, "READY")
        client.log_outputs(copy.run_id, [LoggedModelOutput(model.model_id, 0)])
        if not client.search_registered_models(f"name = '{name}'"):
            client.create_registered_model(name)
        version = client.create_model_version(
            name, f"models:/{model.model_id}", copy.run_id, model_id=model.model_id
        )
    except MlflowException as error:
        raise InputError(store.without_secret(" ".join(str(error).split()))[:400]) from error
    return f"models:/{name}/{version.version}"


def _written(run: Run, folder: Path) -> Path:
    """The model as MLflow lays it out: weights, `served.py`, what goes in and what comes out."""
    from mlflow.pyfunc import save_model

    kept = folder / "run"
    kept.mkdir()
    for file in (MODEL, WEIGHTS):
        shutil.copyfile(run.folder / file, kept / file)
    made = folder / "model"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # advice to give type hints and an example
        save_model(
            str(made),
            python_model=str(SERVED),
            artifacts={"run": str(kept)},
            signature=_signature(kept),
            pip_requirements=["ganstudy", "mlflow"],
        )
    return made


def _signature(folder: Path) -> "ModelSignature":
    from mlflow.models import ModelSignature
    from mlflow.types.schema import ColSpec, DataType, Schema, TensorSpec

    generator = load_generator(folder)
    sample = generator.sample(1, 0)
    columns: list[ColSpec | TensorSpec] = [ColSpec(DataType.long, "seed")]
    if generator.spec.classes:
        columns.append(ColSpec(DataType.long, "label", required=False))
    shape = (-1, *sample.shape[1:])
    return ModelSignature(Schema(columns), Schema([TensorSpec(np.dtype(sample.dtype), shape)]))
