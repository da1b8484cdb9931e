"""Discriminators of classes: a logit for each, by the hidden layers of their families' D.

There is no minibatch standard deviation: each sample has logits of its own.
"""

from torch import Tensor, nn

from ganstudy.networks import dcgan, mlp, resnet
from ganstudy.spaces import SampleSpace


class Logits(nn.Module):
    """Samples (N, ...) to class logits (N, classes); `features` are what they are linear in."""

    def __init__(self, trunk: nn.Module, size: int, classes: int) -> None:
        super().__init__()
        self.trunk = trunk
        self.head = nn.Linear(size, classes)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.features(x))
        return logits

    def features(self, x: Tensor) -> Tensor:
        """The last hidden layer, (N, size)."""
        features: Tensor = self.trunk(x).flatten(1)
        return features


def flat(shape: SampleSpace, width: int, classes: int, norm: str) -> Logits:
    """Three hidden layers of `width` units."""
    layers = mlp.hidden_layers(shape.values, width, 3, norm)
    return Logits(nn.Sequential(nn.Flatten(), *layers), width, classes)


def convolutional(shape: SampleSpace, width: int, classes: int, norm: str) -> Logits:
    """DCGAN's strided convolutions."""
    layers, channels = dcgan.trunk_of(shape, width, norm)
    height, base_width = shape.pyramid()[0]
    return Logits(nn.Sequential(*layers), channels * height * base_width, classes)


def residual(shape: SampleSpace, width: int, classes: int, norm: str) -> Logits:
    """Residual blocks; they have no norm."""
    trunk, channels = resnet.trunk_of(shape, width, norm)
    height, base_width = shape.pyramid()[0]
    return Logits(trunk, channels * height * base_width, classes)
