"""Convolutional networks of solids after 3D-GAN (Wu et al. 2016), for grids of 8, 16, 32, … cells.

Transposed convolutions up from 4³, strided convolutions down to it; `width` is the number of
channels at the finest hidden map, and doubles towards the base, to 4 × at most.
"""

from itertools import pairwise

from torch import Tensor, nn

from ganstudy.errors import InputError
from ganstudy.networks.dcgan import channels_at
from ganstudy.networks.layers import SLOPE
from ganstudy.networks.norms import BatchNorm3d
from ganstudy.spaces import Voxels

BASE = 4
OUTSET = -2.0  # logit of a cell before training: solids fill an eighth of their box, not half


def levels_of(space: Voxels) -> int:
    """How often the base doubles. Raises `InputError` where it does not lead to the grid."""
    side = space.width
    if {space.depth, space.height} != {side} or side < 2 * BASE or side & (side - 1):
        raise InputError(
            f"networks for voxels make cubes of 8, 16, 32, … cells a side, not "
            f"{space.depth}×{space.height}×{space.width}"
        )
    return (side // BASE).bit_length() - 1


class Generator(nn.Module):
    """G(z): codes (N, latent) to occupancies (N, 1, D, H, W) in [0, 1]."""

    def __init__(self, space: Voxels, latent: int, width: int, norm: str = "batch") -> None:
        super().__init__()
        levels = levels_of(space)
        channels = [channels_at(width, level) for level in reversed(range(levels))]
        layers: list[nn.Module] = [
            nn.Linear(latent, channels[0] * BASE**3),
            nn.Unflatten(1, (channels[0], BASE, BASE, BASE)),
            *_norm(norm, channels[0]),
            nn.ReLU(),
        ]
        for coarse, fine in pairwise(channels):
            layers += [nn.ConvTranspose3d(coarse, fine, 4, 2, 1), *_norm(norm, fine), nn.ReLU()]
        last = nn.ConvTranspose3d(channels[-1], 1, 4, 2, 1)
        nn.init.constant_(last.bias, OUTSET)  # type: ignore[arg-type]
        self.body = nn.Sequential(*layers, last, nn.Sigmoid())

    def forward(self, z: Tensor) -> Tensor:
        made: Tensor = self.body(z)
        return made


class Discriminator(nn.Module):
    """D(x): occupancies (N, 1, D, H, W) in [0, 1] to logits (N,)."""

    def __init__(self, space: Voxels, width: int, norm: str = "none") -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 1
        for level in range(levels_of(space)):
            outputs = channels_at(width, level)
            layers += [
                nn.Conv3d(inputs, outputs, 4, 2, 1),
                *(_norm(norm, outputs) if level else []),
            ]
            layers += [nn.LeakyReLU(SLOPE)]
            inputs = outputs
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.Linear(inputs * BASE**3, 1))

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.body(x).squeeze(1)
        return scores


def _norm(name: str, channels: int) -> list[nn.Module]:
    return [BatchNorm3d(channels)] if name == "batch" else []
