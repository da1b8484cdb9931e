"""Stacked images: three grey ones as the channels of one, so that classes³ modes are countable.

Metz et al. 2017 (Unrolled GAN), section 3.3.1; as many training images as PacGAN's 128,000.
"""

from collections.abc import Mapping

import numpy as np

from ganstudy.data.images import Split
from ganstudy.errors import InputError
from ganstudy.seeding import numpy_generator

CHANNELS = 3
COUNTS: Mapping[str, int] = {"train": 128_000, "validation": 10_000, "test": 26_000}
SEED = 0


def stack(base: Split, classes: int, part: str) -> Split:
    """Draws `COUNTS[part]` triples from `base`, grey labelled images (N, H, W, 1), each channel by
    itself: images (M, H, W, 3), labels the mode in 0 … classes³ - 1."""
    if base.labels is None or base.images.shape[3] != 1:
        raise InputError("stacked images are made of grey, labelled ones: data.channels null or 1")
    rng = numpy_generator(SEED, f"stacked {part}")
    rows = rng.integers(0, len(base.images), (COUNTS[part], CHANNELS))
    grey = base.images.astype(np.uint8, copy=False)
    images = np.stack([grey[rows[:, c], :, :, 0] for c in range(CHANNELS)], axis=3)
    modes = np.ravel_multi_index(tuple(base.labels[rows].T), (classes,) * CHANNELS)
    return Split(images, modes.astype(np.int64))


def unstack(stacked: Split, classes: int) -> Split:
    """The channels as grey images (3 N, H, W, 1), those of one image in turn, with the class of
    each where there are labels."""
    count, height, width, _ = stacked.images.shape
    images = stacked.images.transpose(0, 3, 1, 2).reshape(count * CHANNELS, height, width, 1)
    if stacked.labels is None:
        return Split(images, None)
    labels = np.stack(np.unravel_index(stacked.labels, (classes,) * CHANNELS), axis=1)
    return Split(images, labels.reshape(-1).astype(np.int64))
