"""The plain auto-encoder: it learns to copy through a code, and says nothing about other codes."""

from collections.abc import Sequence

from ganstudy.models.coder import EncoderDecoder
from ganstudy.models.gan import adam
from ganstudy.networks import EncoderSpec, GeneratorSpec
from ganstudy.params import AEParams
from ganstudy.training.player import Batch, Player, Terms


class Autoencoder(EncoderDecoder):
    """One player: encoder and decoder minimise the squared error (Hinton & Salakhutdinov 2006).

    Codes are standardised, so that the sampler's N(0, I) is the diagonal Gaussian that fits the
    codes of real samples: see `networks.layers.Standardized`.
    """

    def __init__(
        self, recipe: AEParams, decoder: GeneratorSpec, encoder: EncoderSpec, seed: int
    ) -> None:
        super().__init__(decoder, encoder, seed)
        self._recipe = recipe

    def players(self) -> Sequence[Player]:
        """Encoder and decoder as one player."""
        return [Player("ae", self.both(), self._terms, adam(self._recipe.optimizer))]

    def _terms(self, batch: Batch) -> Terms:
        decoded = self.decoder(self.encoder(batch.real), batch.labels)
        return {"loss": (batch.real - decoded).square().mean()}
