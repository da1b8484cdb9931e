"""What auto-encoders share: an encoder and a decoder that move as one player."""

from typing import ClassVar

from torch import nn

from ganstudy.models.base import FromCodes, initial_weights
from ganstudy.models.parts import DECODER, TRAIN
from ganstudy.networks import NetworkSpec


class EncoderDecoder(FromCodes):
    """A decoder that samples, and the encoder that it is trained with."""

    network: ClassVar[frozenset[str]] = DECODER
    train: ClassVar[frozenset[str]] = TRAIN

    def __init__(self, decoder: NetworkSpec, encoder: NetworkSpec, seed: int) -> None:
        with initial_weights(seed, "generator"):
            self.decoder = decoder.build()
        with initial_weights(seed, "encoder"):
            self.encoder = encoder.build()
        self.specs = {"generator": decoder, "encoder": encoder}
        self.networks = {"generator": self.decoder, "encoder": self.encoder}

    def both(self) -> nn.Module:
        """Encoder and decoder as the network of one player."""
        return nn.ModuleDict({"encoder": self.encoder, "decoder": self.decoder})
