"""The plain auto-encoder: it learns to copy through a code, and says nothing about other codes."""

from collections.abc import Mapping, Sequence

from ganstudy.errors import InputError
from ganstudy.models.base import adam
from ganstudy.models.coder import EncoderDecoder
from ganstudy.models.parts import encoder_for, generator_for
from ganstudy.networks import NetworkSpec
from ganstudy.params import AEParams, Params
from ganstudy.spaces import Space
from ganstudy.training.player import Batch, Player, Terms


class Autoencoder(EncoderDecoder):
    """One player: encoder and decoder minimise the squared error (Hinton & Salakhutdinov 2006).

    Codes are standardised, so that the sampler's N(0, I) is the diagonal Gaussian that fits the
    codes of real samples: see `networks.layers.Standardized`.
    """

    @classmethod
    def recipe(cls, params: Params, loss: str) -> AEParams:
        """The section ae."""
        if loss != "mse":
            raise InputError(f"the ae has one loss, mse; not {loss!r}")
        if params.ae is None:
            raise InputError("params.yaml has no section ae")
        return params.ae

    @classmethod
    def make(
        cls, params: Params, loss: str, spaces: Mapping[str, Space], seed: int
    ) -> "Autoencoder":
        """Encoder and decoder of the sections network and ae."""
        recipe = cls.recipe(params, loss)
        decoder = generator_for(params, spaces)
        encoder = encoder_for(params, decoder, recipe.encoder_width, standardized=True)
        return cls(recipe, decoder, encoder, seed)

    def __init__(
        self, recipe: AEParams, decoder: NetworkSpec, encoder: NetworkSpec, seed: int
    ) -> None:
        super().__init__(decoder, encoder, seed)
        self._recipe = recipe

    def players(self) -> Sequence[Player]:
        """Encoder and decoder as one player."""
        return [Player("ae", self.both(), self._terms, adam(self._recipe.optimizer))]

    def _terms(self, batch: Batch) -> Terms:
        real = batch["x"]
        decoded = self.decoder(self.encoder(real), batch.get("y"))
        return {"loss": (real - decoded).square().mean()}
