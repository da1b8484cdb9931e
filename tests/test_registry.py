"""A run's generator in MLflow's registry answers with the samples of the run, and is no pickle."""

from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from explorer.trained import DCGAN, GAN, study
from ganstudy.errors import InputError
from ganstudy.files import read_json, write_json
from ganstudy.models.saved import load_generator
from ganstudy.study import layout
from ganstudy.study.runs import read_run
from ganstudy.tracking.registry import register

METRICS = {"fid": 31.4, "judge_sha256": "a" * 64, "reference_sha256": "b" * 64}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A conditional study with a measured run, and a store of its own."""
    made = study(
        tmp_path_factory.mktemp("registry"),
        **(DCGAN | {"train__images": 160, "train__conditional": True}),
    )
    with pytest.MonkeyPatch.context() as patch, chdir(made):
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{made / 'mlflow.db'}")
        patch.setenv("DVC_ROOT", str(made))
        write_json(made / layout.METRICS / f"{GAN}.json", METRICS)
        path = made / layout.RUNS / GAN / "model.json"
        told = {"key": "k", "data": "digits", "data_sha256": "d" * 64}
        write_json(path, read_json(path) | told | {"params": {"train": {"images": 160}}})
        history = "round,images,generator/loss\n1,160,0.7\n"
        (made / layout.RUNS / GAN / "history.csv").write_text(history)
        yield made


@pytest.fixture(scope="module")
def address(folder: Path) -> str:
    return register(read_run(GAN), "digits")


def test_seeds_and_classes_become_the_images_of_the_run(folder: Path, address: str) -> None:
    import mlflow

    assert address == "models:/digits/1"
    model = mlflow.pyfunc.load_model(address)
    asked = pd.DataFrame({"seed": [3, 4, 3], "label": [1, 2, 7]})
    images = model.predict(asked)
    assert images.dtype == np.uint8
    generator = load_generator(folder / layout.RUNS / GAN)
    for image, (seed, label) in zip(images, asked.to_numpy(), strict=True):
        assert np.array_equal(image, generator.sample(1, int(seed), np.array([label]))[0])
    assert not np.array_equal(images[0], images[2])  # the class is heard
    assert [column.name for column in model.metadata.signature.inputs] == ["seed", "label"]
    with pytest.raises(mlflow.MlflowException, match="seed"):
        model.predict(pd.DataFrame({"seeds": [1]}))


def test_there_is_no_pickle_in_it_and_the_next_is_the_next_version(
    folder: Path, address: str
) -> None:
    import mlflow

    place = Path(mlflow.artifacts.download_artifacts(address))
    names = {path.name for path in place.rglob("*") if path.is_file()}
    assert {"served.py", "generator.safetensors", "model.json"} <= names
    assert not [name for name in names if name.endswith((".pkl", ".pickle", ".pt", ".joblib"))]
    assert register(read_run(GAN), "digits") == "models:/digits/2"


def test_a_name_that_the_registry_refuses_is_one_line(folder: Path, address: str) -> None:
    with pytest.raises(InputError, match="name"):
        register(read_run(GAN), "a/b:c")
