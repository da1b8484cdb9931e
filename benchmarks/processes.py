"""What several processes make of a training: measured on this machine, modelled beyond it.

    torchrun --standalone --nproc-per-node 2 benchmarks/processes.py

prints what one round of the default study takes there, in JSON.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import torch

from ganstudy import distributed
from ganstudy.params import Params, load
from training import GAN, in_turn, make_play, make_trainer

FOLDER = Path(__file__).resolve().parent
TOTAL = 2  # threads in all, shared by the processes


@dataclass(frozen=True)
class Scaled:
    """Of a global batch: processes, threads of each, and seconds a round."""

    batch: int
    processes: int
    threads: int
    seconds: float

    @property
    def images_per_second(self) -> float:
        """Images of the global batch, a second."""
        return self.batch / self.seconds


def measure(batch: int) -> list[Scaled]:
    """One process of two threads, one of one, and two of one, at the same global batch."""
    return [
        _run(batch, processes, threads) for processes, threads in ((1, TOTAL), (1, 1), (TOTAL, 1))
    ]


def bytes_per_round(params: Params) -> int:
    """What each process sends and receives of gradients in a round, in a ring of many: twice the
    gradients, float32, of every step of every player."""
    players = make_trainer(params, GAN, torch.device("cpu")).players
    weights = sum(
        player.steps * sum(weight.numel() for weight in player.network.parameters())
        for player in players
    )
    return 2 * 4 * weights


def _run(batch: int, processes: int, threads: int) -> Scaled:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone"),
            *("--nproc-per-node", str(processes), str(FOLDER / "processes.py"), str(batch)),
        ],
        env={**os.environ, "OMP_NUM_THREADS": str(threads)},
        capture_output=True,
        text=True,
        check=True,
    )
    return Scaled(batch, processes, threads, json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    device = torch.device("cpu")
    params = load()
    train = params.train.model_copy(update={"batch": int(sys.argv[1])})
    with distributed.process_group(device):
        play = make_play(make_trainer(params.model_copy(update={"train": train}), GAN, device))
        taken = in_turn({"round": play}, device)["round"]
        if distributed.is_main():
            print(json.dumps(taken))


if __name__ == "__main__":
    main()
