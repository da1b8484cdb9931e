"""DANN: what its gradients are, what it reads, what it recovers, and the mistakes that show."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from ganstudy import models
from ganstudy.dataset import Dataset
from ganstudy.errors import InputError
from ganstudy.fingerprints.values import in_float64
from ganstudy.keys import RunKey
from ganstudy.models import dann, families_for
from ganstudy.models.base import generated
from ganstudy.models.saved import load_model, save_model
from ganstudy.objectives.reversal import strength_at
from ganstudy.params import Params
from ganstudy.spaces import Image, Label, Space, labelled
from ganstudy.training.batches import Batches
from ganstudy.training.checkpoint import CheckpointStore
from ganstudy.training.cuda_graphs import recorded
from ganstudy.training.player import Batch
from ganstudy.training.trainer import Callbacks, Row, Settings, Trainer
from training.test_cuda_graphs import Again
from training.tiny import CPU, params, weights

ADAM = {"learning_rate": 0.002, "betas": [0.5, 0.99]}
GAME = {"generator": ADAM, "discriminator": ADAM}
KEY, PLAIN = "dann-minimax-0", "source_only-cross_entropy-0"


def study(width: int = 4, units: int = 8, weight: float = 1.0, **game: object) -> Params:
    sizes = {"width": width, "units": units}
    recipe = {
        "classifier": sizes,
        "discriminator_width": units,
        "weight": weight,
        "game": GAME | game,
    }
    plain = {"classifier": sizes, "optimizer": ADAM}
    return params(models={"dann-minimax": recipe, "source_only-cross_entropy": plain})


def spaces(classes: int) -> dict[str, Space]:
    image, label = Image(3, 8, 8), Label(classes)
    return {"a": image, "label_a": label, "b": image, "label_b": label}


def noise(count: int = 24, target_labels: int = 0) -> Dataset:
    rng = np.random.default_rng(0)
    a, b = (rng.integers(0, 256, (n, 8, 8, 3)).astype(np.uint8) for n in (count, count + 5))
    labels = {
        "label_a": np.arange(count) % 3,
        "label_b": np.full(count + 5, target_labels, np.int64),
    }
    return Dataset({"a": a, "b": b} | labels, spaces(3), (("a", "label_a"), ("b", "label_b")))


def trainer(key: str = KEY, data: Dataset | None = None, chosen: Params | None = None, **changes):
    data = data or noise()
    model = models.build(chosen or study(), RunKey.parse(key), data.spaces)
    settings = {"images": 8 * 12, "lr_decay": 0.5, "ema": 0.9} | changes
    return Trainer(model, Batches(data, 8, RunKey.parse(key).seed, CPU), Settings(**settings), CPU)


def everything(subject: Trainer) -> list[bytes]:
    return weights(*subject.game.model.networks.values(), *subject.game.averages.values())


def a_batch(progress: float) -> Batch:
    rng = torch.Generator().manual_seed(0)
    fields = {name: torch.rand(6, 3, 8, 8, generator=rng) * 2 - 1 for name in ("a", "b")}
    fields["label_a"] = torch.arange(6) % 3
    return Batch(fields, 0, 0, 0, torch.tensor(progress))


def gradients(model: dann.DANN, loss: Tensor) -> list[Tensor]:
    return list(torch.autograd.grad(loss, list(model.networks["features"].parameters())))


@pytest.mark.parametrize("progress", [0.0, 0.2, 0.9])
def test_features_follow_labels_less_lambda_times_domains_exactly(progress: float) -> None:
    with in_float64():
        model = models.build(study(weight=0.7), RunKey.parse(KEY), spaces(3))
        batch = a_batch(progress)
        features = [model.features(name, batch) for name in ("a", "b")]
        domains = gradients(model, model.adversary.value(*features))
        labels = gradients(model, model.label_terms(model.features("a", batch), batch)["loss"])
        whole = gradients(model, model._classifier_terms(batch)["loss"])
        strength = 0.7 * strength_at(batch.progress)
    for total, plain, other in zip(whole, labels, domains, strict=True):
        assert torch.allclose(total, plain - strength * other, rtol=1e-12, atol=1e-14)


def test_its_strength_grows_over_training_as_the_schedule_says() -> None:
    subject = trainer()
    subject.fit(None, Callbacks())
    told = [row["classifier/strength"] for row in subject.history]
    expected = strength_at(torch.arange(12) / 12).tolist()
    assert told == pytest.approx(expected, abs=1e-6)


def test_cuda_graphs_rounds_do_not_freeze_it() -> None:
    eager, replayed = trainer(), trainer()
    replayed._play = recorded(replayed.game, Again(replayed.game))
    for subject in (eager, replayed):
        subject.fit(None, Callbacks())
    assert everything(eager) == everything(replayed)
    assert eager.history == replayed.history
    assert replayed.history[-1]["classifier/strength"] > 0.9


class StoppedError(Exception):
    """What ends a run early."""


def test_stopped_and_resumed_it_is_the_uninterrupted_run(tmp_path: Path) -> None:
    straight, resumed, store = trainer(), trainer(), CheckpointStore(tmp_path)
    straight.fit(None, Callbacks())

    def stop(rows: list[Row]) -> None:
        if rows[-1]["round"] == 5:
            raise StoppedError

    with pytest.raises(StoppedError):
        trainer(checkpoint_seconds=-1).fit(store, Callbacks(log=stop))
    resumed.fit(store, Callbacks())
    assert everything(resumed) == everything(straight)
    assert resumed.history == straight.history


@pytest.mark.parametrize("key", [KEY, PLAIN])
def test_labels_of_the_target_move_nothing(key: str) -> None:
    one, other = trainer(key), trainer(key, noise(target_labels=2))
    for subject in (one, other):
        subject.fit(None, Callbacks())
    assert everything(one) == everything(other)


def parameters(subject: Trainer) -> list[bytes]:
    networks = subject.game.model.networks.values()
    return [p.detach().numpy().tobytes() for network in networks for p in network.parameters()]


def test_images_of_the_target_move_the_game_and_not_the_baseline() -> None:
    plain = noise()
    dark = Dataset({**plain.fields, "b": plain.fields["b"] // 2}, plain.spaces, plain.groups)
    for key, same in ((KEY, False), (PLAIN, True)):
        one, other = trainer(key), trainer(key, dark)
        for subject in (one, other):
            subject.fit(None, Callbacks())
        assert (parameters(one) == parameters(other)) == same


def test_of_several_critic_steps_the_last_shares_features_and_all_move_d() -> None:
    subject = trainer(chosen=study(critic_steps=3), images=8 * 3 * 4)
    before = weights(models.build(study(), RunKey.parse(KEY), spaces(3)).networks["discriminator"])
    subject.fit(None, Callbacks())
    assert subject.rounds == 4
    assert weights(subject.game.model.networks["discriminator"]) != before


def test_it_labels_whatever_it_is_given_loaded_as_in_training(tmp_path: Path) -> None:
    subject, data = trainer(), noise()
    subject.fit(None, Callbacks())
    model = subject.game.model
    save_model(tmp_path, subject.networks(), model.specs, {"params": {"run": KEY}})
    both = {name: Image(3, 8, 8).encode(torch.from_numpy(data.fields[name][:7])) for name in "ab"}
    here = generated(type(model), subject.networks(), model.specs, both)
    there = load_model(tmp_path).sample(7, 0, both)
    assert list(there) == ["label_b", "label_a", "features_b", "features_a"]
    for name, values in here.items():
        np.testing.assert_array_equal(there[name], values)
    assert there["label_b"].dtype == np.int64
    alone = load_model(tmp_path).sample(7, 0, {"b": both["b"]})
    assert set(alone) == {"label_b", "features_b"}
    np.testing.assert_array_equal(alone["label_b"], there["label_b"])


def test_data_without_two_equal_domains_and_labels_are_not_for_it() -> None:
    told = {
        "labels, label_a": {n: s for n, s in spaces(3).items() if n != "label_a"},
        r"\(8, 8, 3\) and \(8, 8, 1\) are to be equal": spaces(3) | {"b": Image(1, 8, 8)},
        "two domains of images": labelled((8, 8, 1)),
    }
    for reason, found in told.items():
        with pytest.raises(InputError, match=reason):
            models.build(study(), RunKey.parse(KEY), found)
    assert {"dann-minimax", "source_only-cross_entropy"} <= set(families_for(study(), spaces(3)))


def test_a_weight_of_nothing_or_less_is_refused() -> None:
    for weight in (0.0, -1.0):
        with pytest.raises(InputError, match=r"models\.dann-minimax\.weight"):
            models.build(study(weight=weight), RunKey.parse(KEY), spaces(3))
    with pytest.raises(InputError, match="batch norm"):
        models.build(study(discriminator_norm="batch"), RunKey.parse(KEY), spaces(3))


def test_any_loss_of_the_table_plays() -> None:
    for loss, more in {
        "wgan": {"clip": 0.05, "critic_steps": 2},
        "hinge": {},
        "r3gan": {"penalties": {"r1": {"weight": 0.1}, "r2": {"weight": 0.1}}},
    }.items():
        recipe = study(**more).models["dann-minimax"]
        subject = trainer(f"dann-{loss}-0", chosen=params(models={f"dann-{loss}": recipe}))
        subject.fit(None, Callbacks())
        assert subject.history[-1]["classifier/accuracy"] >= 0


def test_each_domain_is_normed_by_its_own_statistics_also_after_training() -> None:
    """Two domains that differ by a scale alone: the network sees the same in both."""
    network = models.build(study(), RunKey.parse(KEY), spaces(3)).networks["features"]
    images = torch.rand(64, 3, 8, 8, generator=torch.Generator().manual_seed(0)) - 0.5
    for _ in range(200):
        network(images, "a")
        network(images / 4, "b")
    network.eval()
    assert torch.allclose(network(images, "a"), network(images / 4, "b"), atol=1e-2)
    assert not torch.allclose(network(images, "a"), network(images / 4, "a"), atol=0.5)
