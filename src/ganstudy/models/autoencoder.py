"""The plain auto-encoder: it learns to copy through a code, and says nothing about other codes."""

from collections.abc import Sequence

from torch import nn

from ganstudy.models.base import Companion, initial_weights
from ganstudy.models.gan import adam
from ganstudy.networks import EncoderSpec, GeneratorSpec
from ganstudy.params import AEParams
from ganstudy.training.player import Batch, Player, Terms


class Autoencoder:
    """One player: encoder and decoder minimise the squared error (Hinton & Salakhutdinov 2006).

    Codes are standardised, so that the sampler's N(0, I) is the diagonal Gaussian that fits the
    codes of real samples: see `networks.layers.Standardized`.
    """

    def __init__(
        self, recipe: AEParams, decoder: GeneratorSpec, encoder: EncoderSpec, seed: int
    ) -> None:
        with initial_weights(seed, "generator"):
            self.decoder = decoder.build()
        with initial_weights(seed, "encoder"):
            self.encoder = encoder.build()
        self.spec, self._encoder_spec, self._recipe = decoder, encoder, recipe

    @property
    def sampler(self) -> nn.Module:
        """The decoder."""
        return self.decoder

    @property
    def companion(self) -> Companion:
        """The encoder."""
        return Companion("encoder", self._encoder_spec, self.encoder)

    def players(self) -> Sequence[Player]:
        """Encoder and decoder as one player."""
        both = nn.ModuleDict({"encoder": self.encoder, "decoder": self.decoder})
        return [Player("ae", both, self._terms, adam(self._recipe.optimizer))]

    def _terms(self, batch: Batch) -> Terms:
        decoded = self.decoder(self.encoder(batch.real), batch.labels)
        return {"loss": (batch.real - decoded).square().mean()}
