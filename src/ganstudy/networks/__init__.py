"""Networks: architectures by name, and the specs that rebuild them."""

from ganstudy.networks.architectures import ARCHITECTURES
from ganstudy.networks.specs import (
    NetworkSpec,
    discriminator_spec,
    encoder_spec,
    generator_spec,
)

__all__ = [
    "ARCHITECTURES",
    "NetworkSpec",
    "discriminator_spec",
    "encoder_spec",
    "generator_spec",
]
