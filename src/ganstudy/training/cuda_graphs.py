"""Rounds recorded once and replayed: a CUDA graph for each form of round, so that small networks
do not wait for Python.

A recording reads its batches from tensors that stay where they are and draws from generators of its
own. Before each replay those are filled and seeded for the round at hand, so a replayed round is
the eager one, bit for bit; each recording is held to that when it is made.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Protocol

import torch

from ganstudy import distributed
from ganstudy.progress import log
from ganstudy.seeding import derive
from ganstudy.training.game import Game, RoundFn, StepLogs
from ganstudy.training.player import Batch

WARM_UP = 3  # rounds before a recording: libraries choose their kernels and workspaces then


class Recorder(Protocol):
    """Records what a function does."""

    def aside(self) -> AbstractContextManager[None]:
        """Where the function is to run before it is recorded."""

    def record(
        self, play: Callable[[], StepLogs], generators: Sequence[torch.Generator]
    ) -> tuple[StepLogs, Callable[[], None]]:
        """Returns the tensors that `play` returns, and a function that does what `play` does and
        fills them again. `generators` are those that it draws from."""


@dataclass
class _Draws:
    """The generators of one batch in the order in which they are asked for."""

    made: list[tuple[str, torch.Generator]] = field(default_factory=list)
    asked: int = 0

    def seed(self, seed: int, index: int) -> None:
        """As a fresh generator for batch `index` would be, each for its purpose."""
        for purpose, generator in self.made:
            generator.manual_seed(derive(seed, purpose, index))
        self.asked = 0


@dataclass(frozen=True)
class _StaticBatch(Batch):
    """A batch whose generators outlive it."""

    draws: _Draws = field(default_factory=_Draws)

    def rng(self, purpose: str) -> torch.Generator:
        if self.draws.asked == len(self.draws.made):
            self.draws.made.append((purpose, super().rng(purpose)))
        self.draws.asked += 1
        return self.draws.made[self.draws.asked - 1][1]


class Recording:
    """The rounds of one form of `game`; made at the first of them, `round_index`."""

    def __init__(self, game: Game, round_index: int, recorder: Recorder) -> None:
        self._game, self._seed = game, game.batches.seed
        self._stored = [
            {name: tensor.clone() for name, tensor in game.batches.stored(index).items()}
            for index in self._indices(round_index)
        ]
        self._draws = [_Draws() for _ in self._stored]
        state = game.state()
        with recorder.aside():
            for _ in range(WARM_UP):
                self._prepare(round_index)
                self._play(round_index)
        game.load(state)
        self._prepare(round_index)
        eager = [value.clone() for _, value in self._play(round_index)]
        after = game.state()
        game.load(state)
        self._prepare(round_index)
        generators = [generator for draws in self._draws for _, generator in draws.made]
        self._moves, self._replay = recorder.record(lambda: self._play(round_index), generators)
        game.load(state)
        replayed = [value for _, value in self.replay(round_index)]
        self.faithful = all(map(torch.equal, eager, replayed)) and all(
            torch.equal(after[name], value) for name, value in game.state().items()
        )
        game.load(state)

    def replay(self, round_index: int) -> StepLogs:
        """Plays the round; the terms are valid until the next replay."""
        self._prepare(round_index)
        self._replay()
        return self._moves

    def _indices(self, round_index: int) -> range:
        return range(round_index * self._game.draws, (round_index + 1) * self._game.draws)

    def _prepare(self, round_index: int) -> None:
        for index, stored, draws in zip(
            self._indices(round_index), self._stored, self._draws, strict=True
        ):
            for name, tensor in self._game.batches.stored(index).items():
                stored[name].copy_(tensor)
            draws.seed(self._seed, index)

    def _play(self, round_index: int) -> StepLogs:
        batches = []
        for index, stored, draws in zip(
            self._indices(round_index), self._stored, self._draws, strict=True
        ):
            plain = self._game.batches.decoded(stored, index, round_index)
            batches.append(
                _StaticBatch(
                    plain.fields, plain.round, plain.index, plain.seed, plain.progress, draws=draws
                )
            )
        return self._game.move_all(batches)


def round_fn(game: Game, *, graphs: bool) -> RoundFn:
    """How rounds of `game` are played: where `graphs` are wanted, on CUDA and in one process, from
    recordings; else as they come."""
    if graphs and game.device.type == "cuda" and distributed.size() == 1:
        return recorded(game, CUDAGraphs())
    return game.run_round


def recorded(game: Game, recorder: Recorder) -> RoundFn:
    """`run_round` by recordings, one for each `graph_key`. Where recording fails, or a replay is
    not the eager round bit for bit, it says so once and plays on as `Game.run_round` does."""
    recordings: dict[Hashable, Recording] = {}
    given_up = False

    def give_up(reason: str) -> None:
        nonlocal given_up
        given_up = True
        recordings.clear()
        log(f"rounds are not recorded as CUDA graphs: {reason}")

    def run_round(round_index: int, factor: float) -> StepLogs:
        key = game.graph_key(round_index)
        if not given_up and key not in recordings:
            state = game.state()
            try:
                recordings[key] = Recording(game, round_index, recorder)
            except RuntimeError as error:
                game.load(state)
                give_up(str(error).splitlines()[0])
            else:
                if not recordings[key].faithful:
                    give_up("a replayed round is not the eager one here")
        if given_up:
            return game.run_round(round_index, factor)
        game.set_rates(factor)
        moves = recordings[key].replay(round_index)
        game.follow()
        return moves

    return run_round


class CUDAGraphs:
    """Records CUDA graphs, which share one pool of memory and are captured on a stream aside."""

    def __init__(self) -> None:
        self._pool, self._stream = torch.cuda.graph_pool_handle(), torch.cuda.Stream()  # type: ignore[no-untyped-call]

    @contextmanager
    def aside(self) -> Iterator[None]:
        self._stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._stream):
            yield
        torch.cuda.current_stream().wait_stream(self._stream)

    def record(
        self, play: Callable[[], StepLogs], generators: Sequence[torch.Generator]
    ) -> tuple[StepLogs, Callable[[], None]]:
        graph = torch.cuda.CUDAGraph()
        for generator in generators:
            graph.register_generator_state(generator)
        # Only this thread's calls are recorded: another may be sending the next batches.
        capture = torch.cuda.graph(
            graph, pool=self._pool, stream=self._stream, capture_error_mode="thread_local"
        )
        with capture:
            moves = play()
        return moves, graph.replay
