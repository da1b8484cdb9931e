"""pix2pix: the condition is read through D alone, and the recipe's λ is what it says.

A dot in one of four corners of the input names the colour of the output. With λ = 0 nothing but the
game tells G which, and a D that does not see the input cannot tell it.
"""

import numpy as np
import pytest
import torch
from torch import Tensor

from ganstudy import models
from ganstudy.dataset import Dataset
from ganstudy.errors import InputError
from ganstudy.keys import RunKey
from ganstudy.models.pix2pix import Pix2Pix
from ganstudy.spaces import Image, labelled
from ganstudy.training.player import Batch
from ganstudy.training.trainer import Trainer
from models.translating import made, planted, recipe, study, trained

COLOURS = np.array([[192, 64, 64], [64, 192, 64], [64, 64, 192], [192, 192, 64]], np.uint8)
SIDE = 8
UNET = {"network": "unet", "width": 8, "norm": "batch"}
R1 = {"r1": {"weight": 0.1, "every": 4}}
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
