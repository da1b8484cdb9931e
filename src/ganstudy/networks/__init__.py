"""Networks: architectures by name, and the specs that rebuild them."""

from ganstudy.networks.specs import (
    ARCHITECTURES,
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
