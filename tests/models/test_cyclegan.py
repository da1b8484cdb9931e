"""CycleGAN: digits and the negatives of other digits, whose translation is known: 1 - x."""

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch import Tensor

from ganstudy import models
from ganstudy.dataset import Dataset
from ganstudy.errors import InputError
from ganstudy.keys import RunKey
from ganstudy.models.cyclegan import CycleGAN
from ganstudy.models.saved import load_model, save_model
from ganstudy.params import Params, parse
from ganstudy.spaces import Image
from ganstudy.training.cuda_graphs import recorded
from ganstudy.training.player import Batch
from ganstudy.training.trainer import Callbacks, Trainer
from models.translating import (
    everything,
    made,
    mean_error,
    planted,
    recipe,
    resumes,
    study,
    trained,
    trainer,
)
from training.test_cuda_graphs import Again

RUN, SIDES = "cyclegan-lsgan-0", ("a", "b")
SPACES = {"a": Image(1, 8, 8), "b": Image(1, 8, 8)}
UNET = {"network": "unet", "width": 8, "norm": "instance"}
R1 = {"r1": {"weight": 1.0, "interval": 2}}


def halves() -> tuple[Dataset, Dataset]:
    """Digits and negatives of others to train on; and a test set in which both are one."""
    digits = (load_digits().images * 255 / 16).round().astype(np.uint8)[..., None]
    one, other, test = np.split(np.random.default_rng(0).permutation(len(digits)), [700, 1400])
    groups = (("a",), ("b",))
    train = Dataset({"a": digits[one], "b": 255 - digits[other]}, SPACES, groups)
    return train, Dataset({"a": digits[test], "b": 255 - digits[test]}, SPACES, groups)


def chosen(rounds: int, batch: int = 16, **weights: float) -> Params:
    return study(
        "cyclegan-lsgan",
        recipe(UNET, 0.004, R1, **weights),
        ("mlp", 64),
        train__images=batch * rounds,
        train__batch=batch,
    )


def errors() -> dict[str, float]:
    """Of a short training, what is off in each output."""
    test = halves()[1]
    found = made(trained(chosen(400, identity=0.0), RUN, halves()[0]), test)
    truth = {"a_to_b": "b", "b_to_a": "a", "a_rounded": "a", "b_rounded": "b"}
    return {name: mean_error(found[name], test.fields[side]) for name, side in truth.items()}


class OneWay(CycleGAN):
    """The mistake: nothing asks that a comes back."""

    def _cycle(self, side: str, real: Tensor, again: Tensor) -> Tensor:
        return super()._cycle(side, real, again) * (side == "b")


def test_negatives_are_found_without_pairs_and_both_ways_lead_back() -> None:
    found = errors()
    assert max(found["a_to_b"], found["b_to_a"]) <= 0.07, found
    assert found["a_rounded"] <= 1.25 * found["b_rounded"], found


def test_a_way_that_nothing_asks_back_is_worse_than_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    planted(monkeypatch, "cyclegan", OneWay)
    found = errors()
    assert found["a_rounded"] > 1.25 * found["b_rounded"], found


def loss_is_the_papers(kind: type[CycleGAN]) -> bool:
    """Both games, 10 × both ways back, 5 × both identities: Zhu et al. 2017, by hand."""
    model = kind(chosen(1, cycle=10.0, identity=5.0), "lsgan", SPACES, 0)
    a, b = (torch.randn(4, 1, 8, 8, generator=torch.manual_seed(i)).tanh() for i in (0, 1))
    loss = model.players()[-1].objective(Batch({"a": a, "b": b}, 0, 0, 0))["loss"]
    g, f = model.networks["a_to_b"], model.networks["b_to_a"]
    game = sum(
        0.5 * (model.networks[name](x) - 1).square().mean()
        for name, x in (("discriminator_b", g(a)), ("discriminator_a", f(b)))
    )
    cycle = (f(g(a)) - a).abs().mean() + (g(f(b)) - b).abs().mean()
    identity = (g(b) - b).abs().mean() + (f(a) - a).abs().mean()
    return torch.allclose(loss, game + 10 * cycle + 5 * identity)


def test_the_loss_has_both_ways_back_and_both_identities() -> None:
    assert loss_is_the_papers(CycleGAN)
    assert not loss_is_the_papers(OneWay)


def test_each_translator_makes_its_fakes_once_a_round() -> None:
    subject = trainer(chosen(1, 4, identity=0.0), RUN, halves()[0])
    model, seen = subject.game.model, []
    for name in ("a_to_b", "b_to_a"):
        model.networks[name].register_forward_hook(lambda *_, name=name: seen.append(name))
    subject.fit(None, Callbacks())
    # Of each a translation and the way back from the other's.
    assert sorted(seen) == ["a_to_b"] * 2 + ["b_to_a"] * 2


@pytest.mark.parametrize("size", [3, 50])
def test_killed_and_resumed_it_is_the_uninterrupted_run_pools_and_all(
    tmp_path: Path, size: int
) -> None:
    settings = chosen(12, 4, pool=size)  # full after the first round, or filled by the last
    resumes(lambda **more: trainer(settings, RUN, halves()[0], **more), tmp_path, 7)


def test_what_augmentation_learnt_is_resumed_too(tmp_path: Path) -> None:
    content = chosen(12, 4).model_dump(mode="json")
    content["train"]["augment"] = {"target": 0.6, "kimg": 0.1}
    settings = parse(content, "params.yaml")
    state = trainer(settings, RUN, halves()[0]).game.model.state
    assert {"strength of discriminator_a", "strength of discriminator_b"} <= state.keys()
    resumes(lambda **more: trainer(settings, RUN, halves()[0], **more), tmp_path, 7)


def test_without_its_pools_in_the_checkpoint_that_test_would_fail(tmp_path: Path) -> None:
    def forgetful(**more: float) -> Trainer:
        subject = trainer(chosen(12, 4, pool=3), RUN, halves()[0], **more)
        subject.game.model.state.clear()
        return subject

    with pytest.raises(AssertionError):
        resumes(forgetful, tmp_path, 7)


def test_its_rounds_can_be_recorded() -> None:
    eager, replayed = (trainer(chosen(6, 4, pool=6), RUN, halves()[0]) for _ in range(2))
    replayed._play = recorded(replayed.game, Again(replayed.game))
    for subject in (eager, replayed):
        subject.fit(None, Callbacks())
    assert everything(eager) == everything(replayed)


def test_one_domain_is_enough_to_sample_its_way(tmp_path: Path) -> None:
    subject, test = trained(chosen(2, 4), RUN, halves()[0]), halves()[1]
    expected = made(subject, test)
    save_model(tmp_path, subject.networks(), subject.game.model.specs, {"params": {"run": RUN}})
    loaded = load_model(tmp_path, sampling=True)
    assert set(loaded.outputs) == expected.keys()
    a = test.spaces["a"].encode(torch.from_numpy(test.fields["a"]))
    found = loaded.sample(len(a), 0, {"a": a})
    assert set(found) == {"a_to_b", "a_cycle", "a_rounded", "a_noisy"}
    np.testing.assert_array_equal(found["a_to_b"], expected["a_to_b"])


def test_identity_is_for_domains_of_one_shape_and_no_weight_is_negative() -> None:
    unequal = {"a": Image(1, 8, 8), "b": Image(3, 8, 8)}
    key = RunKey.parse(RUN)
    with pytest.raises(InputError, match=r"cyclegan-lsgan\.identity: .* set it to 0"):
        models.build(chosen(1), key, unequal)
    models.build(chosen(1, identity=0.0), key, unequal)
    with pytest.raises(InputError, match=r"cyclegan-lsgan\.cycle: .*greater than or equal to 0"):
        models.build(chosen(1, cycle=-1.0), key, SPACES)
