"""The baseline: a variational auto-encoder whose decoder is the GAN's generator network."""

from collections.abc import Mapping, Sequence

from ganstudy.errors import InputError
from ganstudy.models.base import adam
from ganstudy.models.coder import EncoderDecoder
from ganstudy.models.parts import encoder_for, generator_for
from ganstudy.networks import NetworkSpec
from ganstudy.networks.norms import upcast
from ganstudy.objectives.reconstruction import gaussian_kl, gaussian_nll, reparameterize
from ganstudy.params import Params, VAEParams
from ganstudy.spaces import Space
from ganstudy.training.player import Batch, Player, Terms


class VAE(EncoderDecoder):
    """One player: encoder and decoder climb the evidence lower bound (Kingma & Welling 2014)."""

    @classmethod
    def recipe(cls, params: Params, loss: str) -> VAEParams:
        """The section vae."""
        if loss != "elbo":
            raise InputError(f"the vae has one loss, elbo; not {loss!r}")
        if params.vae is None:
            raise InputError("params.yaml has no section vae")
        return params.vae

    @classmethod
    def make(cls, params: Params, loss: str, spaces: Mapping[str, Space], seed: int) -> "VAE":
        """Encoder and decoder of the sections network and vae."""
        recipe = cls.recipe(params, loss)
        decoder = generator_for(params, spaces, latent=recipe.latent)
        encoder = encoder_for(params, decoder, recipe.encoder_width, standardized=False)
        return cls(recipe, decoder, encoder, seed)

    def __init__(
        self, recipe: VAEParams, decoder: NetworkSpec, encoder: NetworkSpec, seed: int
    ) -> None:
        super().__init__(decoder, encoder, seed)
        self._recipe = recipe

    def players(self) -> Sequence[Player]:
        """Encoder and decoder as one player."""
        return [Player("vae", self.both(), self._terms, adam(self._recipe.optimizer))]

    def _terms(self, batch: Batch) -> Terms:
        real = batch["x"]
        mean, log_variance = map(upcast, self.encoder(real))
        z = reparameterize(mean, log_variance, batch.rng("z of the VAE"))
        decoded = self.decoder(z, batch.get("y"))
        reconstruction = gaussian_nll(real, decoded, self._recipe.variance)
        kl = gaussian_kl(mean, log_variance)
        loss = (reconstruction + self._recipe.beta * kl) / real[0].numel()
        return {"loss": loss, "reconstruction": reconstruction, "kl": kl}
