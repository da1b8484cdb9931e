"""The fingerprint changes with what is computed, and with nothing else."""

from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import nn

from ganstudy import metrics, params
from ganstudy.fingerprints import evaluation, sampling
from ganstudy.fingerprints.training import fingerprint, judge_fingerprint
from ganstudy.metrics import debiased
from ganstudy.models import base
from ganstudy.networks import classifier, dcgan
from ganstudy.objectives import adversarial, penalties

PARAMS = params.load(Path(__file__).parents[2] / "params.yaml")
ESTIMATE = {
    f"fid_{name}"
    for name in ("debiased", "low", "high", "relative", "relative_low", "relative_high")
}
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


def test_evaluation_repeats_and_a_refactoring_leaves_it() -> None:
    before = evaluation.fingerprint(PARAMS)
    torch.manual_seed(12345)
    assert evaluation.fingerprint(PARAMS) == before


@pytest.mark.parametrize(
    ("module", "name", "reached"),
    [
        (debiased, "_halves", ESTIMATE),
        (metrics, "mode_verdicts", {"classes_collapsed"}),
        (metrics, "sharpness_ratio", {"sharpness_ratio"}),
    ],
)
def test_a_changed_metric_changes_exactly_what_it_reaches(
    module: ModuleType, name: str, reached: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = evaluation.fingerprint(PARAMS)["values"]
    original = getattr(module, name)
    changed = {
        "_halves": lambda x, rng: original(x[::-1], rng),
        "mode_verdicts": lambda *inputs: ["collapsed"] * len(original(*inputs)),
        "sharpness_ratio": lambda *inputs: 1.01 * original(*inputs),
    }[name]
    monkeypatch.setattr(module, name, changed)
    after = evaluation.fingerprint(PARAMS)["values"]
    differ = {key.split(" ", 1)[1] for key in before if after[key] != before[key]}
    assert differ == reached


def test_points_do_not_depend_on_what_images_are_measured_by(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ring = params.load(Path(__file__).parents[2] / "studies/modes/ring/params.yaml")
    before = evaluation.fingerprint(ring)
    monkeypatch.setattr(metrics, "frechet_distance", lambda *_: 1.0)
    assert evaluation.fingerprint(ring) == before


def test_sampling_sees_the_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    before = sampling.fingerprint(PARAMS)
    assert sampling.fingerprint(PARAMS) == before
    drawn = base._codes
    monkeypatch.setattr(base, "_codes", lambda *named: 2 * drawn(*named))
    assert sampling.fingerprint(PARAMS) != before


def test_files_hold_the_parameters_that_results_depend_on() -> None:
    """So that a pipeline names none of them: a new key is in params alone."""
    for change, reached in (
        ({"train.images": 1000}, {"training"}),
        ({"losses.non_saturating.critic_steps": 2}, {"training"}),
        ({"sample.seed": 1}, {"sampling", "evaluation"}),
        ({"sample.count": 500}, {"sampling", "evaluation"}),
        ({"evaluate.neighbours": 6}, {"evaluation"}),
        ({"evaluate.extractor": "digits-8x8x1"}, {"evaluation"}),
        ({"runtime.threads": 1}, set()),
        ({"study.seeds": [5]}, {"evaluation"}),  # of the first of them pictures are kept
        ({"study.seeds": [0, 5]}, set()),
    ):
        other = params.load(Path(__file__).parents[2] / "params.yaml", change)
        found = {
            name
            for name, print_of in (
                ("training", lambda p: fingerprint(p, GAN)),
                ("sampling", sampling.fingerprint),
                ("evaluation", evaluation.fingerprint),
            )
            if print_of(other) != print_of(PARAMS)
        }
        assert found == reached, change
