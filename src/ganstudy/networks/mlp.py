"""Fully connected networks: fast, for any image size."""

from torch import Tensor, nn

from ganstudy.networks.layers import Condition, joined, projected
from ganstudy.networks.shapes import ImageShape

SLOPE = 0.2


def _hidden(inputs: int, width: int) -> list[nn.Module]:
    return [
        nn.Linear(inputs, width),
        nn.LeakyReLU(SLOPE),
        nn.Linear(width, width),
        nn.LeakyReLU(SLOPE),
    ]


class Generator(nn.Module):
    """G(z, y): codes (N, latent) to images (N, C, H, W) in [-1, 1]; three hidden layers."""

    def __init__(self, shape: ImageShape, latent: int, width: int, classes: int = 0) -> None:
        super().__init__()
        self.latent = latent
        self.condition = Condition(classes, latent)
        self.body = nn.Sequential(
            *_hidden(latent + self.condition.size, width),
            nn.Linear(width, width),
            nn.LeakyReLU(SLOPE),
            nn.Linear(width, shape.pixels),
            nn.Tanh(),
            nn.Unflatten(1, (shape.channels, shape.height, shape.width)),
        )

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        images: Tensor = self.body(joined(z, self.condition(y)))
        return images


class Discriminator(nn.Module):
    """D(x, y): images (N, C, H, W) in [-1, 1] to logits (N,); two hidden layers."""

    def __init__(self, shape: ImageShape, width: int, classes: int = 0) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Flatten(), *_hidden(shape.pixels, width))
        self.score = nn.Linear(width, 1)
        self.condition = Condition(classes, width)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        features = self.body(x)
        return projected(self.score(features).squeeze(1), features, self.condition(y))


class Encoder(nn.Module):
    """q(z | x): images (N, C, H, W) to mean and log-variance, each (N, latent)."""

    def __init__(self, shape: ImageShape, latent: int, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Flatten(), *_hidden(shape.pixels, width), nn.Linear(width, 2 * latent)
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.body(x).chunk(2, 1)
        return mean, log_variance
