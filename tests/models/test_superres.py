"""Super-resolution: content first, and a game that costs little of it."""

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from ganstudy import metrics, models
from ganstudy.data.pairs import pairs
from ganstudy.data.pixels import box_averaged
from ganstudy.dataset import Dataset
from ganstudy.errors import InputError
from ganstudy.evaluation.pairs import bicubic
from ganstudy.keys import RunKey
from ganstudy.params import Params
from ganstudy.spaces import Image
from ganstudy.training.cuda_graphs import recorded
from ganstudy.training.player import Batch
from ganstudy.training.trainer import Callbacks
from models.translating import everything, made, recipe, resumes, study, trained, trainer
from training.test_cuda_graphs import Again
from training.tiny import weights

RUN = "superres-lsgan-0"
UNET = {"network": "unet", "width": 8, "norm": "none"}


def digits() -> tuple[Dataset, Dataset]:
    """4×4 -> 8×8, the small ones by box average; to train on, and others."""
    large = (load_digits().images * 255 / 16).round().astype(np.uint8)[..., None]
    whole = np.random.default_rng(0).permutation(large)
    train, test = (pairs(box_averaged(part, 2), part) for part in np.split(whole, [1400]))
    return train, test


def chosen(rounds: int, batch: int = 16, **weights: float) -> Params:
    return study(
        "superres-lsgan",
        recipe(UNET, 0.004, {}, **weights),
        ("mlp", 16),
        train__images=batch * rounds,
        train__batch=batch,
    )


def decibels(**weights: float) -> float:
    """How much nearer to the truth than bicubic interpolation, after a short training."""
    train, test = digits()
    source, target = test.fields["source"], test.fields["target"]
    found = made(trained(chosen(120, **weights), RUN, train), test)["target"]
    base = metrics.peak_signal_to_noise(bicubic(source, target), target)
    return metrics.peak_signal_to_noise(found, target) - base


def test_content_alone_beats_bicubic_and_the_game_costs_little_of_it() -> None:
    content, game = decibels(content=1.0), decibels(content=0.5, adversarial=1e-3)
    assert content >= 2
    assert game >= content - 3


def test_until_the_game_begins_d_does_not_move_and_g_hears_nothing_of_it() -> None:
    before = weights(trainer(chosen(8, content=0.5), RUN, digits()[0]).networks()["discriminator"])
    moved = {}
    for rounds, played in ((8, 4), (8, 5)):
        subject = trainer(chosen(rounds, content=0.5), RUN, digits()[0])
        subject.rounds = played
        subject.fit(None, Callbacks())
        moved[played] = weights(subject.networks()["discriminator"]) != before
        assert ("translator/game" in subject.history[-1]) == (played == 5)
    assert moved == {4: False, 5: True}


def test_after_that_the_loss_is_content_and_a_thousandth_of_the_game() -> None:
    train, _ = digits()
    model = models.build(chosen(8, content=0.5), RunKey.parse(RUN), train.spaces)
    x, y = torch.rand(4, 1, 4, 4), torch.rand(4, 1, 8, 8)
    made = model.translator(x)
    content = (y - made).square().mean()
    game = 0.5 * (model.adversary.score(made) - 1).square().mean()
    for index, expected in ((3, content), (4, content + 1e-3 * game)):
        terms = model.players()[-1].objective(Batch({"source": x, "target": y}, index, index, 0))
        torch.testing.assert_close(terms["loss"], expected)


def test_killed_before_or_in_the_game_and_resumed_it_is_the_uninterrupted_run(
    tmp_path: Path,
) -> None:
    for stop_at in (3, 6):
        folder = tmp_path / str(stop_at)
        resumes(
            lambda **more: trainer(chosen(8, 4, content=0.5), RUN, digits()[0], **more),
            folder,
            stop_at,
        )


def test_both_kinds_of_round_can_be_recorded() -> None:
    eager, replayed = (trainer(chosen(6, 4, content=0.5), RUN, digits()[0]) for _ in range(2))
    replayed._play = recorded(replayed.game, Again(replayed.game))
    for subject in (eager, replayed):
        subject.fit(None, Callbacks())
    assert everything(eager) == everything(replayed)


def test_a_share_of_more_than_all_and_images_that_do_not_grow_are_refused() -> None:
    key = RunKey.parse(RUN)
    with pytest.raises(InputError, match=r"superres-lsgan\.content: .*less than or equal to 1"):
        models.build(chosen(1, content=1.5), key, digits()[0].spaces)
    with pytest.raises(InputError, match="pairs of a small and a large image"):
        models.build(chosen(1), key, {"source": Image(1, 8, 8), "target": Image(1, 8, 8)})
