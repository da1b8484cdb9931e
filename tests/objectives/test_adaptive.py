"""ADA: how p moves, where it ends, what it does to images, and that it is part of a training."""

from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import Tensor

from ganstudy.errors import InputError
from ganstudy.objectives.adaptive import EVERY, MOST, Strength, augmented
from ganstudy.training.checkpoint import CheckpointStore
from ganstudy.training.cuda_graphs import recorded
from ganstudy.training.trainer import Callbacks, Row, Trainer
from training.test_cuda_graphs import Again
from training.tiny import params, trainer, weights

P = "discriminator/augment_p"


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def images(count: int = 32) -> Tensor:
    return 2 * torch.rand(count, 1, 8, 8, generator=rng(9), dtype=torch.float64) - 1


def strength(p: float = 0.0, target: float = 0.6, whole: float = 1000.0) -> Strength:
    made = Strength(target, whole)
    made.p.fill_(p)
    return made


def after(scores: list[float], **settings) -> float:
    subject = strength(**settings)
    for score in scores:
        subject.heard(torch.full((25,), score))
    subject.moved()
    return subject.p.item()


# How p moves


def test_p_rises_by_the_share_of_images_shown_where_d_is_sure_and_falls_where_not() -> None:
    assert after([3.0] * 4, p=0.2) == pytest.approx(0.2 + 100 / 1000)
    assert after([-3.0] * 4, p=0.2) == pytest.approx(0.2 - 100 / 1000)
    assert after([3.0] * 4, p=0.2, whole=20_000) == pytest.approx(0.2 + 100 / 20_000)


@pytest.mark.parametrize(("right", "sign"), [(21, 1), (19, -1)])
def test_it_is_the_mean_sign_that_counts_and_not_how_sure(right: int, sign: int) -> None:
    subject = strength(0.3)  # of 25 scores 20 positive ones make a mean sign of .6
    scores = torch.full((25,), -100.0)
    scores[:right] = 0.01
    subject.heard(scores)
    subject.moved()
    assert subject.p.item() == pytest.approx(0.3 + sign * 25 / 1000)


def test_p_has_ends() -> None:
    assert after([1.0] * 100, p=MOST) == pytest.approx(MOST) == 0.8
    assert after([-1.0] * 100, p=0.01) == 0.0


def test_what_was_heard_counts_once() -> None:
    subject = strength(0.5)
    subject.heard(torch.ones(25))
    subject.moved()
    once = subject.p.item()
    subject.moved()
    assert subject.p.item() == once


# What it does to images


def test_at_p_0_nothing_changes_and_at_p_1_everything() -> None:
    x = images()
    same = augmented(x, torch.tensor(0.0, dtype=x.dtype), rng())
    torch.testing.assert_close(same, x, atol=1e-9, rtol=0)
    changed = augmented(x, torch.tensor(1.0, dtype=x.dtype), rng())
    assert ((changed - x).abs().flatten(1).amax(1) > 0.05).all()


def test_a_share_of_images_is_left_alone_that_falls_with_p() -> None:
    x = images(400)
    shares = []
    for p in (0.05, 0.2):
        found = augmented(x, torch.tensor(p, dtype=x.dtype), rng())
        shares.append((found - x).abs().flatten(1).amax(1).lt(1e-6).double().mean().item())
    # Of eight changes one in two mirrors and one in four turns by nothing: between p**6 and p**8.
    for p, share in zip((0.05, 0.2), shares, strict=True):
        assert (1 - p) ** 8 - 0.07 < share < (1 - p) ** 6 + 0.07


def test_quarter_turns_and_mirrors_are_exact() -> None:
    """Among many images some are turned or mirrored and nothing else: these are known."""
    one = images(1)
    known = [torch.rot90(y, k, (2, 3)) for y in (one, one.flip(3)) for k in range(4)]
    found = augmented(one.expand(3000, -1, -1, -1), torch.tensor(0.25, dtype=one.dtype), rng())
    hits = [(found - each).abs().flatten(1).amax(1).lt(1e-6).sum().item() for each in known]
    assert all(hit >= 3 for hit in hits), hits


def test_gradients_pass() -> None:
    x = images(2).requires_grad_()
    p = torch.tensor(0.9, dtype=x.dtype)
    assert torch.autograd.gradcheck(lambda x: augmented(x, p, rng(1)), x)


# In a training


def subject(**settings) -> Trainer:
    chosen = params(train__augment={"kimg": 0.1}, train__images=96)
    return trainer(chosen, "gan-non_saturating-0", **settings)


def everything(of: Trainer) -> list[bytes]:
    model = of.game.model
    return weights(*model.networks.values(), *model.state.values())


def test_p_moves_every_fourth_round_and_is_a_curve() -> None:
    one = subject()
    one.fit(None, Callbacks())
    curve = [row[P] for row in one.history]
    assert len(curve) == 24
    assert len(set(curve)) > 1
    for index, (before, now) in enumerate(pairwise(curve), start=1):
        if index % EVERY != EVERY - 1:
            assert now == before
        assert abs(now - before) <= 16 / 100 + 1e-6
    assert all(0 <= p <= MOST + 1e-6 for p in curve)


def test_stopped_and_resumed_it_is_the_uninterrupted_run(tmp_path: Path) -> None:
    straight, store = subject(), CheckpointStore(tmp_path)
    straight.fit(None, Callbacks())

    def stop(rows: list[Row]) -> None:
        if rows[-1]["round"] == 14:  # between two moves of p
            raise InputError("stop")

    with pytest.raises(InputError, match="stop"):
        subject(checkpoint_seconds=-1).fit(store, Callbacks(log=stop))
    resumed = subject()
    resumed.fit(store, Callbacks())
    assert everything(resumed) == everything(straight)
    assert resumed.history == straight.history


def test_its_rounds_can_be_recorded() -> None:
    eager, replayed = subject(), subject()
    replayed._play = recorded(replayed.game, Again(replayed.game))
    for each in (eager, replayed):
        each.fit(None, Callbacks())
    assert everything(eager) == everything(replayed)
    assert eager.history == replayed.history


def test_it_is_asked_for_by_its_name_or_by_its_settings() -> None:
    assert params(train__augment="ada").train.augment.kimg == 20
    assert params(train__augment={"kimg": 5}).train.augment.target == 0.6
    assert params(train__augment=["color"]).train.augment == ["color"]
    for wrong, told in (("adda", "'adda' is not allowed"), ({"kimgg": 5}, "kimgg is unknown")):
        with pytest.raises(InputError, match=told):
            params(train__augment=wrong)
