"""Rows that others have published for the same points, with their source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """One row of a paper's table: means over its runs; high quality as a share."""

    method: str
    modes: float
    high_quality: float
    mode_kl: float


SOURCE = "PacGAN (Lin et al. 2018, arXiv:1712.04086), table 1"
ROWS: Mapping[str, Sequence[Published]] = {
    "ring": [
        Published("GAN", 6.3, 0.982, 0.45),
        Published("PacGAN2", 7.9, 0.956, 0.07),
    ],
    "grid": [
        Published("GAN", 17.3, 0.948, 0.70),
        Published("ALI", 24.1, 0.957, 0.14),
        Published("PacGAN4", 24.8, 0.936, 0.04),
    ],
}
