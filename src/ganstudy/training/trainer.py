"""The one trainer: plays a game for a budget, and keeps its history, pictures and checkpoints.

It knows no model, no loss and no tracker.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from ganstudy import distributed
from ganstudy.errors import DivergedError, StudyError
from ganstudy.progress import ProgressBar, log
from ganstudy.training.alarms import alarms
from ganstudy.training.batches import Batches
from ganstudy.training.checkpoint import Checkpoint, CheckpointStore
from ganstudy.training.cuda_graphs import round_fn
from ganstudy.training.game import Game, StepLogs, below
from ganstudy.training.player import Model, Player
from ganstudy.training.schedule import linear_decay

ROWS = 400  # of history, at most
EXPLODED = 1e8  # no game that goes well has terms of this size
Row = dict[str, float]


@dataclass(frozen=True)
class Settings:
    """Budget in `images` shown, `lr_decay` of learning rates, `ema` decay, autocast to bfloat16 or
    not, number of `snapshots` over training, how often to checkpoint, whether a fatal alarm ends
    training, and whether CUDA records rounds as graphs."""

    images: int
    lr_decay: float
    ema: float
    bfloat16: bool = False
    snapshots: int = 0
    checkpoint_seconds: float = 60.0
    stop_on_alarm: bool = False
    graphs: bool = False


@dataclass
class Callbacks:
    """What the trainer tells the outside: `log(rows)` new rows of history, right after each
    checkpoint; `snapshot(networks)` turns the networks that would be kept now into samples to keep,
    and `measure(samples)` says how good those are, for the log alone."""

    title: str = ""
    log: Callable[[Sequence[Row]], None] = lambda rows: None
    snapshot: Callable[[Mapping[str, nn.Module]], Tensor] | None = None
    measure: Callable[[Tensor], Row] = lambda samples: {}


@dataclass
class _Progress:
    round: int = 0
    history: list[Row] = field(default_factory=list)
    snapshots: list[Tensor] = field(default_factory=list)
    moments: list[Row] = field(default_factory=list)
    seconds: float = 0.0
    watched: float = 0.0


class Trainer:
    """Trains a `model` on `batches`."""

    def __init__(
        self, model: Model, batches: Batches, settings: Settings, device: torch.device
    ) -> None:
        self.settings = settings
        self.game = Game(model, batches, device, ema=settings.ema, bfloat16=settings.bfloat16)
        self._play = round_fn(self.game, graphs=settings.graphs)
        self.images_per_round = self.game.draws * batches.size
        self.rounds = max(1, settings.images // self.images_per_round)
        self._sums = _Sums()
        self._progress = _Progress()
        self._told = 0  # rows of history that the outside knows
        self._raised: set[str] = set()  # alarms that were said
        self._row_rounds = max(1, self.rounds // ROWS)

    @property
    def players(self) -> Sequence[Player]:
        """The players of the model."""
        return self.game.players

    @property
    def average(self) -> AveragedModel:
        """The moving average of a model that has one."""
        (only,) = self.game.averages.values()
        return only

    def networks(self) -> Mapping[str, nn.Module]:
        """All networks by name as they are the result so far: averages in the place of those that
        have one."""
        averages = {name: average.module for name, average in self.game.averages.items()}
        return {**self.game.model.networks, **averages}

    @property
    def history(self) -> list[Row]:
        """Rows so far: round, images shown, and the mean of each player's terms since the row
        before, as `<player>/<term>`; a term that was not computed since then is left out."""
        return self._progress.history

    @property
    def snapshots(self) -> list[Tensor]:
        """Pictures so far, one at the end of each of `settings.snapshots` equal parts."""
        return self._progress.snapshots

    @property
    def moments(self) -> list[Row]:
        """Of each picture: round, images shown, `live/seconds` of training so far, and what was
        measured of it, as `live/<metric>`."""
        return self._progress.moments

    @property
    def seconds(self) -> float:
        """Seconds of play so far, resumed parts included; pictures and checkpoints are not."""
        return self._progress.seconds

    @property
    def watched(self) -> float:
        """Seconds spent on pictures and on what is measured of them, likewise."""
        return self._progress.watched

    def fit(self, store: CheckpointStore | None, callbacks: Callbacks) -> None:
        """Plays all rounds that are left, resuming from `store`'s latest checkpoint.

        Raises `DivergedError` when a term or a weight is not finite, a term explodes, or a fatal
        alarm is to end training. Everything then is back at the last row of history where all was
        well, and the last good checkpoint stays.
        """
        if store is not None and (checkpoint := store.latest()) is not None:
            self._restore(checkpoint)
            log(f"resuming at round {self._progress.round} of {self.rounds}")
        self._all_start_alike()
        good = self._checkpoint()
        try:
            for good in self._rows(store, callbacks):  # noqa: B007 - the last one is used
                pass
        except DivergedError:
            self._restore(good)
            self._tell(callbacks)
            raise

    def try_out(self, round_index: int) -> None:
        """Plays one round in the way of `fit`, of which nothing is told: to know what it takes."""
        self._play(round_index, 1.0)

    def _rows(self, store: CheckpointStore | None, callbacks: Callbacks) -> Iterator[Checkpoint]:
        """Plays on; yields the state at each row of history that is sound."""
        began = time.monotonic() - self._progress.seconds
        saved_at = time.monotonic()
        start = self._progress.round * self.images_per_round
        with ProgressBar(
            callbacks.title, self.rounds * self.images_per_round, start=start
        ) as meter:
            for round_index in range(self._progress.round, self.rounds):
                passed = round_index / self.rounds
                self.game.batches.set_progress(passed)
                factor = linear_decay(passed, self.settings.lr_decay)
                self._sums.add(self._play(round_index, factor))
                self._progress.round = done = round_index + 1
                if done % self._row_rounds and done != self.rounds:
                    continue
                before = self.history[-1]["images"] if self.history else 0
                self._close_row()
                self._all_is_well()
                self._progress.seconds = time.monotonic() - began
                self._take_pictures(callbacks)
                # Seconds are of play: not of pictures, their metrics, checkpoints or a slow log.
                self._progress.watched += time.monotonic() - began - self._progress.seconds
                began = time.monotonic() - self._progress.seconds
                meter.advance(int(self.history[-1]["images"] - before), self._note())
                state = self._checkpoint()
                if done == self.rounds or (
                    time.monotonic() - saved_at > self.settings.checkpoint_seconds
                ):
                    if store is not None and distributed.is_main():
                        store.save(state)
                    self._tell(callbacks)
                    saved_at = time.monotonic()
                    began = saved_at - self._progress.seconds
                yield state

    def _all_start_alike(self) -> None:
        """Several processes must have resumed from one checkpoint."""
        rounds = torch.tensor(float(self._progress.round), device=self.game.device)
        if distributed.mean(rounds).item() != rounds.item():
            raise StudyError(
                "the processes of this training resumed at different rounds: they need one folder "
                "of checkpoints; start them in the same project on a shared disk"
            )

    def _tell(self, callbacks: Callbacks) -> None:
        """Logs the rows that are new since the last time."""
        callbacks.log(with_moments(self.history, self.moments)[self._told :])
        self._told = len(self.history)

    def _close_row(self) -> None:
        """Adds the means since the last row; the only wait for the device."""
        row = {
            "round": float(self._progress.round),
            "images": float(self._progress.round * self.images_per_round),
        }
        row |= self._sums.means()
        self._sums = _Sums()
        bad = [name for name, v in row.items() if "/" in name and not abs(v) < EXPLODED]
        if bad:
            raise self._diverged(f"{', '.join(bad)} not finite, or exploding", row)
        self.history.append(row)

    def _all_is_well(self) -> None:
        """A finite loss may have a gradient that is not; no term shows it before the next step."""
        bad = [
            f"weights of {player.name}"
            for player in self.players
            if not self.game.is_finite(player)
        ]
        if bad:
            raise self._diverged(f"{', '.join(bad)} not finite", self.history[-1])
        for alarm in alarms(self.history, self.settings.images):
            if alarm.name not in self._raised:
                log(f"alarm at round {self._progress.round}: {alarm.name}: {alarm.meaning}")
                self._raised.add(alarm.name)
            if alarm.fatal and self.settings.stop_on_alarm:
                raise DivergedError(
                    f"training was stopped by an alarm at round {self._progress.round} of "
                    f"{self.rounds}: {alarm.name}: {alarm.meaning}"
                )

    def _diverged(self, reason: str, row: Row) -> DivergedError:
        terms = ", ".join(f"{name} = {value}" for name, value in row.items() if "/" in name)
        return DivergedError(
            f"training diverged by round {self._progress.round} of {self.rounds}: "
            f"{reason} ({terms}). Lower the learning rates or "
            "raise the penalty's weight in this loss's recipe, or train in float32; "
            "the last good checkpoint is kept"
        )

    def _take_pictures(self, callbacks: Callbacks) -> None:
        if callbacks.snapshot is None:
            return
        due = self._progress.round * self.settings.snapshots // self.rounds
        if (lacking := due - len(self.snapshots)) <= 0:
            return
        samples = callbacks.snapshot(self.networks())
        row = {name: self.history[-1][name] for name in ("round", "images")}
        row["live/seconds"] = round(self._progress.seconds, 1)
        live = {f"live/{name}": value for name, value in callbacks.measure(samples).items()}
        for _ in range(lacking):  # several where rounds are fewer than snapshots
            self.snapshots.append(samples)
            self.moments.append(row | live)

    def _note(self) -> str:
        row = self.history[-1]
        return "  ".join(
            f"{name.removesuffix('/loss')} {value:.3f}"
            for name, value in row.items()
            if name.endswith("/loss")
        )

    def _checkpoint(self) -> Checkpoint:
        tensors = self.game.state()
        tensors |= {f"snapshot/{index}": shot for index, shot in enumerate(self.snapshots)}
        meta = {
            "round": self._progress.round,
            "history": list(self.history),
            "moments": list(self.moments),
            "seconds": self._progress.seconds,
            "watched": self._progress.watched,
        }
        return Checkpoint(tensors, meta)

    def _restore(self, checkpoint: Checkpoint) -> None:
        """Puts everything back to what it was at `checkpoint`."""
        self.game.load(checkpoint.tensors)
        pictures = below(checkpoint.tensors, "snapshot/")
        self._progress = _Progress(
            checkpoint.meta["round"],
            checkpoint.meta["history"],
            [pictures[str(index)] for index in range(len(pictures))],
            checkpoint.meta["moments"],
            checkpoint.meta["seconds"],
            checkpoint.meta["watched"],
        )


class _Sums:
    """Sums of terms, and of how many."""

    def __init__(self) -> None:
        self._totals: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}

    def add(self, moves: StepLogs) -> None:
        """Adds the terms of a round, in a few operations on the device."""
        steps: list[dict[str, Tensor]] = [{}]  # a term comes once a step
        for name, value in moves:
            if name in steps[-1]:
                steps.append({})
            steps[-1][name] = value
        for step in steps:
            for name, value in step.items():
                if name not in self._totals:
                    self._totals[name] = torch.zeros_like(value)
                self._counts[name] = self._counts.get(name, 0) + 1
            torch._foreach_add_([self._totals[name] for name in step], list(step.values()))

    def means(self) -> Row:
        """The mean of each term, over all processes."""
        dtype = torch.get_default_dtype()  # no MPS has float64
        totals = distributed.mean(torch.stack([total.to(dtype) for total in self._totals.values()]))
        counts = self._counts.values()
        return {n: t / c for n, t, c in zip(self._totals, totals.tolist(), counts, strict=True)}


def with_moments(history: Sequence[Row], moments: Sequence[Row]) -> list[Row]:
    """Rows of history, those of a moment with what else is known of it."""
    known = {moment["round"]: moment for moment in moments}
    return [{**row, **known.get(row["round"], {})} for row in history]
