"""CoGAN: tied layers are tied, saved once and stepped once; its loss is the sum of two games."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from ganstudy import models
from ganstudy.data.domains import domains
from ganstudy.dataset import Dataset
from ganstudy.errors import InputError
from ganstudy.keys import RunKey
from ganstudy.models.saved import load_model, save_model
from ganstudy.networks import coupled
from ganstudy.params import Params
from ganstudy.spaces import Image, Space
from ganstudy.training.batches import Batches
from ganstudy.training.checkpoint import CheckpointStore
from ganstudy.training.cuda_graphs import recorded
from ganstudy.training.trainer import Callbacks, Row, Settings, Trainer
from training.test_cuda_graphs import Again
from training.tiny import CPU, params, weights

ADAM = {"learning_rate": 0.002, "betas": [0.5, 0.99]}
KEY = "cogan-non_saturating-0"
SIZES = {"latent": 4, "generator_width": 4, "discriminator_width": 4}


def study(loss: str = "non_saturating", **game: object) -> Params:
    whole = {"generator": ADAM, "discriminator": ADAM, **game}
    return params(models={f"cogan-{loss}": {**SIZES, "game": whole}})


def noise(side: int = 8, channels: int = 1) -> Dataset:
    rng = np.random.default_rng(0)
    a, b = (rng.integers(0, 256, (n, side, side, channels)).astype(np.uint8) for n in (24, 29))
    return domains(a, b)


def trainer(data: Dataset | None = None, chosen: Params | None = None, **changes) -> Trainer:
    data = data or noise()
    model = models.build(chosen or study(), RunKey.parse(KEY), data.spaces)
    settings = {"images": 8 * 10, "lr_decay": 0.5, "ema": 0.9} | changes
    return Trainer(model, Batches(data, 8, 0, CPU), Settings(**settings), CPU)


def everything(subject: Trainer) -> list[bytes]:
    return weights(*subject.game.model.networks.values(), *subject.game.averages.values())


@pytest.mark.parametrize(("side", "channels"), [(8, 1), (28, 1), (32, 3)])
def test_a_code_makes_an_image_of_each_domain_and_each_is_scored(side: int, channels: int) -> None:
    data = noise(side, channels)
    model = models.build(study(), RunKey.parse(KEY), data.spaces)
    a, b = model.networks["generator"](torch.randn(3, 4))
    for domain, images in {"a": a, "b": b}.items():
        assert images.shape == (3, channels, side, side)
        assert model.networks["discriminator"](images, domain).shape == (3,)
    assert not torch.equal(a, b)


def test_the_first_layers_of_g_and_the_last_of_d_are_tied_and_no_others() -> None:
    model = models.build(study(), RunKey.parse(KEY), noise().spaces)
    for name, both in model.networks.items():
        assert isinstance(both.own, nn.ModuleDict), name
        own = {d: {id(weight) for weight in both.own[d].parameters()} for d in "ab"}
        assert not own["a"] & own["b"]
        assert not {id(weight) for weight in both.tied.parameters()} & (own["a"] | own["b"])
    generator, discriminator = model.networks["generator"], model.networks["discriminator"]
    seen: list[str] = []

    def note(what: str):
        return lambda *_: seen.append(what)

    for which, network in {"G": generator, "D": discriminator}.items():
        network.tied.register_forward_hook(note(f"{which} tied"))
        for domain in "ab":
            network.own[domain].register_forward_hook(note(f"{which} {domain}"))
    fakes = generator(torch.randn(3, 4))
    discriminator(fakes[0], "a")
    assert seen == ["G tied", "G a", "G b", "D a", "D tied"]


def test_each_player_minimises_the_sum_of_two_games() -> None:
    subject = trainer(chosen=study(penalties={"r1": {"weight": 0.5}}))
    model = subject.game.model
    batch = subject.game.batches.draw(0, 0)
    terms = model._discriminator_terms(batch)
    with torch.no_grad():
        fakes = model._fakes(batch, "z for D")
    alone = [model.adversary.discriminator_terms(batch[d], fakes[d], batch, d) for d in "ab"]
    assert torch.allclose(terms["loss"], alone[0]["loss"] + alone[1]["loss"])
    assert torch.allclose(terms["r1"], (alone[0]["r1"] + alone[1]["r1"]) / 2)
    made = model._fakes(batch, "z for G")
    games = [model.adversary.generator_terms(batch[d], made[d], batch, d)["loss"] for d in "ab"]
    assert torch.allclose(model._generator_terms(batch)["loss"], games[0] + games[1])


def test_an_optimiser_holds_a_tied_weight_once_and_its_gradient_is_of_both_games() -> None:
    subject = trainer()
    for player in subject.players:
        group = subject.game.optimizers[player.name].param_groups[0]["params"]
        assert len({id(weight) for weight in group}) == len(group)
    model, batch = subject.game.model, subject.game.batches.draw(0, 0)
    tied = next(model.networks["generator"].tied.parameters())
    fakes = model._fakes(batch, "z for G")
    parts = [model.adversary.generator_terms(batch[d], fakes[d], batch, d)["loss"] for d in "ab"]
    each = [torch.autograd.grad(part, tied, retain_graph=True)[0] for part in parts]
    (whole,) = torch.autograd.grad(model._generator_terms(batch)["loss"], tied)
    assert torch.allclose(whole, each[0] + each[1], atol=1e-7)
    assert all(gradient.abs().max() > 0 for gradient in each)


def test_a_round_trip_keeps_what_is_tied_tied(tmp_path: Path) -> None:
    subject = trainer()
    subject.fit(None, Callbacks())
    model = subject.game.model
    save_model(tmp_path, subject.networks(), model.specs, {"params": {"run": KEY}})
    loaded = load_model(tmp_path)
    assert loaded.specs == model.specs
    generator = loaded.networks["generator"]
    names = [name for name in generator.state_dict() if "weight" in name]
    assert sum(name.startswith("tied.") for name in names) > 0
    before = loaded.sample(3, seed=1)
    with torch.no_grad():
        next(generator.tied.parameters()).mul_(-1)
    after = loaded.sample(3, seed=1)
    for domain in "ab":
        assert before[domain].shape == (3, 8, 8, 1)
        assert not np.array_equal(before[domain], after[domain])


class StoppedError(Exception):
    """What ends a run early."""


def test_stopped_and_resumed_it_is_the_uninterrupted_run(tmp_path: Path) -> None:
    straight, resumed, store = trainer(), trainer(), CheckpointStore(tmp_path)
    straight.fit(None, Callbacks())

    def stop(rows: list[Row]) -> None:
        if rows[-1]["round"] == 4:
            raise StoppedError

    with pytest.raises(StoppedError):
        trainer(checkpoint_seconds=-1).fit(store, Callbacks(log=stop))
    resumed.fit(store, Callbacks())
    assert everything(resumed) == everything(straight)
    assert resumed.history == straight.history


def test_its_rounds_can_be_recorded() -> None:
    chosen = study(penalties={"r1": {"weight": 0.5, "interval": 2}})
    eager, replayed = trainer(chosen=chosen), trainer(chosen=chosen)
    replayed._play = recorded(replayed.game, Again(replayed.game))
    for subject in (eager, replayed):
        subject.fit(None, Callbacks())
    assert everything(eager) == everything(replayed)
    assert eager.history == replayed.history


@pytest.mark.parametrize(
    ("spaces", "reason"),
    [
        ({"a": Image(1, 8, 8)}, "two domains of images"),
        ({"a": Image(1, 8, 8), "b": Image(3, 8, 8)}, "must be equal"),
    ],
)
def test_domains_that_share_no_shape_are_not_for_it(spaces: dict[str, Space], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        models.build(study(), RunKey.parse(KEY), spaces)


def test_d_has_no_batch_norm_to_offer() -> None:
    with pytest.raises(InputError, match="none or spectral"):
        models.build(study(discriminator_norm="batch"), RunKey.parse(KEY), noise().spaces)
    model = models.build(study(discriminator_norm="spectral"), RunKey.parse(KEY), noise().spaces)
    assert isinstance(model.networks["discriminator"], coupled.Discriminator)
