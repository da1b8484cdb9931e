"""What auto-encoders share: an encoder and a decoder that move as one player."""

from torch import nn

from ganstudy.models.base import Companion, initial_weights
from ganstudy.networks import EncoderSpec, GeneratorSpec


class EncoderDecoder:
    """A decoder that samples, and the encoder that it is trained with."""

    def __init__(self, decoder: GeneratorSpec, encoder: EncoderSpec, seed: int) -> None:
        with initial_weights(seed, "generator"):
            self.decoder = decoder.build()
        with initial_weights(seed, "encoder"):
            self.encoder = encoder.build()
        self.spec, self._encoder_spec = decoder, encoder

    @property
    def sampler(self) -> nn.Module:
        """The decoder."""
        return self.decoder

    @property
    def companion(self) -> Companion:
        """The encoder."""
        return Companion("encoder", self._encoder_spec, self.encoder)

    def both(self) -> nn.Module:
        """Encoder and decoder as the network of one player."""
        return nn.ModuleDict({"encoder": self.encoder, "decoder": self.decoder})
