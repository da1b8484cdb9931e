"""The baseline: a variational auto-encoder whose decoder is the GAN's generator network."""

from collections.abc import Sequence

import torch
from torch import nn

from ganstudy.models.base import initial_weights
from ganstudy.models.gan import adam
from ganstudy.networks import NETWORKS, ImageShape
from ganstudy.objectives.reconstruction import gaussian_kl, gaussian_nll, reparameterize
from ganstudy.params import NetworkParams, VAEParams
from ganstudy.training.player import Batch, Player, Terms


class VAE:
    """One player: encoder and decoder climb the evidence lower bound (Kingma & Welling 2014)."""

    def __init__(
        self,
        recipe: VAEParams,
        network: NetworkParams,
        shape: ImageShape,
        classes: int,
        seed: int,
    ) -> None:
        family = NETWORKS[network.name]
        with initial_weights(seed, "generator"):
            self.decoder = family.generator(shape, network.latent, network.generator_width, classes)
        with initial_weights(seed, "encoder"):
            self.encoder = family.encoder(shape, network.latent, recipe.encoder_width)
        self._recipe = recipe

    @property
    def sampler(self) -> nn.Module:
        """The decoder."""
        return self.decoder

    def players(self) -> Sequence[Player]:
        """Encoder and decoder as one player."""
        both = nn.ModuleDict({"encoder": self.encoder, "decoder": self.decoder})
        return [Player("vae", both, self._terms, adam(self._recipe.optimizer))]

    def _terms(self, batch: Batch) -> Terms:
        mean, log_variance = self.encoder(batch.images)
        if mean.dtype == torch.bfloat16:
            mean, log_variance = mean.float(), log_variance.float()
        z = reparameterize(mean, log_variance, batch.rng("z of the VAE"))
        reconstruction = gaussian_nll(batch.images, self.decoder(z, batch.labels))
        kl = gaussian_kl(mean, log_variance)
        loss = (reconstruction + self._recipe.beta * kl) / batch.images[0].numel()
        return {"loss": loss, "reconstruction": reconstruction, "kl": kl}
