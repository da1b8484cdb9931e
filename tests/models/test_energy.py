"""D alone: whose gradient moves it, that its chains find what it learned, and what is kept."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from ganstudy import metrics, models
from ganstudy.dataset import labelled_data
from ganstudy.errors import DivergedError, InputError
from ganstudy.fingerprints.values import in_float64
from ganstudy.keys import RunKey
from ganstudy.models.base import generated, inputs_for
from ganstudy.models.energy import Energy, Replay, noise
from ganstudy.models.saved import load_model, save_model
from ganstudy.objectives.langevin import langevin
from ganstudy.spaces import Image, Points, labelled
from ganstudy.stages import check
from ganstudy.training.batches import Batches
from ganstudy.training.trainer import Callbacks, Settings, Trainer
from training.tiny import CPU, STORED, batches, params, trainer

RUN = "energy-contrastive-0"
ADAM = {"learning_rate": 0.01, "betas": [0.0, 0.99]}
WALK = {"steps": 5, "first": 0.1, "last": 0.01}


def recipe(**changes) -> dict:
    own = {"optimizer": ADAM, "width": 8, "alpha": 0.001, "buffer": 12}
    return {"energy-contrastive": own | {"training": WALK, "sampling": WALK} | changes}


def made(spaces=None, **changes) -> Energy:
    return models.build(
        params(models=recipe(**changes)), RunKey.parse(RUN), spaces or labelled(STORED)
    )


def gradients(loss: Tensor, model: Energy) -> list[Tensor]:
    weights = list(model.energy.parameters())
    return list(torch.autograd.grad(loss, weights, retain_graph=True))


# The objective


def test_its_gradient_is_that_of_the_energies_at_both_ends_and_passes_no_chain() -> None:
    with in_float64():
        batch = batches().draw(0, 0)
        subject, other = made(), made()
        (player,) = subject.players()
        found = gradients(player.objective(batch)["loss"], subject)
        ends, real = other._chains(batch), batch["x"]
        energies = [-other.energy(x) for x in (real, ends)]
        squares = sum(energy.square().mean() for energy in energies)
        loss = energies[0].mean() - energies[1].mean() + 0.001 * squares
        expected = gradients(loss, other)
        for one, two in zip(found, expected, strict=True):
            torch.testing.assert_close(one, two)
        # The planted mistake: the step to where a chain ends still hangs on the weights.
        x = ends.clone().requires_grad_()
        (slope,) = torch.autograd.grad(other.energy(x).sum(), x, create_graph=True)
        attached, detached = (-other.energy(y) for y in (x + slope, (x + slope).detach()))
        wrong, right = (gradients(energy.mean(), other) for energy in (attached, detached))
        assert max((a - b).abs().max() for a, b in zip(wrong, right, strict=True)) > 1e-4


CENTERS, SIGMA = np.array([[-1.0, 0.0], [1.0, 0.0]]), 0.4


def points(count: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    modes = rng.integers(0, 2, count)
    return (CENTERS[modes] + SIGMA * rng.standard_normal((count, 2))).astype(np.float32)


def learned(rounds: int = 300, sign: float = 1.0) -> Energy:
    """An energy of two wide modes; with `sign` -1 the planted mistake: data is pushed up."""
    walk = {"steps": 15, "first": 0.2, "last": 0.05}
    chosen = params(
        models=recipe(width=32, buffer=512, training=walk, sampling={**walk, "steps": 60}),
        data__name="ring",
        judge=None,
    )
    spaces = labelled((2,))
    model = models.build(chosen, RunKey.parse(RUN), spaces)
    objective = model._terms

    def flipped(batch):
        terms = objective(batch)
        return {**terms, "loss": sign * terms["loss"]}

    model._terms = flipped
    data = labelled_data(points(2000), None, spaces)
    subject = Trainer(model, Batches(data, 128, 0, CPU), Settings(128 * rounds, 0.5, 0.9), CPU)
    subject.fit(None, Callbacks())
    return model


def kl(model: Energy) -> float:
    grid = metrics.grid_points(3.0, 60)
    with torch.no_grad():
        scores = model.energy(torch.from_numpy(grid).float())
    truth = metrics.mixture_log_density(grid, CENTERS, SIGMA)
    return metrics.density_kl(truth, scores.double().numpy())


def test_it_learns_a_density_and_chains_from_noise_find_every_mode() -> None:
    model = learned()
    assert kl(model) < 0.1
    inputs = inputs_for(model.inputs(model.specs), 400, 0)
    samples = generated(Energy, model.networks, model.specs, inputs)["x"]
    found = metrics.mode_statistics(samples, CENTERS, SIGMA)
    assert found.modes_captured_strict == 2
    assert found.high_quality > 0.9  # .989 of a perfect sampler


def test_with_the_sign_flipped_it_learns_nothing() -> None:
    try:
        model = learned(40, sign=-1.0)
    except DivergedError:
        return
    assert kl(model) > 0.3


# Chains


def test_a_kept_chain_goes_on_and_a_new_one_starts_from_noise() -> None:
    model = made(restarts=0.0, buffer=4, training={**WALK, "temperature": 0.0})
    batch = batches().draw(0, 0)
    assert not model.replay.begun.any()
    model._chains(batch)
    assert model.replay.begun.all()
    before = model.replay.kept.clone()
    places = model.replay.drawn(4, batch.rng("places of chains"))
    ends = model._chains(batch)
    walk = model._recipe.training.chain()
    torch.testing.assert_close(
        ends, langevin(model.energy, before[places], walk, 1.0, batch.rng("any"))
    )
    torch.testing.assert_close(model.replay.kept[places], ends)


def test_chains_that_start_anew_are_their_share() -> None:
    model = made(restarts=0.25, buffer=400, training={**WALK, "steps": 1, "temperature": 0.0})
    model.replay.kept.fill_(7.0)  # no noise is there
    model.replay.begun.fill_(value=True)
    samples = np.zeros((400, 8, 8, 1), np.uint8)
    data = labelled_data(samples, None, labelled(STORED))
    model._bound = 10.0
    ends = model._chains(Batches(data, 400, 0, CPU).draw(0, 0))
    anew = (ends.flatten(1).mean(1) < 5).float().mean().item()
    assert anew == pytest.approx(0.25, abs=0.08)


def test_places_are_all_different() -> None:
    replay = Replay(50, (2,))
    places = replay.drawn(50, torch.Generator().manual_seed(0))
    assert sorted(places.tolist()) == list(range(50))


def test_noise_fills_the_range_of_images_and_has_the_deviation_of_points() -> None:
    z = torch.randn(20_000, generator=torch.Generator().manual_seed(0))
    images = noise(z, Image(1, 8, 8))
    assert images.abs().max() <= 1
    counts = torch.histc(images, 10, -1, 1)
    assert counts.min() > 0.9 * 2000
    assert torch.equal(noise(z, Points(2, 1.0)), z)


def test_images_stay_in_their_range_however_steep_the_energy() -> None:
    model = made()
    with torch.no_grad():
        model.energy.score.weight.mul_(1e6)
    ends = model._chains(batches().draw(0, 0))
    assert ends.abs().max() == 1


def test_an_energy_that_is_no_number_is_a_training_that_diverged() -> None:
    subject = trainer(params(models=recipe()), RUN)
    network = subject.game.model.energy
    with torch.no_grad():
        network.score.bias.fill_(torch.inf)
    with pytest.raises(DivergedError, match="not finite"):
        subject.fit(None, Callbacks())


# The house


@pytest.mark.parametrize("network", ["mlp", "dcgan"])
def test_saved_and_loaded_it_samples_by_the_chains_it_was_meant_for(
    network: str, tmp_path: Path
) -> None:
    sampling = {"steps": 3, "first": 0.3, "last": 0.1, "temperature": 0.5, "clip": 2.0}
    chosen = params(models=recipe(sampling=sampling), network__name=network)
    model = models.build(chosen, RunKey.parse(RUN), labelled(STORED))
    save_model(tmp_path, model.networks, model.specs, {"params": {"run": RUN}})
    loaded = load_model(tmp_path)
    assert loaded.networks["discriminator"].chain.tolist() == pytest.approx([3, 0.3, 0.1, 0.5, 2])
    inputs = inputs_for(model.inputs(model.specs), 5, 3)
    expected = generated(Energy, model.networks, model.specs, inputs, 3)["x"]
    assert np.array_equal(loaded.sample(5, 3)["x"], expected)
    assert expected.shape == (5, 8, 8, 1)
    assert expected.dtype == np.uint8


@pytest.mark.parametrize("network", ["mlp", "dcgan"])
def test_each_sample_has_an_energy_of_its_own_and_a_smooth_one(network: str) -> None:
    chosen = params(models=recipe(), network__name=network)
    D = models.build(chosen, RunKey.parse(RUN), labelled(STORED)).energy.double()
    x = torch.randn(4, 1, 8, 8, generator=torch.manual_seed(0), dtype=torch.float64)
    torch.testing.assert_close(D(x)[:2], D(x[:2]))
    x.requires_grad_()
    (slope,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    (bend,) = torch.autograd.grad(slope.square().sum(), x)
    assert (bend.flatten(1).abs().sum(1) > 0).all()  # of ReLUs it is 0


def test_what_cannot_be_is_one_line() -> None:
    with pytest.raises(InputError, match=r"buffer: 3 chains are less than a batch of 4"):
        made(buffer=3)
    chosen = params(models=recipe(), network__name="resnet")
    with pytest.raises(InputError, match=r"no smooth D: set it to dcgan"):
        models.build(chosen, RunKey.parse(RUN), labelled(STORED))
    with pytest.raises(InputError, match="it knows no classes"):
        made(labelled(STORED, classes=3))
    with pytest.raises(InputError, match="one loss, contrastive; not 'wgan'"):
        models.identity(params(), RunKey("energy", "wgan", 0))


def test_a_buffer_larger_than_memory_is_told_before_it_is_made() -> None:
    chosen = params(models=recipe(buffer=10**8), data__name="fashion_mnist")
    with pytest.raises(InputError, match=r"what energy-contrastive keeps would take .* buffer"):
        check.run(chosen, Path("none.yaml"), None)
