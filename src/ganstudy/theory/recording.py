"""What a game on a line looks like: frames over training, by the trainer's own pictures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy.special import ndtri
from torch import Tensor, nn

from ganstudy.models.adversary import Adversary
from ganstudy.models.base import latents
from ganstudy.theory.frozen import scores
from ganstudy.theory.line import Line
from ganstudy.training.player import Batch
from ganstudy.training.trainer import Row

FRAMES = 40
REACH = 4.0  # of the window: from -REACH to REACH
GRID = np.linspace(-REACH, REACH, 81)  # where D's score is asked
BINS = np.linspace(-REACH, REACH, 61)  # edges of the histogram of G's samples
SHOWN, MANY, PARTNERS = 33, 4096, 16  # samples with arrows, in a histogram, and real ones of a pair

Makes = Callable[[Mapping[str, nn.Module], Tensor], Tensor]  # codes (N, 1) to samples (N, 1)


@dataclass(frozen=True)
class Recording:
    """A game in T frames, float32: `points` (T, SHOWN) are samples of the SHOWN even quantiles of
    the code, `arrows` (T, SHOWN) where G's loss would move each, minus its slope there; `scores`
    (T, len(GRID)) are D's raw ones, `density` (T, len(BINS) - 1) that of G's samples, `w1` (T,)
    their Wasserstein distance to the real ones. `rounds` (T,) says when; `losses` (T, 2) are the
    means of D's and of G's since the frame before."""

    rounds: npt.NDArray[np.int64]
    points: npt.NDArray[np.float32]
    arrows: npt.NDArray[np.float32]
    scores: npt.NDArray[np.float32]
    density: npt.NDArray[np.float32]
    w1: npt.NDArray[np.float32]
    losses: npt.NDArray[np.float32]


class Recorder:
    """Takes a frame whenever the trainer asks for a picture. `makes` says how samples come from
    codes by the networks of the moment."""

    def __init__(self, line: Line, adversary: Adversary, makes: Makes, seed: int) -> None:
        self._line, self._adversary, self._makes = line, adversary, makes
        levels = (np.arange(SHOWN) + 0.5) / SHOWN
        dtype = torch.get_default_dtype()
        self._shown = torch.from_numpy(ndtri(levels)[:, None]).to(dtype)
        self._many = latents(1, MANY, seed)
        places = self._line.quantiles((np.arange(PARTNERS) + 0.5) / PARTNERS)
        self._partners = torch.from_numpy(places[:, None]).to(dtype)
        self._frames: list[dict[str, npt.NDArray[np.float32]]] = []

    def picture(self, networks: Mapping[str, nn.Module]) -> Tensor:
        """A frame of what the networks are now; returns the samples that are shown."""
        with torch.no_grad():
            points = self._makes(networks, self._shown)
            many = self._makes(networks, self._many).flatten().numpy()
        counts, _ = np.histogram(many, BINS)
        frame = {
            "points": points.flatten().numpy(),
            "arrows": self._arrows(points),
            "scores": scores(self._adversary, GRID[:, None]).numpy(),
            "density": counts / (MANY * (BINS[1] - BINS[0])),
            "w1": np.array(self._line.w1(many)),
        }
        self._frames.append({name: value.astype(np.float32) for name, value in frame.items()})
        return points

    def recording(self, history: Sequence[Row], moments: Sequence[Row]) -> Recording:
        """All frames, with the trainer's history and moments."""
        # The trainer repeats the moments of a game of fewer rounds than pictures.
        rounds = sorted({int(moment["round"]) for moment in moments})
        arrays = {name: np.stack([f[name] for f in self._frames]) for name in self._frames[0]}
        return Recording(
            rounds=np.array(rounds, np.int64),
            losses=np.array(
                [_means(history, a, b) for a, b in zip([0, *rounds], rounds, strict=False)],
                np.float32,
            ),
            **arrays,
        )

    def _arrows(self, points: Tensor) -> npt.NDArray[np.float32]:
        """Minus the slope of G's loss in each sample, apart from the mean over them; a loss that
        compares is the mean over real partners."""
        fake = points.clone().requires_grad_()
        pairs = fake.repeat_interleave(PARTNERS, 0)
        real = self._partners.repeat(len(points), 1)
        batch = Batch({"x": real}, 0, 0, 0)
        loss = self._adversary.generator_terms(real, pairs, batch)["loss"]
        (gradient,) = torch.autograd.grad(loss, fake)
        return (-len(points) * gradient).flatten().numpy()


def _means(history: Sequence[Row], after: int, until: int) -> list[float]:
    """The mean losses of D and of G over the rows of these rounds; NaN where one has none."""
    rows = [row for row in history if after < row["round"] <= until]
    found = []
    for player in ("discriminator", "generator"):
        values = [row[f"{player}/loss"] for row in rows if f"{player}/loss" in row]
        found.append(float(np.mean(values)) if values else float("nan"))
    return found
