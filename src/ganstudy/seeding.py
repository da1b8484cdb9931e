"""The only source of randomness: every draw comes from a generator seeded by what it is for.

There is no generator state to save. A resumed run draws what the uninterrupted run would have
drawn, and adding a draw for one purpose changes no other.
"""

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # half of the start-up of a command that draws with NumPy alone
    import torch


def derive(seed: int, purpose: str, step: int = 0) -> int:
    """A 63-bit seed for one draw, from the run's `seed`, the draw's `purpose` and the `step`."""
    digest = hashlib.sha256(f"{seed}/{purpose}/{step}".encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def torch_generator(
    seed: int, purpose: str, step: int = 0, device: "torch.device | str" = "cpu"
) -> "torch.Generator":
    """A torch generator on `device` for one draw."""
    import torch

    return torch.Generator(device).manual_seed(derive(seed, purpose, step))


def numpy_generator(seed: int, purpose: str, step: int = 0) -> np.random.Generator:
    """A NumPy generator for one draw."""
    return np.random.default_rng(derive(seed, purpose, step))


def philox(seed: int, purpose: str, block: int) -> np.random.Generator:
    """A NumPy generator for block number `block` of one draw that is too large for one block.

    Blocks of a draw are stretches of one stream of Philox (Salmon et al. 2011, "Parallel random
    numbers: as easy as 1, 2, 3"), told apart by its 256-bit counter. So no two can be equal; of
    torch's CPU generators, which keep 32 bits of a seed, two among 100,000 are.
    """
    return np.random.Generator(np.random.Philox(key=derive(seed, purpose), counter=block << 128))
