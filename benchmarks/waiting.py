"""What threads that wait for each other cost, by OMP_WAIT_POLICY: in processes of their own, for
the variable is read once.

    python benchmarks/waiting.py SECONDS

prints the images/s of the default GAN over so many seconds.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

POLICIES: Mapping[str, Mapping[str, str]] = {
    "not set": {},
    "active": {"OMP_WAIT_POLICY": "active"},
    "passive": {"OMP_WAIT_POLICY": "passive"},
}
SECONDS, TURNS = 5.0, 1


def measure() -> dict[str, dict[str, float]]:
    """Images/s by situation and policy, the best of some turns in which the policies alternate."""
    best: dict[str, dict[str, float]] = {}
    for _ in range(TURNS):
        for policy, settings in POLICIES.items():
            found = {"alone": _rate(settings)}
            with _busy_core():
                found["beside a busy core"] = _rate(settings)
            found["two at a time, one thread each"] = _rate(
                {**settings, "OMP_NUM_THREADS": "1"}, trainings=2
            )
            for situation, rate in found.items():
                rates = best.setdefault(situation, {})
                rates[policy] = max(rates.get(policy, 0.0), rate)
    return best


def _rate(settings: Mapping[str, str], trainings: int = 1) -> float:
    """Images/s of so many trainings together."""
    outside = {k: v for k, v in os.environ.items() if k != "OMP_WAIT_POLICY"}
    started = [
        subprocess.Popen(
            [sys.executable, str(Path(__file__).resolve()), str(SECONDS)],
            env={**outside, **settings},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(trainings)
    ]
    return sum(float(process.communicate()[0]) for process in started)


@contextmanager
def _busy_core() -> Iterator[None]:
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        busy.kill()
        busy.wait()


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
