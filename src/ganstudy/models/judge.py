"""The judge as a model: one player, the classifier, on shifted and mirrored images."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, pad

from ganstudy.models.base import initial_weights
from ganstudy.networks.classifier import Classifier
from ganstudy.objectives.augmentation import picked
from ganstudy.params import JudgeParams
from ganstudy.seeding import derive
from ganstudy.spaces import Image
from ganstudy.training.player import Adam, Batch, Player, Terms

WEIGHT_DECAY, DECAY, EMA = 0.05, 1.0, 0.999  # of the weights, of the learning rate, of the average


class Judge:
    """Trains `Classifier` by cross-entropy on logits; its average is what judges."""

    averaged = frozenset({"judge"})
    state: Mapping[str, nn.Module] = {}

    def __init__(self, recipe: JudgeParams, shape: Image, classes: int) -> None:
        with initial_weights(recipe.seed, "judge"):
            self.classifier = Classifier(shape, classes, recipe.width, recipe.features)
        self.networks = {"judge": self.classifier}
        self._recipe = recipe

    def players(self) -> Sequence[Player]:
        """The classifier alone."""
        optimizer = Adam(self._recipe.learning_rate, (0.9, 0.99), WEIGHT_DECAY)
        return [Player("judge", self.classifier, self._terms, optimizer)]

    def _terms(self, batch: Batch) -> Terms:
        images, labels = batch["x"], batch["y"]
        images = augment(images, self._recipe.shift, self._recipe.flip, batch.rng("augment"))
        with torch.random.fork_rng(devices=[]):  # dropout draws from torch's own generator
            torch.manual_seed(derive(batch.seed, "dropout", batch.index))
            _, logits = self.classifier(images)
        loss = cross_entropy(logits.float(), labels)
        accuracy = (logits.argmax(1) == labels).float().mean()
        return {"loss": loss, "accuracy": accuracy}


def augment(images: Tensor, shift: int, flip: bool, rng: torch.Generator) -> Tensor:
    """Shifts each image (N, C, H, W) by up to `shift` pixels, mirrors half of them if `flip`."""
    count, _, height, width = images.shape
    device = images.device
    padded = pad(images, (shift,) * 4, value=-1.0)
    offsets = torch.randint(0, 2 * shift + 1, (2, count, 1), generator=rng, device=device)
    rows = torch.arange(height, device=device) + offsets[0]
    columns = torch.arange(width, device=device).expand(count, width)
    if flip:
        mirrored = torch.rand(count, 1, generator=rng, device=device) < 0.5
        columns = torch.where(mirrored, columns.flip(1), columns)
    columns = columns + offsets[1]
    return picked(padded, rows, columns)
