"""Aims: which values of a claim are good enough, written as one would say it."""

import math
import re
from dataclasses import dataclass

from ganstudy.errors import InputError

_NUMBER = r"([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)"
_BOUND = re.compile(rf"(<=|>=)\s*{_NUMBER}", re.IGNORECASE)
_WITHIN = re.compile(rf"\[\s*{_NUMBER}\s*,\s*{_NUMBER}\s*\]", re.IGNORECASE)


@dataclass(frozen=True)
class Aim:
    """All values from `low` to `high`, both of them included."""

    low: float = -math.inf
    high: float = math.inf

    @staticmethod
    def parse(text: str) -> "Aim":
        """Reads "<= 0.05", ">= 0.9" or "[0.1, 0.8]". Raises `InputError` for anything else."""
        text = text.strip()
        if bound := _BOUND.fullmatch(text):
            limit = float(bound[2])
            return Aim(high=limit) if bound[1] == "<=" else Aim(low=limit)
        if within := _WITHIN.fullmatch(text):
            low, high = float(within[1]), float(within[2])
            if low <= high:
                return Aim(low, high)
        raise InputError(f"aim {text!r}: allowed are '<= NUMBER', '>= NUMBER' and '[LOW, HIGH]'")

    def missed_by(self, value: float) -> float:
        """How far `value` is from the nearest good one: 0 where it is good, infinite for NaN."""
        if math.isnan(value):
            return math.inf
        return 0.0 if self.low <= value <= self.high else max(self.low - value, value - self.high)
