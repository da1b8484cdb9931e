"""CycleGAN: digits and the negatives of other digits, whose translation is known: 1 - x."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch import Tensor

from ganstudy.dataset import Dataset
from ganstudy.models.cyclegan import CycleGAN
from ganstudy.spaces import Image
from ganstudy.training.trainer import Trainer
from models.translating import made, mean_error, planted, recipe, study, trained

RUN = "cyclegan-lsgan-0"
SPACES = {"a": Image(1, 8, 8), "b": Image(1, 8, 8)}


def halves() -> tuple[Dataset, Dataset]:
    """Digits and negatives of others to train on; and a test set in which both are one."""
    digits = (load_digits().images * 255 / 16).round().astype(np.uint8)[..., None]
    order = np.random.default_rng(0).permutation(len(digits))
    one, other, test = np.split(order, [700, 1400])
    groups = (("a",), ("b",))
    train = Dataset({"a": digits[one], "b": 255 - digits[other]}, SPACES, groups)
    return train, Dataset({"a": digits[test], "b": 255 - digits[test]}, SPACES, groups)


def played(rounds: int = 400, seed: int = 0) -> Trainer:
    chosen = study(
        "cyclegan-lsgan",
        recipe(UNET, RATE, R1, identity=0.0),
        CRITIC,
        train__images=BATCH * rounds,
        train__batch=BATCH,
    )
    return trained(chosen, f"cyclegan-lsgan-{seed}", halves()[0])


def errors(subject: Trainer) -> dict[str, float]:
    test = halves()[1]
    found = made(subject, test)
    a, b = test.fields["a"], test.fields["b"]
    return {
        "a_to_b": mean_error(found["a_to_b"], b),
        "b_to_a": mean_error(found["b_to_a"], a),
        **{
            f"{s}_{w}": mean_error(found[f"{s}_{w}"], test.fields[s])
            for s in "ab"
            for w in ("cycle", "rounded", "noisy")
        },
    }


UNET = {"network": "unet", "width": 8, "norm": "none"}
RATE, BATCH, CRITIC = 0.001, 16, ("mlp", 64)
R1 = {"r1": {"weight": 0.1, "every": 4}}


class OneWay(CycleGAN):
    """The mistake: nothing asks that a comes back."""

    def _cycle(self, side: str, real: Tensor, again: Tensor) -> Tensor:
        return super()._cycle(side, real, again) * (side == "b")
