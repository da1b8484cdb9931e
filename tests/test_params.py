"""params.yaml: each kind of mistake is one clear line naming the key and what would be right."""

from pathlib import Path
from typing import Any

import pydantic
import pytest
import yaml

from ganstudy.errors import InputError, nearest
from ganstudy.params import Params, load, parse
from training.tiny import content, params

ROOT = Path(__file__).parents[1]


def refusal(whole: Any) -> str:
    """The line that `whole` is refused with."""
    with pytest.raises(InputError) as caught:
        parse(whole, "params.yaml")
    message = str(caught.value)
    assert message.startswith("params.yaml")
    assert "\n" not in message
    assert "pydantic" not in message
    return message


@pytest.mark.parametrize(
    "path", ["params.yaml", "studies/smoke/params.yaml", "studies/losses/fashion/params.yaml"]
)
def test_the_files_of_this_repository_are_valid(path: str) -> None:
    assert isinstance(load(ROOT / path), Params)


# Mistakes

MISTAKES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "unknown key": ({"train__bach": 4}, ["train.bach is unknown", "did you mean 'batch'?"]),
    "old name": ({"train__decay": 0.5}, ["train.decay is unknown; it is called 'lr_decay' now"]),
    "old name of a penalty's": (
        {"losses__wgan__penalties": {"r1": {"weight": 1.0, "every": 2}}},
        ["losses.wgan.penalties.r1.every is unknown; it is called 'interval' now"],
    ),
    "unknown section": ({"trian": {}}, ["trian is unknown", "did you mean 'train'?"]),
    "unknown key of a recipe": (
        {"losses__wgan__clipp": 0.1},
        ["losses.wgan.clipp is unknown", "did you mean 'clip'?"],
    ),
    "unknown key of a penalty": (
        {"losses__wgan__penalties": {"r1": {"weight": 1, "wait": 2}}},
        ["losses.wgan.penalties.r1.wait is unknown", "did you mean 'weight'?"],
    ),
    "unknown key of an optimiser": (
        {"vae__optimizer": {"learning_rate": 0.1, "betas": [0, 0.9], "beta": 1}},
        ["vae.optimizer.beta is unknown", "did you mean 'betas'?"],
    ),
    "unknown data set": (
        {"data__name": "fashion_mist"},
        ["data.name: 'fashion_mist' is not allowed", "did you mean 'fashion_mnist'?", "cifar10"],
    ),
    "unknown network": ({"network__name": "mpl"}, ["network.name", "did you mean 'mlp'?", "dcgan"]),
    "unknown loss": (
        {"train__loss": "wgan_pg"},
        ["train.loss: 'wgan_pg' has no recipe", "did you mean 'wgan_gp'?"],
    ),
    "unknown loss in the study": (
        {"study__losses": ["non_saturating", "wgam"]},
        ["study.losses: 'wgam' has no recipe", "did you mean 'wgan'?"],
    ),
    "unknown device": ({"runtime__device": "gpu"}, ["runtime.device: 'gpu'", "cuda", "mps", "cpu"]),
    "negative size": ({"train__batch": -4}, ["train.batch", "greater than or equal to 2", "-4"]),
    "zero images": ({"train__images": 0}, ["train.images", "greater than or equal to 1"]),
    "far too many images": ({"train__images": 10**9}, ["train.images", "100000000"]),
    "far too wide": ({"network__generator_width": 10**9}, ["network.generator_width", "4096"]),
    "far too large a picture": ({"data__resolution": 10**9}, ["data.resolution", "1024"]),
    "far too many steps": ({"losses__wgan__critic_steps": 10**9}, ["losses.wgan.critic_steps"]),
    "far too many samples": ({"sample__count": 10**12}, ["sample.count"]),
    "far too many neighbours": ({"evaluate__neighbours": 10**9}, ["evaluate.neighbours"]),
    "far too large a seed": ({"study__seeds": [2**40]}, ["study.seeds.0"]),
    "negative seed": ({"study__seeds": [0, -1]}, ["study.seeds.1", "greater than or equal to 0"]),
    "text for a number": ({"train__images": "many"}, ["train.images", "integer", "'many'"]),
    "number as text": ({"train__ema": "0.9"}, ["train.ema", "number", "'0.9'"]),
    "fraction for a count": ({"train__images": 1.5}, ["train.images", "integer", "1.5"]),
    "yes for a number": ({"train__batch": True}, ["train.batch", "integer", "True"]),
    "number for yes or no": ({"train__conditional": 1}, ["train.conditional", "boolean"]),
    "nothing where a value is needed": ({"train__images": None}, ["train.images", "None"]),
    "list for a section": ({"train": [1]}, ["train", "object", "[1]"]),
    "a decay above its range": (
        {"train__lr_decay": 1.5},
        ["train.lr_decay", "less than or equal to 1"],
    ),
    "an average that never moves": ({"train__ema": 1.0}, ["train.ema", "less than 1"]),
    "three betas": (
        {"vae__optimizer": {"learning_rate": 0.1, "betas": [0, 0.9, 0.99]}},
        ["vae.optimizer.betas"],
    ),
    "a negative weight": (
        {"losses__wgan__penalties": {"r1": {"weight": -1}}},
        ["losses.wgan.penalties.r1.weight"],
    ),
    "not a number": ({"train__lr_decay": float("nan")}, ["only numbers"]),
    "infinity": ({"vae__beta": float("inf")}, ["only numbers"]),
    "an odd name for a loss": ({"losses__W-GAN": {}}, ["losses.W-GAN", "pattern"]),
    "no seeds": ({"study__seeds": []}, ["study.seeds", "at least 1 item"]),
    "a folder that is not named": ({"data__name": "folder"}, ["data.folder and data.resolution"]),
    "a folder that nobody reads": ({"data__folder": "pictures"}, ["data.folder", "name: folder"]),
    "weights for the judge": (
        {"evaluate__weights": "x.pth"},
        ["evaluate.weights is for other extractors", "the judge has its own"],
    ),
    "no share of validation": ({"data__validation": 0.0}, ["data.validation", "greater than 0"]),
    "two channels": ({"data__channels": 2}, ["data.channels: 2 is not allowed", "1, 3"]),
    "a date": ({"data__folder": yaml.safe_load("2020-01-01")}, ["only numbers, texts"]),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_line_that_says_what_would_be_right(name: str) -> None:
    changes, expected = MISTAKES[name]
    message = refusal(content(**changes))
    for part in expected:
        assert part in message


def test_a_missing_section_and_a_missing_key_are_named() -> None:
    whole = content()
    del whole["sample"], whole["train"]["batch"]
    message = refusal(whole)
    assert "sample is missing" in message
    assert "train.batch is missing" in message


def test_all_mistakes_are_told_at_once() -> None:
    message = refusal(content(train__bach=1, network__latent=-3, sample__count="x"))
    assert all(key in message for key in ("train.bach", "network.latent", "sample.count"))


@pytest.mark.parametrize("whole", [None, 3, "text", [1, 2]])
def test_what_holds_no_sections_is_refused(whole: Any) -> None:
    assert "must hold sections" in refusal(whole)


def test_a_seed_twice_is_refused() -> None:
    assert "study.seeds" in refusal(content(study__seeds=[0, 1, 0]))


# Files


def refused_file(folder: Path, text: bytes) -> str:
    path = folder / "params.yaml"
    path.write_bytes(text)
    with pytest.raises(InputError) as caught:
        load(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message


def test_tags_are_refused_and_nothing_is_run(tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    text = f"train: !!python/object/apply:os.system ['touch {touched}']\n"
    assert "not plain YAML" in refused_file(tmp_path, text.encode())
    assert not touched.exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"train: [1, 2", "not plain YAML"),
        (b"train:\n\tloss: x", "not plain YAML"),
        (b"", "must hold sections"),
        (b"train: \xff\xfe", "cannot read"),
        (b"a: &a {b: *a}", "only numbers, texts, lists and sections"),
        (b"[" * 3000, "not plain YAML"),
        (b"train: {loss: wgan}\ntrain: {loss: hinge}\n", "'train' is there twice"),
        (b"? [train, loss]\n: wgan\n", "not plain YAML"),
        (b"train: !!map [1]\n", "not plain YAML"),
    ],
)
def test_broken_files_are_bad_input(text: bytes, message: str, tmp_path: Path) -> None:
    assert message in refused_file(tmp_path, text)


def test_a_key_twice_is_refused_not_half_read(tmp_path: Path) -> None:
    whole = yaml.safe_dump(content())
    twice = whole.replace("  batch: 4\n", "  batch: 4\n  batch: 8\n", 1)
    message = refused_file(tmp_path, twice.encode())
    assert "'batch'" in message
    assert "twice" in message


def test_a_missing_file_says_where_to_be(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.yaml is missing: run from the project's root"):
        load(tmp_path / "nowhere.yaml")
    with pytest.raises(InputError, match="cannot read"):
        load(tmp_path)


def test_merge_keys_and_anchors_are_plain_yaml(tmp_path: Path) -> None:
    text = yaml.safe_dump(content())
    path = tmp_path / "params.yaml"
    path.write_text("defaults: &d {}\n" + text)
    with pytest.raises(InputError, match="defaults is unknown"):
        load(path)
    optimizer = "{learning_rate: 0.002, betas: [0.0, 0.99]}"
    whole = content()
    del whole["vae"]
    path.write_text(
        yaml.safe_dump(whole)
        + f"vae: {{optimizer: &adam {optimizer}, encoder_width: 8, beta: 1.0}}\n"
    )
    assert load(path) == params()


# The grid


def test_the_grid_has_train_loss_first_each_loss_once_and_the_baseline_last() -> None:
    chosen = params(
        train__loss="wgan", study__losses=["non_saturating", "wgan", "wgan_gp"], study__seeds=[3, 0]
    )
    assert chosen.gan_losses() == ["wgan", "non_saturating", "wgan_gp"]
    assert chosen.run_keys() == [
        "gan-wgan-3",
        "gan-wgan-0",
        "gan-non_saturating-3",
        "gan-non_saturating-0",
        "gan-wgan_gp-3",
        "gan-wgan_gp-0",
        "vae-elbo-3",
        "vae-elbo-0",
    ]


def test_params_cannot_be_changed_in_flight() -> None:
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        params().train.batch = 3


def test_whole_numbers_stand_for_fractions_and_lists_for_pairs() -> None:
    chosen = params(train__lr_decay=0, vae__optimizer={"learning_rate": 1, "betas": [0, 0.9]})
    assert chosen.train.lr_decay == 0.0
    assert chosen.vae.optimizer.betas == (0.0, 0.9)


def test_the_nearest_name_comes_first_and_all_are_told() -> None:
    assert nearest("wgann", ["hinge", "wgan"]) == "did you mean 'wgan'? allowed: hinge, wgan"
    assert nearest("xyz", ["hinge", "wgan"]) == "allowed: hinge, wgan"
