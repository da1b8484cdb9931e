"""Recorded rounds are the eager ones, bit for bit: what is logic in it, on the CPU.

The recorder here replays by calling the function again into the same tensors: static inputs, seeds
of static generators, forms of rounds and the state around a recording are as on CUDA.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

import pytest
import torch

from ganstudy.training.cuda_graphs import recorded, round_fn
from ganstudy.training.game import Game, StepLogs
from ganstudy.training.trainer import Callbacks, Trainer
from training.tiny import params, snapshot, trainer, weights

RUNS = ["gan-non_saturating-0", "gan-wgan_gp-0", "gan-relativistic-0", "vae-elbo-0"]


class Again:
    """Records by remembering the function."""

    def __init__(self, game: Game) -> None:
        self.game, self.recordings = game, 0

    def aside(self) -> AbstractContextManager[None]:
        return nullcontext()

    def record(
        self, play: Callable[[], StepLogs], generators: Sequence[torch.Generator]
    ) -> tuple[StepLogs, Callable[[], None]]:
        self.recordings += 1
        state, seeds = self.game.state(), [g.get_state() for g in generators]
        moves = [(name, value.clone()) for name, value in play()]
        self.game.load(state)  # a capture computes nothing
        for generator, seed in zip(generators, seeds, strict=True):
            generator.set_state(seed)

        def replay() -> None:
            for (_, place), (_, value) in zip(moves, play(), strict=True):
                place.copy_(value)

        return moves, replay


def trained(run: str, *, classes: int = 0, wrap: Callable | None = None) -> Trainer:
    chosen = params(
        network__name="dcgan",
        train__conditional=bool(classes),
        train__images=96,
        train__reuse_fakes=bool(classes),
        train__augment=["translation"] if classes else [],
        train__precision="bfloat16" if classes else "float32",
    )
    subject = trainer(chosen, run, classes=classes)
    if wrap is not None:
        subject._play = wrap(subject.game)
    subject.fit(None, Callbacks())
    return subject


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("classes", [0, 2])
def test_replayed_rounds_are_the_eager_ones(run: str, classes: int) -> None:
    recorders: list[Again] = []

    def wrap(game: Game):
        recorders.append(Again(game))
        return recorded(game, recorders[0])

    eager, replayed = trained(run, classes=classes), trained(run, classes=classes, wrap=wrap)
    assert snapshot(replayed.players) == snapshot(eager.players)
    assert weights(replayed.average) == weights(eager.average)
    assert replayed.history == eager.history
    forms = {eager.game.graph_key(index) for index in range(eager.rounds)}
    assert recorders[0].recordings == len(forms)


def test_a_penalty_of_every_third_round_makes_two_forms() -> None:
    game = trainer(params(), "gan-non_saturating-0").game
    assert game.graph_key(0) == game.graph_key(3) != game.graph_key(1) == game.graph_key(2)


class Forgetful(Again):
    """Replays the round with which it recorded, as a graph would whose inputs are not static."""

    def record(self, play, generators):
        moves, _ = super().record(play, generators)
        return moves, lambda: None


class Broken(Again):
    def record(self, play, generators):
        play()  # a capture that fails half-way has moved something
        raise RuntimeError("operation not permitted when stream is capturing\nmore")


@pytest.mark.parametrize(
    ("recorder", "reason"),
    [(Forgetful, "not the eager one"), (Broken, "not permitted when stream is capturing")],
)
def test_what_cannot_be_recorded_is_played_and_said(recorder, reason, capsys) -> None:
    run = RUNS[0]
    subject = trained(run, wrap=lambda game: recorded(game, recorder(game)))
    assert snapshot(subject.players) == snapshot(trained(run).players)
    said = capsys.readouterr().err
    assert said.count("rounds are not recorded") == 1
    assert reason in said
    assert "more" not in said


def test_without_cuda_rounds_are_played_as_they_come() -> None:
    game = trainer(params(), RUNS[0]).game
    assert round_fn(game, graphs=True) == game.run_round


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
@pytest.mark.parametrize("run", RUNS)
def test_cuda_graphs_are_faithful(run: str, capsys) -> None:
    chosen = params(network__name="dcgan", train__images=96)
    subjects = [
        trainer(chosen, run, device=torch.device("cuda"), graphs=graphs) for graphs in (False, True)
    ]
    for subject in subjects:
        subject.fit(None, Callbacks())
    assert "not recorded" not in capsys.readouterr().err
    for one, two in zip(subjects[0].players, subjects[1].players, strict=True):
        states = one.network.state_dict(), two.network.state_dict()
        assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
