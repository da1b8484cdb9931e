"""Convolutional networks after DCGAN (Radford, Metz & Chintala 2016).

Transposed convolutions up, strided convolutions down, no pooling and no hidden dense layer (the
first layer of G is the transposed convolution of a 1×1 map, written as the matrix it is). D has no
batch norm unless asked, so gradient penalties are defined; minibatch standard deviation stands in
for it.
"""

from itertools import pairwise

from torch import Tensor, nn

from ganstudy.networks.layers import (
    CLASS_NORMS,
    NORMS,
    SLOPE,
    Condition,
    ConditionalSequential,
    MinibatchStd,
    activations,
    check_labels,
    concat_condition,
    norms,
    projection_score,
)
from ganstudy.spaces import SampleSpace

MOST_DOUBLINGS = 2  # channels grow with depth up to 4 × the width


def channels_at(width: int, level: int) -> int:
    """Channels at a `level` of the pyramid, the finest hidden map being level 0."""
    return width << min(level, MOST_DOUBLINGS)


class Generator(nn.Module):
    """G(z, y): codes (N, latent) to images (N, C, H, W) in [-1, 1].

    `width` is the number of channels at the finest hidden map; it doubles towards the base. `norm`
    names a row of `NORMS`. The class has gains and shifts of its own in batch norm (Dumoulin et al.
    2017; de Vries et al. 2017); without norm it is concatenated to the code.
    """

    def __init__(
        self, shape: SampleSpace, latent: int, width: int, classes: int = 0, norm: str = "batch"
    ) -> None:
        super().__init__()
        self.latent = latent
        self.classes = classes
        self.condition = Condition(0 if norm in CLASS_NORMS else classes, latent)
        pyramid = shape.pyramid()
        levels = len(pyramid) - 1
        channels = [channels_at(width, level) for level in reversed(range(levels))]
        height, base_width = pyramid[0]
        self.stem = ConditionalSequential(
            nn.Linear(latent + self.condition.size, channels[0] * height * base_width),
            nn.Unflatten(1, (channels[0], height, base_width)),
            *norms(norm, channels[0], classes),
            nn.ReLU(),
        )
        layers: list[nn.Module] = _convolution(channels[0], channels[0], norm, classes)
        for coarse, fine in pairwise(channels):
            layers += [
                nn.ConvTranspose2d(coarse, fine, 4, 2, 1, bias=norm == "none"),
                *norms(norm, fine, classes),
                nn.ReLU(),
                *_convolution(fine, fine, norm, classes),
            ]
        layers += [nn.ConvTranspose2d(channels[-1], shape.size[0], 4, 2, 1), nn.Tanh()]
        self.body = ConditionalSequential(*layers)

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        check_labels(self.classes, y)
        code = concat_condition(z, self.condition(y) if self.condition.classes else None)
        images: Tensor = self.body(self.stem(code, y), y)
        return images


def _convolution(inputs: int, outputs: int, norm: str, classes: int) -> list[nn.Module]:
    return [
        nn.Conv2d(inputs, outputs, 3, 1, 1, bias=norm == "none"),
        *norms(norm, outputs, classes),
        nn.ReLU(),
    ]


def trunk_of(shape: SampleSpace, width: int, norm: str = "none") -> tuple[list[nn.Module], int]:
    """Strided convolutions down to the base, a plain one between them, and the channels there.

    The first layer is never normed (Radford et al. 2016, section 3).
    """
    layers: list[nn.Module] = []
    inputs = shape.size[0]
    for level in range(len(shape.pyramid()) - 1):
        if level:
            layers += [nn.Conv2d(inputs, inputs, 3, 1, 1), *NORMS[norm](inputs)]
            layers += [nn.LeakyReLU(SLOPE)]
        outputs = channels_at(width, level)
        layers += [nn.Conv2d(inputs, outputs, 4, 2, 1), *(NORMS[norm](outputs) if level else [])]
        layers += [nn.LeakyReLU(SLOPE)]
        inputs = outputs
    return layers, inputs


class Discriminator(nn.Module):
    """D(x, y): images (N, C, H, W) in [-1, 1] to logits (N,); a critic where the loss says so."""

    def __init__(
        self, shape: SampleSpace, width: int, classes: int = 0, norm: str = "none"
    ) -> None:
        super().__init__()
        layers, channels = trunk_of(shape, width, norm)
        self.trunk = nn.Sequential(*layers)
        self.head = nn.Sequential(
            MinibatchStd(),
            nn.Conv2d(channels + 1, channels, 3, 1, 1),
            nn.LeakyReLU(SLOPE),
            nn.Flatten(),
        )
        height, base_width = shape.pyramid()[0]
        size = channels * height * base_width
        self.score = nn.Linear(size, 1)
        self.condition = Condition(classes, size)

    def features(self, x: Tensor) -> Tensor:
        """What the score is linear in, (N, features)."""
        found: Tensor = self.head(self.trunk(x))
        return found

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        features = self.features(x)
        return projection_score(self.score(features).squeeze(1), features, self.condition(y))

    def hidden(self, x: Tensor) -> list[Tensor]:
        """The maps (N, C, H, W) after each non-linearity of the trunk, the finest first. Each is of
        its sample alone, but for batch norm."""
        return activations(self.trunk, x)


class Encoder(nn.Module):
    """q(z | x): images (N, C, H, W) to mean and log-variance, each (N, latent)."""

    def __init__(self, shape: SampleSpace, latent: int, width: int) -> None:
        super().__init__()
        layers, channels = trunk_of(shape, width)
        height, base_width = shape.pyramid()[0]
        self.body = nn.Sequential(
            *layers, nn.Flatten(), nn.Linear(channels * height * base_width, 2 * latent)
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.body(x).chunk(2, 1)
        return mean, log_variance
