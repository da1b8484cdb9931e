"""Networks that read words: an encoder of texts, and a convolutional G and D with one each.

The encoder is small and learns with the game that it is part of; no weights come from elsewhere.
"""

from torch import Tensor, nn

from ganstudy.networks import dcgan
from ganstudy.networks.layers import concat_condition, projection_score
from ganstudy.spaces import SampleSpace, Tokens

WORDS, HIDDEN = 64, 128  # numbers that stand for a word; units between words and the result


class Encoder(nn.Module):
    """A text's tokens int64 (N, L), 0 after its last word, to (N, size): two layers on the mean of
    its words' vectors.

    It reads a bag: "a red bag on a blue shelf" and "a blue bag on a red shelf" are one text to it.
    """

    def __init__(self, tokens: Tokens, size: int) -> None:
        super().__init__()
        self.table = nn.Embedding(len(tokens.vocabulary) + 1, WORDS)
        self.body = nn.Sequential(nn.Linear(WORDS, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, size))

    def forward(self, text: Tensor) -> Tensor:
        vectors = self.table(text)
        there = (text > 0).to(vectors.dtype)[:, :, None]
        meaning: Tensor = self.body((vectors * there).sum(1) / there.sum(1).clamp_min(1))
        return meaning


class Generator(nn.Module):
    """G(z, text): codes (N, latent) and tokens (N, L) to images (N, C, H, W) in [-1, 1]. What the
    text means, as many numbers as the code has, is appended to it (Reed et al. 2016, section 4).
    """

    def __init__(
        self, shape: SampleSpace, tokens: Tokens, latent: int, width: int, norm: str = "batch"
    ) -> None:
        super().__init__()
        self.text = Encoder(tokens, latent)
        self.images = dcgan.Generator(shape, 2 * latent, width, 0, norm)

    def forward(self, z: Tensor, text: Tensor) -> Tensor:
        made: Tensor = self.images(concat_condition(z, self.text(text)))
        return made


class Discriminator(nn.Module):
    """D(x, text): images (N, C, H, W) in [-1, 1] and tokens (N, L) to logits (N,), by projection on
    what the text means (Miyato & Koyama 2018, eq. 4)."""

    def __init__(self, shape: SampleSpace, tokens: Tokens, width: int, norm: str = "none") -> None:
        super().__init__()
        self.images = dcgan.Discriminator(shape, width, 0, norm)
        self.text = Encoder(tokens, self.images.score.in_features)

    def forward(self, x: Tensor, text: Tensor) -> Tensor:
        features = self.images.features(x)
        return projection_score(self.images.score(features).squeeze(1), features, self.text(text))
