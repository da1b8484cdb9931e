"""Two coupled generators as two of their own, of which a code makes one image each."""

from collections.abc import Mapping
from dataclasses import replace

from torch import nn

from ganstudy.models.saved import Companion, SavedGenerator
from ganstudy.networks.coupled import Discriminator, Generator
from ganstudy.spaces import DOMAINS


def domains(
    generator: SavedGenerator, companion: Companion
) -> Mapping[str, tuple[SavedGenerator, Companion]]:
    """The generator and D of each domain, by its name; nothing where there is one domain alone."""
    g, d = generator.network, companion.network
    if not isinstance(g, Generator) or not isinstance(d, Discriminator):
        return {}
    return {
        name: (
            replace(generator, network=nn.Sequential(g.tied, g.own[name])),
            replace(companion, network=nn.Sequential(d.own[name], d.tied, nn.Flatten(0))),
        )
        for name in DOMAINS
    }
