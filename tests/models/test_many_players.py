"""A model of the test's own: two adversaries, three networks, two fields without pairs, a pool.

It is this file alone: a class and a row. It trains, is stopped, resumes bit for bit, is saved,
loaded and sampled.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ganstudy import distributed, models
from ganstudy.dataset import Dataset
from ganstudy.errors import InputError
from ganstudy.keys import RunKey
from ganstudy.models.adversary import Adversary
from ganstudy.models.base import (
    GenerativeModel,
    Given,
    Networks,
    Rng,
    Specs,
    adam,
    initial_weights,
    inputs_for,
)
from ganstudy.models.parts import TRAIN
from ganstudy.models.saved import MODEL, load_model, save_model
from ganstudy.models.snapshots import snapshot
from ganstudy.networks import NetworkSpec
from ganstudy.params import LossParams, Params, Section, parse_recipe
from ganstudy.spaces import Noise, Points, Score, Space, labelled
from ganstudy.training.batches import Batches
from ganstudy.training.checkpoint import CheckpointStore
from ganstudy.training.cuda_graphs import recorded
from ganstudy.training.player import Batch, Player, Terms
from ganstudy.training.trainer import Callbacks, Row, Settings, Trainer
from training.test_cuda_graphs import Again
from training.tiny import ADAM, CPU, params, weights

KEY = "twins-hinge-0"
DOMAINS = ("a", "b")
GAME = {
    "generator": ADAM,
    "discriminator": ADAM,
    "penalties": {"r1": {"weight": 0.1, "interval": 2}},
}
PARAMS = params(models={"twins-hinge": {"width": 8, "game": GAME}})


class Pool(nn.Module):
    """The last samples of a domain: what comes in goes out in the next round."""

    def __init__(self, size: int, dimensions: int) -> None:
        super().__init__()
        self.register_buffer("kept", torch.zeros(size, dimensions))

    def swapped(self, fresh: Tensor) -> Tensor:
        old = self.kept.clone()
        self.kept.copy_(fresh)
        return old


class TwinsParams(Section):
    """The recipe, beside its class."""

    width: int
    game: LossParams


class Twins:
    """One generator makes two domains of one code; each has a discriminator of its own, and that of
    `a` sees the samples of the round before."""

    averaged: ClassVar[frozenset[str]] = frozenset({"generator"})
    network, train = frozenset(), TRAIN

    @classmethod
    def recipe(cls, params: Params, loss: str) -> TwinsParams:
        return parse_recipe(TwinsParams, params, f"twins-{loss}")

    @classmethod
    def unfit(cls, spaces: Mapping[str, Space]) -> str | None:
        return None if {"a", "b"} <= spaces.keys() else "it learns two domains, a and b"

    @classmethod
    def make(cls, params: Params, loss: str, spaces: Mapping[str, Space], seed: int) -> "Twins":
        return cls(cls.recipe(params, loss), loss, spaces, params.train.batch, seed)

    def __init__(
        self, recipe: TwinsParams, loss: str, spaces: Mapping[str, Points], batch: int, seed: int
    ) -> None:
        self._recipe, width = recipe, recipe.width
        dimensions = sum(space.dimensions for space in spaces.values())
        generator = NetworkSpec("mlp.generator", {"z": Noise(3)}, Points(dimensions, 1.0), width)
        with initial_weights(seed, "generator"):
            self.generator = generator.build()
        self.adversaries = {
            name: Adversary(
                NetworkSpec("mlp.discriminator", {"x": space}, Score(), width),
                loss,
                recipe.game,
                [],
                seed,
                f"discriminator_{name}",
            )
            for name, space in spaces.items()
        }
        each = self.adversaries.values()
        self.specs = {"generator": generator, **{each.name: each.spec for each in each}}
        self.networks = {"generator": self.generator, **{d.name: d.network for d in each}}
        self.pool = Pool(batch, spaces["a"].dimensions)
        self.state = {"pool": self.pool}

    def players(self) -> Sequence[Player]:
        return [
            *(each.player(partial(self._d, name)) for name, each in self.adversaries.items()),
            Player("generator", self.generator, self._g, adam(self._recipe.game.generator)),
        ]

    def _fakes(self, batch: Batch) -> Mapping[str, Tensor]:
        rng = batch.rng("z")
        z = distributed.draw_sharded(lambda n: torch.randn(n, 3, generator=rng), len(batch))
        return batch.shared("fakes", lambda: halves(self.generator(z)))

    def _d(self, name: str, batch: Batch) -> Terms:
        fake = self._fakes(batch)[name].detach()
        shown = self.pool.swapped(fake) if name == "a" else fake
        return self.adversaries[name].discriminator_terms(batch[name], shown, batch)

    def _g(self, batch: Batch) -> Terms:
        fakes = self._fakes(batch)
        terms = {
            name: each.generator_terms(batch[name], fakes[name], batch)["loss"]
            for name, each in self.adversaries.items()
        }
        return {"loss": terms["a"] + terms["b"], **terms}

    @staticmethod
    def inputs(specs: Specs) -> Mapping[str, Space]:
        return specs["generator"].inputs

    @staticmethod
    def outputs(specs: Specs) -> Mapping[str, Space]:
        return {name: specs[f"discriminator_{name}"].inputs["x"] for name in DOMAINS}

    @staticmethod
    def sample(networks: Networks, given: Given, rng: Rng) -> Mapping[str, Tensor]:
        return halves(networks["generator"](given["z"]))


def halves(both: Tensor) -> Mapping[str, Tensor]:
    return dict(zip(DOMAINS, both.chunk(2, 1), strict=True))


def domains() -> Dataset:
    """Two domains of unequal size: a around (2, 0), b around (0, -3)."""
    rng = np.random.default_rng(0)
    a = rng.normal((2, 0), 0.1, (22, 2)).astype(np.float32)
    b = rng.normal((0, -3), 0.1, (17, 2)).astype(np.float32)
    space = Points(2, 2.0)
    return Dataset({"a": a, "b": b}, {"a": space, "b": space}, (("a",), ("b",)))


def twins() -> GenerativeModel:
    return models.build(PARAMS, RunKey.parse(KEY), domains().spaces)


def trainer(rounds: int = 20, **settings) -> Trainer:
    whole = {"images": 4 * rounds, "lr_decay": 0.5, "ema": 0.9, "snapshots": 2} | settings
    return Trainer(twins(), Batches(domains(), 4, 0, CPU), Settings(**whole), CPU)


def picture(networks: Networks) -> Tensor:
    return snapshot(networks, twins(), 6, 0)


def everything(subject: Trainer) -> list[bytes]:
    model = subject.game.model
    return weights(*model.networks.values(), *model.state.values(), *subject.game.averages.values())


@pytest.fixture(autouse=True)
def _row(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that the model needs beside its class."""
    monkeypatch.setitem(models.MODELS, "twins", Twins)


class StoppedError(Exception):
    """What ends a run early."""


def test_domains_are_shuffled_apart_and_the_first_as_if_it_were_alone() -> None:
    whole, alone = domains(), domains().only({"a"})
    both, first = Batches(whole, 4, 0, CPU), Batches(alone, 4, 0, CPU)
    rows = {name: [] for name in DOMAINS}
    for index in range(20):
        batch = both.draw(index, index)
        assert torch.equal(batch["a"], first.draw(index, index)["a"])
        for name in DOMAINS:
            stored = whole.spaces[name].decode(batch[name]).numpy()
            rows[name] += [int(np.abs(whole.fields[name] - x).sum(1).argmin()) for x in stored]
    assert sorted(set(rows["b"][:16])) == sorted(rows["b"][:16])  # an epoch of four batches
    assert len(set(rows["a"][:20])) == 20
    assert rows["a"][:16] != rows["b"][:16]


def test_it_trains_and_every_network_moves() -> None:
    subject, before = trainer(), twins().networks
    subject.fit(None, Callbacks())
    for name, network in subject.game.model.networks.items():
        assert weights(network) != weights(before[name]), name
    assert {"discriminator_a/r1", "discriminator_b/separation"} <= subject.history[0].keys()


def test_adversaries_of_one_model_draw_apart() -> None:
    model, batch = twins(), Batches(domains(), 4, 0, CPU).draw(0, 0)
    one, other = (each._rng(batch, "penalty") for each in model.adversaries.values())
    assert torch.rand(1, generator=one) != torch.rand(1, generator=other)


def test_stopped_and_resumed_it_is_the_uninterrupted_run_pool_and_all(tmp_path: Path) -> None:
    straight = trainer()
    straight.fit(None, Callbacks(snapshot=picture))
    store = CheckpointStore(tmp_path)

    def stop(rows: list[Row]) -> None:
        if rows[-1]["round"] == 7:
            raise StoppedError

    with pytest.raises(StoppedError):
        trainer(checkpoint_seconds=-1).fit(store, Callbacks(log=stop, snapshot=picture))
    resumed = trainer()
    resumed.fit(store, Callbacks(snapshot=picture))
    assert everything(resumed) == everything(straight)
    assert resumed.history == straight.history
    assert all(map(torch.equal, resumed.snapshots, straight.snapshots))


def test_without_the_pool_in_the_checkpoint_that_test_would_fail(tmp_path: Path) -> None:
    straight, resumed, store = trainer(8), trainer(8), CheckpointStore(tmp_path)
    straight.fit(None, Callbacks())
    part = trainer(8, checkpoint_seconds=-1)

    def stop(rows: list[Row]) -> None:
        if rows[-1]["round"] == 5:
            raise StoppedError

    with pytest.raises(StoppedError):
        part.fit(store, Callbacks(log=stop))
    del resumed.game.model.state["pool"]  # it starts empty
    resumed.fit(store, Callbacks())
    assert resumed.history != straight.history


def test_its_rounds_can_be_recorded() -> None:
    eager, replayed = trainer(), trainer()
    replayed._play = recorded(replayed.game, Again(replayed.game))
    for subject in (eager, replayed):
        subject.fit(None, Callbacks())
    assert everything(eager) == everything(replayed)
    assert eager.history == replayed.history


def test_three_networks_survive_a_round_trip_and_sample_both_domains(tmp_path: Path) -> None:
    subject = trainer()
    subject.fit(None, Callbacks())
    networks = subject.networks()
    save_model(tmp_path, networks, subject.game.model.specs, {"params": {"run": KEY}})
    files = {path.name for path in tmp_path.iterdir()}
    assert files == {MODEL, *(f"{name}.safetensors" for name in networks)}

    loaded = load_model(tmp_path)
    assert loaded.specs == subject.game.model.specs
    for name, network in networks.items():
        assert weights(loaded.networks[name]) == weights(network)
    samples = loaded.sample(7, seed=3)
    assert {name: made.shape for name, made in samples.items()} == {"a": (7, 2), "b": (7, 2)}
    z = torch.randn(5, 3, generator=torch.manual_seed(1))
    given = loaded.sample(5, 0, {"z": z})
    with torch.no_grad():
        expected = 2.0 * loaded.networks["generator"](z)
    np.testing.assert_allclose(np.concatenate(list(given.values()), 1), expected, rtol=1e-6)


def test_its_recipe_is_part_of_its_identity_and_told_when_it_is_wrong() -> None:
    key = RunKey.parse(KEY)
    assert models.identity(PARAMS, key)["recipe"]["width"] == 8
    wrong = params(models={"twins-hinge": {"widht": 8, "game": GAME}})
    with pytest.raises(InputError, match=r"models\.twins-hinge\.widht is unknown; .*'width'"):
        models.identity(wrong, key)


def test_data_that_is_not_for_a_model_is_passed_by_and_says_so() -> None:
    assert models.families_for(PARAMS, domains().spaces) == ["twins-hinge"]
    plain = models.families_for(PARAMS, labelled((8, 8, 1)))
    assert "twins-hinge" not in plain
    assert "gan-wgan" in plain
    with pytest.raises(InputError, match="twins-hinge-0: it learns two domains"):
        models.build(PARAMS, RunKey.parse(KEY), labelled((8, 8, 1)))
    with pytest.raises(InputError, match="gan-wgan-0: it learns one field of samples, x"):
        models.build(PARAMS, RunKey.parse("gan-wgan-0"), domains().spaces)


def test_what_cannot_be_drawn_must_be_given() -> None:
    with pytest.raises(InputError, match="samples for given source"):
        inputs_for({"source": Points(2, 1.0)}, 3, 0)


def test_a_player_whose_weights_no_checkpoint_would_hold_is_refused() -> None:
    model = twins()
    del model.networks["discriminator_b"]
    with pytest.raises(ValueError, match="discriminator_b moves weights of no network"):
        Trainer(model, Batches(domains(), 4, 0, CPU), Settings(40, 0, 0), CPU)
