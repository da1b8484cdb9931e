"""A small classifier in two parts, features and labels, so that a game can be played on what lies
between them (Ganin et al. 2016, figure 4a)."""

from itertools import pairwise

from torch import Tensor, nn
from torch.nn.functional import relu

from ganstudy.networks.norms import DomainNorm2d
from ganstudy.spaces import DOMAINS, Image, SampleSpace

HALVINGS = 2


def feature_count(shape: Image, width: int) -> int:
    """Dimensions of the features of such images."""
    height, row = (-(-side >> HALVINGS) for side in (shape.height, shape.width))
    return (width << (HALVINGS - 1)) * height * row


class Features(nn.Module):
    """Images (N, C, H, W) in [-1, 1] of one of two domains to features (N, `feature_count`): two
    convolutions of 5×5.

    As in the paper the game is on maps, not behind a dense layer; strides stand in for its pooling,
    at a quarter of the cost. `norm` is none, or batch: each domain by its own statistics.
    """

    def __init__(self, shape: Image, width: int, norm: str) -> None:
        super().__init__()
        widths = [shape.channels, *(width << level for level in range(HALVINGS))]
        self.maps = nn.ModuleList(
            nn.Conv2d(inputs, outputs, 5, 2, 2, bias=norm == "none")
            for inputs, outputs in pairwise(widths)
        )
        self.norms = nn.ModuleList(
            DomainNorm2d(channels, len(DOMAINS)) if norm == "batch" else Unnormed()
            for channels in widths[1:]
        )

    def forward(self, x: Tensor, domain: str = DOMAINS[0]) -> Tensor:
        number = DOMAINS.index(domain)
        for convolution, norm in zip(self.maps, self.norms, strict=True):
            x = relu(norm(convolution(x), number))
        return x.flatten(1)


class Unnormed(nn.Module):
    """What comes in, of whichever domain."""

    def forward(self, x: Tensor, domain: int) -> Tensor:
        return x


class Labels(nn.Module):
    """Features (N, d) to logits of classes (N, K): two hidden layers of `width` units."""

    def __init__(self, size: int, classes: int, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(size, width),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Linear(width, classes),
        )

    def forward(self, features: Tensor) -> Tensor:
        logits: Tensor = self.body(features)
        return logits


class Discriminator(nn.Module):
    """Features (N, d) to logits of the domain (N,): one hidden layer of `width` units."""

    def __init__(self, shape: SampleSpace, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(shape.values, width), nn.ReLU(), nn.Linear(width, 1))

    def forward(self, features: Tensor, y: None = None) -> Tensor:
        scores: Tensor = self.body(features)
        return scores.squeeze(1)
