"""The fingerprint changes with what is computed, and with nothing else."""

from pathlib import Path

import pytest
import torch
from torch import nn

from ganstudy import params
from ganstudy.fingerprints.training import fingerprint, judge_fingerprint
from ganstudy.networks import classifier, dcgan
from ganstudy.objectives import adversarial, penalties

PARAMS = params.load(Path(__file__).parents[2] / "params.yaml")
GAN, VAE = "gan-non_saturating", "vae-elbo"


def test_repeats_on_another_number_of_threads() -> None:
    before = fingerprint(PARAMS, GAN)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        assert fingerprint(PARAMS, GAN) == before
    finally:
        torch.set_num_threads(threads)


def test_repeats_after_draws_from_torchs_own_generator() -> None:
    before = fingerprint(PARAMS, GAN)
    torch.manual_seed(12345)
    torch.rand(7)
    assert fingerprint(PARAMS, GAN) == before


def test_sees_an_activation_of_the_inner_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    before = {family: fingerprint(PARAMS, family) for family in (GAN, VAE)}

    def convolution(inputs: int, outputs: int, norm: str, classes: int) -> list[nn.Module]:
        return [nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs), nn.ELU()]

    monkeypatch.setattr(dcgan, "_convolution", convolution)
    assert all(fingerprint(PARAMS, family) != before[family] for family in (GAN, VAE))


def test_sees_a_penalty_in_the_recipes_that_use_it_and_in_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = {family: fingerprint(PARAMS, family) for family in (GAN, "gan-wgan", VAE)}
    r1 = penalties.PENALTIES["r1"]
    monkeypatch.setitem(penalties.PENALTIES, "r1", lambda *inputs: 1.01 * r1(*inputs))
    after = {family: fingerprint(PARAMS, family) for family in before}
    assert [family for family in before if after[family] != before[family]] == [GAN]


def test_sees_a_generators_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint(PARAMS, GAN)
    loss = adversarial.AdversarialLoss(
        adversarial.cross_entropy_discriminator, adversarial.minimax_generator
    )
    monkeypatch.setitem(adversarial.LOSSES, "non_saturating", loss)
    assert fingerprint(PARAMS, GAN) != before


def test_sees_the_judges_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    before = judge_fingerprint(PARAMS)
    assert judge_fingerprint(PARAMS) == before
    monkeypatch.setattr(classifier, "DROPOUT", 0.4)
    assert judge_fingerprint(PARAMS) != before
