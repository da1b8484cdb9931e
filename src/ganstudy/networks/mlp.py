"""Fully connected networks: fast, for images of any size and for points.

ReLUs rather than leaky ones: on points they draw the sharper edges between modes.
"""

from torch import Tensor, nn

from ganstudy.networks.layers import (
    FLAT_NORMS,
    Condition,
    activations,
    concat_condition,
    projection_score,
)
from ganstudy.spaces import Image, SampleSpace


def hidden_layers(inputs: int, width: int, layers: int, norm: str = "none") -> list[nn.Module]:
    found: list[nn.Module] = []
    for _ in range(layers):
        found += [nn.Linear(inputs, width), *FLAT_NORMS[norm](width), nn.ReLU()]
        inputs = width
    return found


def _output(shape: SampleSpace) -> list[nn.Module]:
    """Images are bounded and have rows and columns; points are neither."""
    return [nn.Tanh(), nn.Unflatten(1, shape.size)] if isinstance(shape, Image) else []


class Generator(nn.Module):
    """G(z, y): codes (N, latent) to images (N, C, H, W) in [-1, 1] or points (N, d).

    Three hidden layers of `width` units; `norm` names a row of `FLAT_NORMS`.
    """

    def __init__(
        self, shape: SampleSpace, latent: int, width: int, classes: int = 0, norm: str = "none"
    ) -> None:
        super().__init__()
        self.latent = latent
        self.condition = Condition(classes, latent)
        self.body = nn.Sequential(
            *hidden_layers(latent + self.condition.size, width, 3, norm),
            nn.Linear(width, shape.values),
            *_output(shape),
        )

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        samples: Tensor = self.body(concat_condition(z, self.condition(y)))
        return samples


class Discriminator(nn.Module):
    """D(x, y): samples (N, ...) to logits (N,); three hidden layers of `width` units."""

    def __init__(
        self, shape: SampleSpace, width: int, classes: int = 0, norm: str = "none"
    ) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Flatten(), *hidden_layers(shape.values, width, 3, norm))
        self.score = nn.Linear(width, 1)
        self.condition = Condition(classes, width)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        features = self.body(x)
        return projection_score(self.score(features).squeeze(1), features, self.condition(y))

    def hidden(self, x: Tensor) -> list[Tensor]:
        """The units (N, width) of each hidden layer."""
        return activations(self.body, x)


class Encoder(nn.Module):
    """q(z | x): samples (N, ...) to mean and log-variance, each (N, latent)."""

    def __init__(self, shape: SampleSpace, latent: int, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Flatten(), *hidden_layers(shape.values, width, 2), nn.Linear(width, 2 * latent)
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.body(x).chunk(2, 1)
        return mean, log_variance
