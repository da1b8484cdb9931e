"""The baseline: a variational auto-encoder whose decoder is the GAN's generator network."""

from collections.abc import Sequence

import torch

from ganstudy.models.coder import EncoderDecoder
from ganstudy.models.gan import adam
from ganstudy.networks import EncoderSpec, GeneratorSpec
from ganstudy.objectives.reconstruction import gaussian_kl, gaussian_nll, reparameterize
from ganstudy.params import VAEParams
from ganstudy.training.player import Batch, Player, Terms


class VAE(EncoderDecoder):
    """One player: encoder and decoder climb the evidence lower bound (Kingma & Welling 2014)."""

    def __init__(
        self, recipe: VAEParams, decoder: GeneratorSpec, encoder: EncoderSpec, seed: int
    ) -> None:
        super().__init__(decoder, encoder, seed)
        self._recipe = recipe

    def players(self) -> Sequence[Player]:
        """Encoder and decoder as one player."""
        return [Player("vae", self.both(), self._terms, adam(self._recipe.optimizer))]

    def _terms(self, batch: Batch) -> Terms:
        mean, log_variance = self.encoder(batch.real)
        if mean.dtype == torch.bfloat16:
            mean, log_variance = mean.float(), log_variance.float()
        z = reparameterize(mean, log_variance, batch.rng("z of the VAE"))
        decoded = self.decoder(z, batch.labels)
        reconstruction = gaussian_nll(batch.real, decoded, self._recipe.variance)
        kl = gaussian_kl(mean, log_variance)
        loss = (reconstruction + self._recipe.beta * kl) / batch.real[0].numel()
        return {"loss": loss, "reconstruction": reconstruction, "kl": kl}
