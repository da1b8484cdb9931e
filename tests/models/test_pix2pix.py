"""pix2pix: the condition is read through D alone, and the recipe's λ is what it says.

A dot in one of four corners of the input names the colour of the output. With λ = 0 nothing but the
game tells G which, and a D that does not see the input cannot tell it.
"""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from ganstudy import models
from ganstudy.dataset import Dataset
from ganstudy.errors import InputError
from ganstudy.keys import RunKey
from ganstudy.models.pix2pix import Pix2Pix
from ganstudy.models.saved import load_model, save_model
from ganstudy.spaces import Image, labelled
from ganstudy.training.player import Batch
from ganstudy.training.trainer import Trainer
from models.translating import made, mean_error, planted, recipe, resumes, study, trained, trainer
from training.tiny import params, weights

COLOURS = np.array([[192, 64, 64], [64, 192, 64], [64, 64, 192], [192, 192, 64]], np.uint8)
SIDE = 8
UNET = {"network": "unet", "width": 8, "norm": "batch"}
R1 = {"r1": {"weight": 0.1, "interval": 4}}
RUN = "pix2pix-lsgan-0"


def dots(count: int, seed: int = 0) -> Dataset:
    """Black images with one white corner, and images of the colour that it names."""
    corner = np.random.default_rng(seed).integers(0, 4, count)
    rows, end = np.arange(count), SIDE - 1
    source = np.zeros((count, SIDE, SIDE, 1), np.uint8)
    source[rows, corner // 2 * end, corner % 2 * end] = 255
    target = np.broadcast_to(COLOURS[corner][:, None, None], (count, SIDE, SIDE, 3)).copy()
    spaces = {"source": Image(1, SIDE, SIDE), "target": Image(3, SIDE, SIDE)}
    return Dataset({"source": source, "target": target}, spaces, (("source", "target"),))


def colours_right(subject: Trainer) -> float:
    """The share of outputs that are nearer to their own colour than to the others."""
    test = dots(200, 9)
    found = made(subject, test)["target"].astype(float).mean((1, 2))
    truth = test.fields["target"][:, 0, 0].astype(float)
    nearest = np.square(found[:, None] - COLOURS.astype(float)).sum(2).argmin(1)
    return float((COLOURS[nearest] == truth).all(1).mean())


def played(l1: float = 0.0, rounds: int = 500) -> Trainer:
    chosen = study(
        "pix2pix-lsgan",
        recipe(UNET, 0.001, R1, l1=l1),
        ("mlp", 64),
        train__images=32 * rounds,
        train__batch=32,
    )
    return trained(chosen, RUN, dots(512))


class Blind(Pix2Pix):
    """The mistake: D does not see the input."""

    def _shown(self, batch: Batch) -> Tensor:
        return torch.zeros_like(batch["source"])


def test_the_game_alone_teaches_g_to_read_its_input() -> None:
    assert colours_right(played()) >= 0.98


def test_a_blind_d_teaches_nothing_of_the_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    planted(monkeypatch, "pix2pix", Blind)
    assert colours_right(played()) < 0.6


def test_lambda_weighs_l1_beside_the_game() -> None:
    for l1 in (0.0, 100.0):
        chosen = study("pix2pix-lsgan", recipe(UNET, 0.001, {}, l1=l1), ("mlp", 4))
        model = models.build(chosen, RunKey.parse(RUN), dots(8).spaces)
        (_, translator) = model.players()
        x, y = torch.randn(4, 1, SIDE, SIDE), torch.randn(4, 3, SIDE, SIDE)
        terms = translator.objective(Batch({"source": x, "target": y}, 0, 0, 0))
        scores = model.adversary.score(model.translator(x), x)
        game, distance = 0.5 * (scores - 1).square().mean(), (y - model.translator(x)).abs().mean()
        torch.testing.assert_close(terms["loss"], game + l1 * distance)


def test_a_negative_lambda_is_refused() -> None:
    chosen = study("pix2pix-lsgan", recipe(UNET, 0.001, {}, l1=-1.0), ("mlp", 4))
    with pytest.raises(
        InputError, match=r"models\.pix2pix-lsgan\.l1: .*greater than or equal to 0"
    ):
        models.build(chosen, RunKey.parse(RUN), dots(8).spaces)


def test_what_would_move_one_side_of_a_pair_alone_is_refused() -> None:
    chosen = study(
        "pix2pix-lsgan", recipe(UNET, 0.001, {}, l1=1.0), ("mlp", 4), train__augment=["translation"]
    )
    with pytest.raises(InputError, match=r"train\.augment would move target and not source"):
        models.build(chosen, RunKey.parse(RUN), dots(8).spaces)


def test_other_data_is_passed_by_and_told() -> None:
    chosen = study("pix2pix-lsgan", recipe(UNET, 0.001, {}, l1=1.0), ("mlp", 4))
    assert "pix2pix-lsgan" not in models.families_for(chosen, labelled((8, 8, 1)))
    unequal = {"source": Image(1, 8, 8), "target": Image(1, 16, 16)}
    with pytest.raises(InputError, match="pairs of one size, and these are 8×8 and 16×16"):
        models.build(chosen, RunKey.parse(RUN), unequal)


@pytest.mark.parametrize("norm", ["none", "spectral"])
def test_saved_with_its_conditional_d_it_is_the_same(tmp_path: Path, norm: str) -> None:
    chosen = study(
        "pix2pix-lsgan",
        recipe(UNET, 0.001, {}, l1=1.0),
        ("dcgan", 4),
        network__discriminator_norm=norm,
        train__images=16,
    )
    subject, test = trained(chosen, RUN, dots(16)), dots(5, 1)
    networks, model = subject.networks(), subject.game.model
    expected = made(subject, test)["target"]
    save_model(tmp_path, networks, model.specs, {"params": {"run": RUN}})
    loaded = load_model(tmp_path)
    assert loaded.specs == model.specs
    x = test.spaces["source"].encode(torch.from_numpy(test.fields["source"]))
    y = test.spaces["target"].encode(torch.from_numpy(test.fields["target"]))
    critic = networks["discriminator"].eval()
    torch.testing.assert_close(loaded.networks["discriminator"](y, x), critic(y, x))
    sampled = loaded.sample(5, 0, {"source": x})
    assert sampled["target"].shape == (5, SIDE, SIDE, 3)
    np.testing.assert_array_equal(sampled["target"], expected)


def test_killed_and_resumed_it_is_the_uninterrupted_run(tmp_path: Path) -> None:
    chosen = study(
        "pix2pix-lsgan", recipe(UNET, 0.001, R1, l1=1.0), ("mlp", 4), train__images=4 * 8
    )
    resumes(lambda **settings: trainer(chosen, RUN, dots(16), **settings), tmp_path, 5)


def test_the_distance_alone_starts_where_pix2pix_does_and_learns_l1() -> None:
    player = {"learning_rate": 0.01, "betas": [0.5, 0.99]}
    recipes = {
        "pix2pix-lsgan": recipe(UNET, 0.001, {}, l1=1.0),
        "regression-l1": {"translator": UNET, "optimizer": player},
    }
    chosen = params(models=recipes, train__images=32 * 40, train__batch=32)
    one, other = (
        models.build(chosen, RunKey.parse(f"{family}-3"), dots(8).spaces) for family in recipes
    )
    assert weights(one.networks["translator"]) == weights(other.networks["translator"])
    test = dots(50, 9)
    learnt = made(trained(chosen, "regression-l1-3", dots(512)), test)["target"]
    grey = np.broadcast_to(np.median(test.fields["target"], 0).astype(np.uint8), learnt.shape)
    assert mean_error(learnt, test.fields["target"]) < mean_error(grey, test.fields["target"]) / 2


@pytest.mark.parametrize(("asked", "norm"), [(None, "batch"), ("none", "none")])
def test_a_loss_that_asks_for_a_norm_has_it(asked: str | None, norm: str) -> None:
    """r3gan's recipe wants none anywhere."""
    chosen = recipe(UNET, 0.001, R1, l1=1.0)
    chosen["game"]["generator_norm"] = asked
    built = models.build(
        study("pix2pix-lsgan", chosen, ("mlp", 8)), RunKey.parse(RUN), dots(4).spaces
    )
    assert built.specs["translator"].norm == norm
