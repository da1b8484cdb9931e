"""Generators on disk: bit for bit, the same bytes twice, and what a broken folder says."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ganstudy.errors import InputError
from ganstudy.files import Labels, Samples
from ganstudy.models.base import (
    FromCodes,
    balanced_labels,
    initial_weights,
    latents,
    recompute_bn_statistics,
)
from ganstudy.models.saved import (
    MODEL,
    WEIGHTS,
    SavedGenerator,
    load_generator,
    restored,
    save_model,
)
from ganstudy.networks import NetworkSpec, discriminator_spec, encoder_spec, generator_spec
from ganstudy.networks.specs import from_json, to_json
from training.tiny import weights

SPECS = [
    generator_spec("dcgan", (8, 8, 1), 1.0, 4, 4, "batch", 0),
    generator_spec("dcgan", (28, 28, 3), 1.0, 4, 4, "batch", 3),
    generator_spec("mlp", (8, 12, 1), 1.0, 4, 8, "none", 3),
    generator_spec("resnet", (8, 8, 3), 1.0, 4, 4, "batch", 3),
]


def network(spec: NetworkSpec, seed: int = 0) -> torch.nn.Module:
    """A generator with weights of its own and settled statistics."""
    with initial_weights(seed, "generator"):
        built = spec.build()
    recompute_bn_statistics(FromCodes, {"generator": built}, {"generator": spec}, seed)
    return built


def save(folder: Path, spec: NetworkSpec, meta: dict[str, Any], seed: int = 0) -> torch.nn.Module:
    """Saves a generator beside a discriminator of its own; returns the generator."""
    made, companion = (
        network(spec, seed),
        discriminator_spec("mlp", spec.shape.stored, 1.0, 4, "none", 0),
    )
    with initial_weights(seed, "discriminator"):
        networks = {"generator": made, "discriminator": companion.build()}
    save_model(folder, networks, {"generator": spec, "discriminator": companion}, meta)
    return made


def generate(
    G: torch.nn.Module,
    spec: NetworkSpec,
    labels: Labels | None,
    count: int,
    seed: int,
    batch: int = 500,
) -> Samples:
    """Images of codes drawn for `seed`."""
    z = latents(spec.latent, count, seed)
    return SavedGenerator(G, spec, {}).decode(z, labels, batch)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A saved generator."""
    save(tmp_path / "run", SPECS[0], {"key": "k"})
    return tmp_path / "run"


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_a_generator_comes_back_bit_for_bit(spec: NetworkSpec, tmp_path: Path) -> None:
    original = save(tmp_path, spec, {"key": "k", "params": {"a": 1}})
    loaded = load_generator(tmp_path)
    assert loaded.spec == spec
    assert loaded.meta["params"] == {"a": 1}
    assert weights(loaded.network) == weights(original)
    assert not loaded.network.training
    labels = balanced_labels(6, spec.classes)
    expected = generate(original, spec, labels, 6, seed=3)
    found = loaded.sample(6, seed=3)
    assert found.dtype == np.uint8
    assert found.shape == (6, *spec.shape.stored)
    assert np.array_equal(found, expected)


def test_equal_weights_give_equal_bytes(tmp_path: Path) -> None:
    for name in "ab":
        save(tmp_path / name, SPECS[1], {"key": "k"})
    for file in (WEIGHTS, "discriminator.safetensors", MODEL):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    save(tmp_path / "c", SPECS[1], {"key": "k"}, seed=1)
    assert (tmp_path / "a" / WEIGHTS).read_bytes() != (tmp_path / "c" / WEIGHTS).read_bytes()


def test_what_is_written_of_a_generator_and_its_companions_is_what_old_runs_hold(tmp_path) -> None:
    save(tmp_path / "gan", SPECS[1], {"key": "k"})
    meta = json.loads((tmp_path / "gan" / MODEL).read_text())
    common = {"stored": [28, 28, 3], "scale": 1.0, "width": 4}
    assert meta == {
        "key": "k",
        "generator": {"network": "dcgan", "latent": 4, "norm": "batch", "classes": 3, **common},
        "discriminator": {"network": "mlp", "norm": "none", "classes": 0, **common},
    }
    encoder = encoder_spec("mlp", (2,), 2.5, 3, 8, standardized=True)
    written = to_json({"encoder": encoder})
    told = {"network": "mlp", "stored": (2,), "scale": 2.5, "latent": 3, "width": 8}
    assert written == {"encoder": told | {"standardized": True}}
    assert from_json(written) == {"encoder": encoder}


# Samples


def test_the_first_images_do_not_depend_on_how_many_follow() -> None:
    G = network(SPECS[0])
    few, more = (generate(G, SPECS[0], None, count, 0).astype(int) for count in (5, 12))
    assert np.abs(few - more[:5]).max() <= 1  # rounding of another kernel
    assert np.abs(few - more[5:10]).max() > 1  # which codes of their own exceed


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_images_do_not_depend_on_the_batch(spec: NetworkSpec) -> None:
    G, labels = network(spec), balanced_labels(11, spec.classes)
    whole, parts = (generate(G, spec, labels, 11, 0, batch=size).astype(int) for size in (500, 3))
    assert np.abs(whole - parts).max() <= 1  # rounding of another kernel


def test_images_depend_on_the_seed_and_each_on_a_code_of_its_own() -> None:
    G = network(SPECS[0])
    one, two = generate(G, SPECS[0], None, 8, 0), generate(G, SPECS[0], None, 8, 1)
    assert not np.array_equal(one, two)
    assert len(np.unique(np.concatenate([one, two]).reshape(16, -1), axis=0)) == 16


def test_classes_come_in_turn_or_as_they_are_asked_for(tmp_path: Path) -> None:
    spec = SPECS[2]
    save(tmp_path, spec, {})
    generator = load_generator(tmp_path)
    assert generator.labels(7).tolist() == [0, 1, 2, 0, 1, 2, 0]
    assert np.array_equal(generator.sample(7, 0), generator.sample(7, 0, generator.labels(7)))
    ones = generator.sample(7, 0, np.ones(7, np.int64))
    assert not np.array_equal(ones, generator.sample(7, 0))
    assert np.array_equal(ones[1], generator.sample(7, 0)[1])
    save(tmp_path, SPECS[0], {})
    assert load_generator(tmp_path).labels(7) is None


# Broken folders


def test_missing_files_are_named(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    with pytest.raises(InputError, match=rf"cannot read .*{WEIGHTS}"):
        load_generator(folder)
    (folder / MODEL).unlink()
    with pytest.raises(InputError, match=rf"cannot read .*{MODEL}"):
        load_generator(folder)


@pytest.mark.parametrize("keep", [0, 4, 100, -1])
def test_truncated_weights_are_bad_input(folder: Path, keep: int) -> None:
    path = folder / WEIGHTS
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(InputError, match=rf"{WEIGHTS} is not a readable safetensors file"):
        load_generator(folder)


def test_a_pickle_in_place_of_weights_is_never_loaded(folder: Path, tmp_path: Path) -> None:
    torch.save(network(SPECS[0]).state_dict(), folder / WEIGHTS)
    with pytest.raises(InputError, match="not a readable safetensors"):
        load_generator(folder)


def test_weights_of_another_network_do_not_fit(folder: Path, tmp_path: Path) -> None:
    save(tmp_path / "other", SPECS[2], {})
    (tmp_path / "other" / WEIGHTS).replace(folder / WEIGHTS)
    with pytest.raises(InputError, match="does not fit the network beside it"):
        load_generator(folder)
    with pytest.raises(InputError, match="does not fit"):
        restored(lambda: torch.nn.Linear(2, 2), folder / WEIGHTS, folder / MODEL)


@pytest.mark.parametrize(
    "change",
    [
        lambda meta: meta.pop("generator"),
        lambda meta: meta["generator"].pop("latent"),
        lambda meta: meta["generator"].update(network="unheard"),
        lambda meta: meta["generator"].update(extra=1),
        lambda meta: meta["generator"].update(stored=3),
        lambda meta: meta.update(generator=[1, 2]),
    ],
)
def test_a_model_json_that_describes_nothing_is_bad_input(folder: Path, change) -> None:
    meta = json.loads((folder / MODEL).read_text())
    change(meta)
    (folder / MODEL).write_text(json.dumps(meta))
    with pytest.raises(InputError, match=r"does not describe a (generator|network)"):
        load_generator(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"'])
def test_a_model_json_that_is_no_json_object_is_bad_input(folder: Path, text: str) -> None:
    (folder / MODEL).write_text(text)
    with pytest.raises(InputError, match=r"model\.json"):
        load_generator(folder)
