"""Run keys: `<model>-<loss>-<seed>`, like gan-wgan-0 or vae-elbo-0."""

import re
from dataclasses import dataclass

from ganstudy.errors import InputError

NAME = "[a-z][a-z0-9_]*"
_KEY = re.compile(f"({NAME})-({NAME})-([0-9]+)")


@dataclass(frozen=True)
class RunKey:
    """The parts of a run's key."""

    model: str
    loss: str
    seed: int

    @staticmethod
    def parse(text: str) -> "RunKey":
        """Reads a run key; raises `InputError` saying what one looks like."""
        found = _KEY.fullmatch(text)
        if found is None:
            raise InputError(
                f"run {text!r}: a run key is <model>-<loss>-<seed>, like gan-wgan-0 or vae-elbo-0"
            )
        model, loss, seed = found.groups()
        return RunKey(model, loss, int(seed))

    @property
    def family(self) -> str:
        """`<model>-<loss>`: what the runs of several seeds have in common."""
        return f"{self.model}-{self.loss}"

    def __str__(self) -> str:
        return f"{self.family}-{self.seed}"
