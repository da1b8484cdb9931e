"""The two generators of StackGAN (Zhang et al. 2017): small images from words, then large ones from
small ones and the words again."""

from torch import Tensor, nn

from ganstudy.networks import dcgan
from ganstudy.networks.layers import NORMS, concat_condition
from ganstudy.networks.text import Encoder
from ganstudy.spaces import Image, Tokens

BLOCKS = 2  # residual ones of the second stage


class Conditioning(nn.Module):
    """Conditioning augmentation: c ~ N(μ(t), Σ(t)) of a text t (section 3.2): near texts overlap,
    and G is smooth between them."""

    def __init__(self, tokens: Tokens, size: int) -> None:
        super().__init__()
        self.text = Encoder(tokens, 2 * size)

    def moments(self, text: Tensor) -> tuple[Tensor, Tensor]:
        """μ and log σ², each (N, size), of tokens (N, L)."""
        mean, log_variance = self.text(text).chunk(2, 1)
        return mean, log_variance

    def forward(self, text: Tensor, noise: Tensor) -> Tensor:
        """μ + σ ε for ε ~ N(0, I), (N, size)."""
        mean, log_variance = self.moments(text)
        return mean + (log_variance / 2).exp() * noise.to(mean.dtype)


class First(nn.Module):
    """G₁(z, text, ε): codes, tokens and the noise of the conditioning to images in [-1, 1]."""

    def __init__(
        self, shape: Image, tokens: Tokens, latent: int, condition: int, width: int, norm: str
    ) -> None:
        super().__init__()
        self.conditioning = Conditioning(tokens, condition)
        self.images = dcgan.Generator(shape, latent + condition, width, 0, norm)

    def forward(self, z: Tensor, text: Tensor, noise: Tensor) -> Tensor:
        made: Tensor = self.images(concat_condition(z, self.conditioning(text, noise)))
        return made


class Second(nn.Module):
    """G₂(first, text, ε): images (N, C, H, W) in [-1, 1], tokens and noise to images of twice the
    sides. What is made of the small image meets the text in every place, then goes through residual
    blocks and up (section 3.4)."""

    def __init__(self, shape: Image, tokens: Tokens, condition: int, width: int, norm: str) -> None:
        super().__init__()
        self.conditioning = Conditioning(tokens, condition)
        inner, bias = 2 * width, norm == "none"
        self.seen = nn.Sequential(nn.Conv2d(shape.channels, inner, 3, 1, 1), nn.ReLU())
        self.met = nn.Sequential(
            nn.Conv2d(inner + condition, inner, 3, 1, 1, bias=bias), *NORMS[norm](inner), nn.ReLU()
        )
        self.blocks = nn.ModuleList(_block(inner, norm) for _ in range(BLOCKS))
        self.up = nn.Sequential(
            nn.ConvTranspose2d(inner, width, 4, 2, 1, bias=bias),
            *NORMS[norm](width),
            nn.ReLU(),
            nn.Conv2d(width, shape.channels, 3, 1, 1),
            nn.Tanh(),
        )

    def forward(self, first: Tensor, text: Tensor, noise: Tensor) -> Tensor:
        seen = self.seen(first)
        condition = self.conditioning(text, noise)[:, :, None, None].to(seen.dtype)
        hidden = self.met(concat_condition(seen, condition.expand(-1, -1, *seen.shape[2:])))
        for block in self.blocks:
            hidden = (hidden + block(hidden)).relu()
        made: Tensor = self.up(hidden)
        return made


def _block(channels: int, norm: str) -> nn.Sequential:
    bias = norm == "none"
    return nn.Sequential(
        nn.Conv2d(channels, channels, 3, 1, 1, bias=bias),
        *NORMS[norm](channels),
        nn.ReLU(),
        nn.Conv2d(channels, channels, 3, 1, 1, bias=bias),
        *NORMS[norm](channels),
    )
