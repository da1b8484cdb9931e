"""Known answers of two domains, and the planted mistakes that must miss them."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from torch import Tensor

from ganstudy import metrics, models
from ganstudy.data.domains import domains
from ganstudy.data.edges import outlined
from ganstudy.data.fielded import FIELDED
from ganstudy.dataset import Dataset
from ganstudy.keys import RunKey
from ganstudy.models import dann
from ganstudy.models.base import encoded, generated, inputs_for, recompute_bn_statistics
from ganstudy.networks import coupled
from ganstudy.objectives.reversal import reversed_gradient
from ganstudy.params import DataParams, Params
from ganstudy.spaces import SampleSpace
from ganstudy.training.batches import Batches
from ganstudy.training.trainer import Callbacks, Settings, Trainer
from training.tiny import CPU, params

ADAM = {"learning_rate": 0.001, "betas": [0.5, 0.99]}
FASTER = {"learning_rate": 0.002, "betas": [0.5, 0.99]}
CLASSES = 3  # digits 0, 1, 2: red, green and blue
CLASSIFIER = {"width": 16, "units": 100}
RECIPES = {
    "cogan-non_saturating": {
        "latent": 4,
        "generator_width": 8,
        "discriminator_width": 32,
        "game": {
            "generator": ADAM,
            "discriminator": ADAM,
            "penalties": {"r1": {"weight": 0.5, "interval": 4}},
        },
    },
    "dann-minimax": {
        "classifier": CLASSIFIER,
        "discriminator_width": 100,
        "game": {"generator": FASTER, "discriminator": FASTER},
    },
    "source_only-cross_entropy": {"classifier": CLASSIFIER, "optimizer": FASTER},
}
STUDY: Params = params(models=RECIPES)


def trained(key: str, data: Dataset, rounds: int, ema: float, size: int = 64) -> Trainer:
    parsed = RunKey.parse(key)
    model = models.build(STUDY, parsed, data.spaces)
    settings = Settings(size * rounds, 0.5, ema)
    trainer = Trainer(model, Batches(data, size, parsed.seed, CPU), settings, CPU)
    trainer.fit(None, Callbacks())
    return trainer


def tinted() -> tuple[Dataset, Dataset]:
    """Digits of which those of `a` are in the colour of their class and those of `b` are white; and
    white ones that are held out."""
    digits = load_digits()
    rows = np.random.default_rng(0).permutation(np.flatnonzero(digits.target < CLASSES))
    images = (digits.images[rows] * 255 / 16).round().astype(np.uint8)[..., None].repeat(3, 3)
    labels = digits.target[rows].astype(np.int64)
    part = len(rows) * 4 // 10
    colours = np.eye(CLASSES, dtype=np.uint8)[labels][:, None, None]
    one, other, held = slice(part), slice(part, 2 * part), slice(2 * part, None)
    coloured = images[one] * colours[one]
    train = domains(coloured, images[other], labels[one], labels[other], CLASSES)
    return train, domains(coloured, images[held], labels[one], labels[held], CLASSES)


def target_accuracy(key: str) -> float:
    train, held = tinted()
    model = (subject := trained(key, train, 300, 0.99)).game.model
    networks = subject.networks()
    recompute_bn_statistics(type(model), networks, model.specs, 0, 4, encoded(train, ["a", "b"]))
    told = generated(type(model), networks, model.specs, encoded(held, ["b"]))["label_b"]
    return float((told == held.fields["label_b"]).mean())


def test_where_a_tint_tells_the_class_dann_looks_at_the_digit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Three seeds came to .86, .94 and .95; the source alone to .71, .74 and .89."""
    right = target_accuracy("dann-minimax-0")
    assert right > 0.8
    assert target_accuracy("source_only-cross_entropy-0") < right - 0.05

    def flipped(x: Tensor, strength: Tensor) -> Tensor:
        return reversed_gradient(x, -strength)

    monkeypatch.setattr(dann, "reversed_gradient", flipped)
    assert target_accuracy("dann-minimax-0") < right - 0.05


class UntiedGenerators(coupled.Generator):
    """The plant: each domain has layers of its own from the code on."""

    def __init__(self, shape: SampleSpace, latent: int, width: int, norm: str) -> None:
        super().__init__(shape, latent, width, norm)
        self.other = self.first(shape, latent, width, norm)

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        return self.own["a"](self.tied(z)), self.own["b"](self.other(z))


def agreement(key: str = "cogan-non_saturating-0") -> float:
    data = FIELDED["digits_edges"].read(DataParams(name="digits_edges"))["train"]
    model = (subject := trained(key, data, 150, 0.98)).game.model
    networks = subject.networks()
    recompute_bn_statistics(type(model), networks, model.specs, 0, 4)
    inputs = inputs_for(model.inputs(model.specs), 500, 0)
    made = generated(type(model), networks, model.specs, inputs)
    return metrics.agreement_over_shuffled(outlined(made["a"]), made["b"])


def test_images_of_one_code_belong_together_where_layers_are_tied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Three seeds came to .17, .32 and .43; untied ones stay within .03 of 0."""
    assert agreement() > 0.1
    monkeypatch.setattr(coupled, "Generator", UntiedGenerators)
    assert abs(agreement()) < 0.1
