"""What threads that wait for each other cost: OMP_WAIT_POLICY active and passive, for one training
alone and for two at a time, in processes of their own, for the variable is read once.

    python benchmarks/waiting.py SECONDS

prints the images/s of the default GAN over so many seconds.
"""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

POLICIES = ("active", "passive")
SECONDS, TURNS = 6.0, 3


@dataclass(frozen=True)
class Waited:
    """Images/s of each of `trainings` at a time under a policy."""

    policy: str
    trainings: int
    rate: float


def measure() -> list[Waited]:
    """The best of some turns in which the policies alternate."""
    best: dict[tuple[str, int], float] = {}
    for _ in range(TURNS):
        for trainings in (1, 2):
            for policy in POLICIES:
                key = policy, trainings
                best[key] = max(best.get(key, 0.0), _together(policy, trainings))
    return [Waited(policy, trainings, rate) for (policy, trainings), rate in best.items()]


def _together(policy: str, trainings: int) -> float:
    started = [
        subprocess.Popen(
            [sys.executable, str(Path(__file__).resolve()), str(SECONDS)],
            env=os.environ | {"OMP_WAIT_POLICY": policy},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(trainings)
    ]
    return sum(float(process.communicate()[0]) for process in started) / trainings


def main() -> None:
    import torch

    from ganstudy.params import load
    from training import GAN, WARM_UP, make_play, make_trainer

    params = load()
    play = make_play(make_trainer(params, GAN, torch.device("cpu")))
    for _ in range(WARM_UP):
        play()
    began, rounds = time.monotonic(), 0
    while time.monotonic() - began < float(sys.argv[1]):
        play()
        rounds += 1
    print(rounds * params.train.batch / (time.monotonic() - began))


if __name__ == "__main__":
    main()
