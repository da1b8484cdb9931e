"""The auto-encoder copies and its codes are standard; all models come back from disk whole."""

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import norm as gaussian
from torch import Tensor, nn

from ganstudy.dataset import labelled_data
from ganstudy.errors import InputError
from ganstudy.files import read_json, write_json
from ganstudy.keys import RunKey
from ganstudy.models import build, identity
from ganstudy.models.autoencoder import Autoencoder
from ganstudy.models.base import GenerativeModel, recompute_bn_statistics
from ganstudy.models.saved import (
    MODEL,
    SavedGenerator,
    load_companion,
    load_generator,
    save_model,
)
from ganstudy.models.vae import VAE
from ganstudy.networks import encoder_spec, generator_spec
from ganstudy.objectives.reconstruction import gaussian_nll
from ganstudy.params import AEParams, VAEParams
from ganstudy.spaces import Image, Score, Space, labelled
from ganstudy.training.batches import Batches
from ganstudy.training.trainer import Callbacks, Settings, Trainer
from training.tiny import batch, dataset, params

CPU = torch.device("cpu")
ADAM = {"learning_rate": 0.005, "betas": (0.9, 0.99)}
STORED = (8, 8, 1)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def autoencoder(network: str = "mlp", latent: int = 4, classes: int = 0) -> Autoencoder:
    return Autoencoder(
        AEParams.model_validate({"optimizer": ADAM, "encoder_width": 16}),
        generator_spec(network, STORED, 1.0, latent, 16, "none", classes),
        encoder_spec(network, STORED, 1.0, latent, 16, standardized=True),
        0,
    )


def bars(count: int = 64) -> np.ndarray:
    """Images of a bright bar at one of eight rows, of one of two strengths."""
    images = np.zeros((count, 8, 8, 1), np.uint8)
    for index in range(count):
        images[index, index % 8] = 255 if index % 16 < 8 else 128
    return images


def trained(
    model: GenerativeModel, samples: np.ndarray, rounds: int, scale: float = 1.0
) -> Trainer:
    """A trainer that has played `rounds` rounds."""
    batches = Batches(dataset(samples, scale=scale), 16, 0, CPU)
    subject = Trainer(model, batches, Settings(16 * rounds, 0.0, 0.9), CPU)
    subject.fit(None, Callbacks())
    return subject


# Copying


@pytest.fixture(scope="module")
def copier() -> tuple[Autoencoder, Trainer]:
    """An auto-encoder that has learnt the bars."""
    model = autoencoder()
    return model, trained(model, bars(), 500)


def test_its_loss_is_the_mean_squared_error_of_the_copy() -> None:
    model = autoencoder()
    real = normal(6, 1, 8, 8)
    (player,) = model.players()
    loss = player.objective(batch(real))["loss"]
    expected = (real - model.decoder(model.encoder(real))).square().mean()
    torch.testing.assert_close(loss, expected)


def test_it_learns_to_copy(copier: tuple[Autoencoder, Trainer]) -> None:
    model, subject = copier
    losses = [row["ae/loss"] for row in subject.history]
    # A copy of the mean image costs the variance: what lies below was read from the code.
    seen = Image(1, 8, 8).encode(torch.from_numpy(bars()))
    assert losses[0] > seen.var(0, unbiased=False).mean().item()
    assert losses[-1] < 0.1 * seen.var(0, unbiased=False).mean().item()
    model.encoder.eval()
    with torch.no_grad():
        copies = subject.average.module(model.encoder(seen))
    assert (copies - seen).square().mean() < 0.1 * seen.var(0, unbiased=False).mean()


def test_its_one_player_moves_encoder_and_decoder() -> None:
    model = autoencoder()
    (player,) = model.players()
    before = {name: weight.detach().clone() for name, weight in player.network.named_parameters()}
    trained(model, bars(), 2)
    for name, weight in player.network.named_parameters():
        # Standardisation takes a constant out of the codes: their bias has no effect.
        codes_bias = name.startswith("encoder.") and weight.shape == (8,)
        assert codes_bias or not torch.equal(weight, before[name]), name


def test_codes_of_training_images_are_standard_so_that_the_sampler_may_draw_them(copier) -> None:
    model, _ = copier
    encoder = model.encoder.eval()  # by its running statistics, as when it is loaded
    with torch.no_grad():
        codes = encoder(Image(1, 8, 8).encode(torch.from_numpy(bars())))
    np.testing.assert_allclose(codes.mean(0), 0, atol=0.25)
    np.testing.assert_allclose(codes.std(0), 1, atol=0.25)


def test_the_decoder_of_a_conditional_one_is_told_the_class() -> None:
    model = autoencoder(classes=2)
    (player,) = model.players()
    real, y = normal(6, 1, 8, 8), torch.arange(6) % 2
    one, other = (player.objective(batch(real, labels))["loss"] for labels in (y, 1 - y))
    assert one != other


def test_it_has_one_loss_and_needs_its_section() -> None:
    with pytest.raises(InputError, match="one loss, mse; not 'elbo'"):
        identity(params(), RunKey("ae", "elbo", 0))
    with pytest.raises(InputError, match="no section ae"):
        build(params(ae=None), RunKey("ae", "mse", 0), labelled(STORED))


def test_its_decoder_is_the_gans_generator_weight_by_weight() -> None:
    chosen = params(network__generator_norm="batch")
    models = [
        build(chosen, RunKey.parse(run), labelled(STORED))
        for run in ("gan-wgan-0", "vae-elbo-0", "ae-mse-0")
    ]
    states = [model.networks["generator"].state_dict() for model in models]
    for state in states[1:]:
        assert state.keys() == states[0].keys()
        assert all(torch.equal(state[name], states[0][name]) for name in state)


# The Gaussian of the variational one


@pytest.mark.parametrize("variance", [0.01, 0.3, 1.0, 7.0])
@pytest.mark.parametrize("size", [(2,), (1, 4, 4)], ids=str)
def test_the_nll_of_a_given_variance_is_that_of_the_density(variance: float, size) -> None:
    x, decoded = normal(5, *size).double(), normal(5, *size, seed=1).double()
    density = gaussian(decoded.numpy(), math.sqrt(variance)).logpdf(x.numpy())
    expected = -density.reshape(5, -1).sum(1).mean()
    assert gaussian_nll(x, decoded, variance).item() == pytest.approx(expected, rel=1e-9)


def test_the_learned_variance_is_the_least_over_all_of_them() -> None:
    x, decoded = normal(5, 1, 4, 4).double(), normal(5, 1, 4, 4, seed=1).double()
    best = (x - decoded).square().mean().item()
    learned = gaussian_nll(x, decoded).item()
    assert learned == pytest.approx(gaussian_nll(x, decoded, best).item(), rel=1e-12)
    for factor in (0.1, 0.5, 0.9, 0.99, 1.01, 1.1, 2.0, 10.0):
        assert gaussian_nll(x, decoded, factor * best).item() > learned


def vae(stored: tuple[int, ...], scale: float, variance: float | None) -> VAE:
    recipe = {"optimizer": ADAM, "encoder_width": 8, "beta": 0.5, "variance": variance}
    return VAE(
        VAEParams.model_validate(recipe),
        generator_spec("mlp", stored, scale, 3, 8, "none", 0),
        encoder_spec("mlp", stored, scale, 3, 8, standardized=False),
        0,
    )


@pytest.mark.parametrize("variance", [None, 0.04])
def test_the_variance_of_the_recipe_is_that_of_the_bound(variance: float | None) -> None:
    found = []
    for given in (variance, 0.04):
        model, real = vae((2,), 1.0, given), normal(6, 2)
        (player,) = model.players()
        found.append(player.objective(batch(real)))
        bound = found[-1]["reconstruction"] + 0.5 * found[-1]["kl"]
        torch.testing.assert_close(found[-1]["loss"], bound / 2)
    mine, fixed = found
    assert (mine["reconstruction"] == fixed["reconstruction"]) == (variance is not None)
    assert mine["kl"] == fixed["kl"]
    assert mine["reconstruction"] <= fixed["reconstruction"]


def test_the_weight_of_the_error_is_one_over_twice_the_variance() -> None:
    x = normal(4, 3).double()
    decoded = normal(4, 3, seed=1).double().requires_grad_()
    (slope,) = torch.autograd.grad(gaussian_nll(x, decoded, 0.25), decoded)
    torch.testing.assert_close(slope, ((decoded - x) / 0.25 / 4).detach())


# On disk

WORLDS = {
    "images": labelled((8, 8, 3)),
    "classes": labelled((8, 8, 1), classes=3),
    "points": labelled((2,), 2.5),
}
CASES = [
    (run, network, world)
    for run in ("gan-wgan-0", "vae-elbo-0", "ae-mse-0")
    for network, world in [
        ("mlp", "images"),
        ("mlp", "classes"),
        ("mlp", "points"),
        ("dcgan", "images"),
        ("dcgan", "classes"),
        ("resnet", "classes"),
    ]
]


def made(run: str, network: str, world: Mapping[str, Space], norm: str = "none") -> GenerativeModel:
    """A model that has played a few rounds, so that its buffers are its own."""
    chosen = params(
        network__name=network,
        network__generator_norm="batch",
        network__discriminator_norm=norm,
    )
    model = build(chosen, RunKey.parse(run), world)
    rng = np.random.default_rng(0)
    stored = world["x"].stored
    if len(stored) == 3:
        samples = rng.integers(0, 256, (32, *stored)).astype(np.uint8)
    else:
        samples = rng.normal(size=(32, *stored)).astype(np.float32)
    labels = np.arange(32) % world["y"].classes if "y" in world else None
    batches = Batches(labelled_data(samples, labels, world), 8, 0, CPU)
    Trainer(model, batches, Settings(24, 0, 0.9), CPU).fit(None, Callbacks())
    recompute_bn_statistics(type(model), model.networks, model.specs, 0)
    return model


def outputs(network: nn.Module, spec, world: Mapping[str, Space]) -> list[Tensor]:
    """What a companion says in evaluation of samples (and labels, if it is D)."""
    x = normal(5, *world["x"].size)
    y = torch.arange(5) % world["y"].classes if "y" in world else None
    arguments = (x, y) if isinstance(spec.output, Score) else (x,)
    with torch.no_grad():
        found = network.eval()(*arguments)
    return list(found) if isinstance(found, tuple) else [found]


@pytest.mark.parametrize(("run", "network", "world"), CASES)
def test_generator_and_companion_come_back_and_say_the_same(run, network, world, tmp_path) -> None:
    at = WORLDS[world]
    model = made(run, network, at)
    save_model(tmp_path, model.networks, model.specs, {"key": "k"})

    generator, companion = load_generator(tmp_path), load_companion(tmp_path)
    assert generator.spec == model.specs["generator"]
    assert generator.meta["key"] == "k"
    before = SavedGenerator(model.networks["generator"], generator.spec, {})
    samples = generator.sample(7, seed=3)
    assert np.array_equal(samples, before.sample(7, seed=3))
    assert samples.shape == (7, *at["x"].stored)
    assert samples.dtype == (np.uint8 if len(at["x"].stored) == 3 else np.float32)

    role = "discriminator" if run.startswith("gan") else "encoder"
    assert companion.role == role
    assert companion.spec == model.specs[role]
    assert not companion.network.training
    again = outputs(companion.network, companion.spec, at)
    for now, then in zip(again, outputs(model.networks[role], companion.spec, at), strict=True):
        assert torch.equal(now, then)
    assert again[0].std() > 0


@pytest.mark.parametrize("network", ["mlp", "dcgan", "resnet"])
def test_a_spectral_d_comes_back_with_its_estimates(network: str, tmp_path: Path) -> None:
    at = WORLDS["classes"]
    model = made("gan-wgan-0", network, at, "spectral")
    save_model(tmp_path, model.networks, model.specs, {})
    loaded = load_companion(tmp_path)
    assert loaded.spec.norm == "spectral"
    (then,), (now,) = (
        outputs(d, loaded.spec, at) for d in (model.networks["discriminator"], loaded.network)
    )
    assert torch.equal(then, now)


def test_points_come_out_in_the_units_of_the_data(tmp_path: Path) -> None:
    model = made("gan-wgan-0", "mlp", WORLDS["points"])
    save_model(tmp_path, model.networks, model.specs, {})
    generator, z = load_generator(tmp_path), normal(6, 4)
    with torch.no_grad():
        seen = generator.network(z).numpy()
    np.testing.assert_allclose(generator.decode(z), 2.5 * seen, rtol=1e-6)


def test_the_encoder_is_found_by_its_role_and_a_folder_without_a_companion_says_so(tmp_path):
    model = made("ae-mse-0", "mlp", WORLDS["images"])
    save_model(tmp_path, model.networks, model.specs, {})
    assert (tmp_path / "encoder.safetensors").is_file()
    assert not (tmp_path / "discriminator.safetensors").exists()
    meta = read_json(tmp_path / MODEL)
    assert meta["encoder"]["standardized"] is True
    del meta["encoder"]
    write_json(tmp_path / MODEL, meta)
    with pytest.raises(InputError, match="does not describe a companion"):
        load_companion(tmp_path)


def test_a_companions_missing_weights_are_named(tmp_path: Path) -> None:
    model = made("gan-wgan-0", "mlp", WORLDS["images"])
    save_model(tmp_path, model.networks, model.specs, {})
    (tmp_path / "discriminator.safetensors").unlink()
    with pytest.raises(InputError, match=r"discriminator\.safetensors"):
        load_companion(tmp_path)
    load_generator(tmp_path)  # which needs it not
