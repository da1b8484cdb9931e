"""Walks through a generator's code space, and the landscape its discriminator sees."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ganstudy.files import Images, Labels, Samples
from ganstudy.models.base import latents
from ganstudy.models.saved import Companion, SavedGenerator
from ganstudy.spaces import SampleSpace

PAIRS, STEPS, SEED = 3, 9, 0
DIMENSIONS, REACH = 5, 2.5  # of a traversal: how many, and how far from the middle


def endpoints(
    generator: SavedGenerator, companion: Companion, reference: Samples, labels: Labels | None
) -> Tensor:
    """Codes (2 × PAIRS, latent) to walk between: of the first reference samples where there is an
    encoder, of one class a pair where there are classes; else random ones. Where there are too few
    samples some stand at both ends, and a class without any has the first of all."""
    if companion.role != "encoder":
        return latents(generator.spec.latent, 2 * PAIRS, SEED)
    every = np.arange(len(reference))
    rows = np.resize(every, 2 * PAIRS)
    if generator.spec.classes and labels is not None:
        wanted = (every[labels == pair % generator.spec.classes] for pair in range(PAIRS))
        rows = np.concatenate([np.resize(own if own.size else every, 2) for own in wanted])
    stored = torch.from_numpy(reference[rows])
    with torch.no_grad():
        found = companion.network(generator.spec.shape.encode(stored))
    ends: Tensor = found[0] if isinstance(found, tuple) else found
    return ends


def interpolation(generator: SavedGenerator, ends: Tensor) -> Images:
    """Images (PAIRS, STEPS, H, W, C) at (1 - t) a + t b for STEPS t from 0 to 1; the middle one is
    0.5 a + 0.5 b. Pair i is of class i where there are classes."""
    share = torch.linspace(0, 1, STEPS)[None, :, None]
    z = torch.lerp(ends[0::2, None, :], ends[1::2, None, :], share)
    return _decoded(generator, z)


def traversal(generator: SavedGenerator) -> Images:
    """Images (DIMENSIONS, STEPS, H, W, C): one code with one dimension moved from -REACH to REACH,
    for those dimensions that change the image most."""
    start, latent = latents(generator.spec.latent, 1, SEED), generator.spec.latent
    moved = start.repeat(2, latent, 1)
    each = torch.arange(latent)
    moved[0, each, each], moved[1, each, each] = -REACH, REACH
    ends = _decoded(generator, moved, of_class=0).astype(np.float64)
    middle = _decoded(generator, start[None], of_class=0).astype(np.float64)
    change = np.abs(ends - middle).reshape(2, latent, -1).mean(2).max(0)
    chosen = torch.from_numpy(np.argsort(-change, kind="stable")[:DIMENSIONS].copy())
    z = start.repeat(len(chosen), STEPS, 1)
    rows = torch.arange(len(chosen))
    z[rows[:, None], torch.arange(STEPS)[None, :], chosen[:, None]] = torch.linspace(
        -REACH, REACH, STEPS
    )
    return _decoded(generator, z, of_class=0)


def landscape(
    companion: Companion, space: SampleSpace, reach: float, side: int = 120
) -> npt.NDArray[np.float64]:
    """D's scores (side, side) on a square grid of points from -reach to reach, rows upwards."""
    line = torch.linspace(-reach, reach, side)
    y, x = torch.meshgrid(line, line, indexing="ij")
    points = space.encode(torch.stack([x, y], 2).reshape(-1, 2))
    with torch.no_grad():
        scores = companion.network(points)
    return np.asarray(scores.double().reshape(side, side).numpy(), np.float64)


def _decoded(generator: SavedGenerator, z: Tensor, of_class: int | None = None) -> Images:
    """Images (rows, columns, H, W, C) of codes (rows, columns, latent)."""
    rows, columns, latent = z.shape
    classes = generator.spec.classes
    labels = None
    if classes:
        labels = np.repeat(np.arange(rows) % classes, columns) if of_class is None else None
        labels = np.full(rows * columns, of_class) if labels is None else labels
    images = generator.decode(z.reshape(-1, latent), labels).astype(np.uint8, copy=False)
    return images.reshape(rows, columns, *images.shape[1:])
