"""Too few images are told by the stage that first counts them, with the number that would do."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from ganstudy.data.needs import refuse_small_splits, refuse_too_few
from ganstudy.errors import InputError
from ganstudy.params import Params, parse
from ganstudy.stages import check, fetch, prepare
from training.tiny import content


def params(batch: int = 4, **changes: object) -> Params:
    return parse(content(train__batch=batch, **changes), "params.yaml")


def own(folder: Path, count: int, batch: int, **changes: object) -> Params:
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True)
    for index in range(count):
        Image.fromarray(rng.integers(0, 256, (8, 8), np.uint8)).save(folder / f"{index}.png")
    return params(
        batch, data__name="folder", data__folder=str(folder), data__resolution=8, **changes
    )


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")


def test_fewer_images_than_a_batch_are_refused_before_they_are_read(tmp_path: Path) -> None:
    chosen = own(tmp_path / "in", 20, batch=20)
    with pytest.raises(InputError, match=r"train\.batch: 20 .* there are 20 in all.* some 29"):
        check.run(chosen, Path("dvc.yaml"), None)
    with pytest.raises(InputError, match=r"train\.batch: 20 needs"):
        fetch.run(chosen, tmp_path / "raw")


def test_the_number_that_is_named_is_enough(tmp_path: Path) -> None:
    chosen = own(tmp_path / "in", 29, batch=20)
    check.run(chosen, Path("dvc.yaml"), None)
    fetch.run(chosen, tmp_path / "raw")
    prepare.run(chosen, tmp_path / "raw", tmp_path / "out")


def test_what_is_left_after_the_splits_is_counted_by_prepare(tmp_path: Path) -> None:
    chosen = own(tmp_path / "in", 25, batch=20)
    fetch.run(chosen, tmp_path / "raw")
    with pytest.raises(InputError, match=r"there are 18 to train on: set it to 18 or less"):
        prepare.run(chosen, tmp_path / "raw", tmp_path / "out")


def test_a_folder_with_all_splits_may_train_on_exactly_a_batch(tmp_path: Path) -> None:
    for name, count in (("train", 8), ("val", 8), ("test", 8)):
        chosen = own(tmp_path / "in" / name, count, batch=8)
    data = chosen.data.model_copy(update={"folder": str(tmp_path / "in")})
    chosen = chosen.model_copy(update={"data": data})
    check.run(chosen, Path("dvc.yaml"), None)
    fetch.run(chosen, tmp_path / "raw")
    prepare.run(chosen, tmp_path / "raw", tmp_path / "out")


def test_each_split_that_is_too_small_is_a_mistake_of_its_own() -> None:
    with pytest.raises(InputError) as caught:
        refuse_small_splits(params(batch=64), train=10, validation=1, test=3)
    assert len(caught.value.args) == 2
    assert "bring 20 images" in caught.value.args[1]


def test_splits_that_cost_some_metrics_are_told(capsys) -> None:
    refuse_small_splits(params(evaluate__neighbours=5), train=40, validation=3, test=5)
    said = capsys.readouterr().err
    assert "the test split has 5 images" in said
    assert "the validation split has 3 images" in said
    refuse_small_splits(params(evaluate__neighbours=5), train=40, validation=6, test=6)
    assert capsys.readouterr().err == ""


def test_as_many_as_a_batch_and_the_splits_are_enough_to_begin() -> None:
    refuse_too_few(params(batch=8), 10, to_draw=2)
    with pytest.raises(InputError):
        refuse_too_few(params(batch=8), 9, to_draw=2)


def test_stacked_images_may_be_more_than_what_they_are_made_of(tmp_path: Path) -> None:
    chosen = params(batch=2048, data__name="stacked_digits")  # of 1,797 digits
    fetch.run(chosen, tmp_path / "raw")
    prepare.run(chosen, tmp_path / "raw", tmp_path / "out")


# What check knows of a folder


def test_a_layout_in_doubt_is_asked_about_by_check(tmp_path: Path) -> None:
    chosen = own(tmp_path / "in/00000", 20, 4)
    data = chosen.data.model_copy(update={"folder": str(tmp_path / "in")})
    with pytest.raises(InputError, match=r"data\.folder: .*data\.labels: folders"):
        check.run(chosen.model_copy(update={"data": data}), Path("dvc.yaml"), None)
    answered = data.model_copy(update={"labels": "none"})
    check.run(chosen.model_copy(update={"data": answered}), Path("dvc.yaml"), None)


@pytest.mark.parametrize("linked", ["in/0.png", "in"])
def test_links_that_fetch_would_refuse_are_refused_by_check(tmp_path: Path, linked: str) -> None:
    own(tmp_path / "store/in", 20, 4)
    (tmp_path / "data" / linked).parent.mkdir(parents=True)
    (tmp_path / "data" / linked).symlink_to(tmp_path / "store" / linked)
    chosen = params(2, data__name="folder", data__folder=str(tmp_path / "data"), data__resolution=8)
    with pytest.raises(InputError, match=r"data\.folder: .*data\.links: follow"):
        check.run(chosen, Path("dvc.yaml"), None)


def test_classes_that_a_conditional_run_lacks_are_missed_by_check(tmp_path: Path) -> None:
    chosen = own(tmp_path / "in", 20, 4, train__conditional=True)
    with pytest.raises(InputError, match=r"train\.conditional: .* no sub-folders"):
        check.run(chosen, Path("dvc.yaml"), None)


def test_new_keys_have_defaults_and_every_one_is_in_params_yaml() -> None:
    root = Path(__file__).parents[2] / "params.yaml"
    written = yaml.safe_load(root.read_text(encoding="utf-8"))["data"]
    assert set(written) == set(params().data.model_dump())
    assert {**params().data.model_dump(), "name": "fashion_mnist"} == written
