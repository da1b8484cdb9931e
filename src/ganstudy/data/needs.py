"""How many images a study takes, told as soon as they are counted: before a judge or a GAN is
trained, and by the stage that counts them first."""

import math

from ganstudy.errors import InputError
from ganstudy.params import FEWEST, Params
from ganstudy.progress import log


def refuse_too_few(params: Params, images: int, to_draw: int) -> None:
    """For `images` from which `to_draw` splits are still to be drawn, of one image each at least.

    Raises `InputError` where what is left cannot be one batch.
    """
    if params.data.traits.stacked:  # many are made of few
        return
    if images - to_draw < params.train.batch:
        raise InputError(_batch(params, images, "in all"))


def refuse_small_splits(params: Params, train: int, validation: int, test: int) -> None:
    """Raises `InputError`, with one mistake for each split that is too small to train on or to
    measure by; says where some metrics will be left out."""
    mistakes = []
    if train < params.train.batch:
        mistakes.append(_batch(params, train, "to train on"))
    if params.data.traits.judged:
        if test < FEWEST:
            mistakes.append(
                f"data.test: the test split has {test} images, and measuring takes {FEWEST} at "
                f"least: bring {math.ceil(FEWEST / params.data.test)} images or more, or raise it"
            )
        enough = params.evaluate.enough
        for name, count in (("test", test), ("validation", validation)):
            if FEWEST <= count < enough or (name == "validation" and count < enough):
                log(
                    f"the {name} split has {count} images: metrics of neighbours take {enough} and "
                    "are left out"
                )
    if mistakes:
        raise InputError(*mistakes)


def _batch(params: Params, images: int, which: str) -> str:
    data, batch = params.data, params.train.batch
    needed = math.ceil(batch / (1 - data.test) / (1 - data.validation)) + 1
    remedy = f"set it to {images} or less" if which == "to train on" else "lower it"
    return (
        f"train.batch: {batch} needs as many training images, and there are {images} {which}: "
        f"{remedy}, or bring some {needed}"
    )
