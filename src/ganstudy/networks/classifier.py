"""The judge's network: a small residual classifier whose last hidden layer is the feature space."""

from torch import Tensor, nn

from ganstudy.networks.norms import BatchNorm2d
from ganstudy.spaces import Image

LARGEST_MAP = 7  # side of the last feature map; larger ones are averaged down to it
DROPOUT = 0.5


class Classifier(nn.Module):
    """Images (N, C, H, W) in [-1, 1] to features (N, features) and class logits (N, classes)."""

    def __init__(self, shape: Image, classes: int, width: int, features: int) -> None:
        super().__init__()
        sides = [min(LARGEST_MAP, -(-side // 4)) for side in (shape.height, shape.width)]
        self.body = nn.Sequential(
            nn.Conv2d(shape.channels, width, 3, 1, 1, bias=False),
            BatchNorm2d(width),
            nn.ReLU(),
            _Down(width, 2 * width),
            _Down(2 * width, 4 * width),
            nn.AdaptiveAvgPool2d((sides[0], sides[1])),
            nn.Flatten(),
            nn.Dropout(DROPOUT),
            nn.Linear(4 * width * sides[0] * sides[1], features),
            nn.ReLU(),
        )
        self.head = nn.Linear(features, classes)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        features = self.body(x)
        return features, self.head(features)


class _Down(nn.Module):
    """Halves the side, then one residual block."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.down = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, 2, 1, bias=False), BatchNorm2d(outputs), nn.ReLU()
        )
        self.residual = nn.Sequential(
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), BatchNorm2d(outputs), nn.ReLU()
        )

    def forward(self, x: Tensor) -> Tensor:
        halved: Tensor = self.down(x)
        added: Tensor = halved + self.residual(halved)
        return added
