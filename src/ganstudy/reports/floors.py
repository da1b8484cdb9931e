"""FID as a multiple of its floor, what as many real images have among themselves."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, hypot
from statistics import NormalDist
from typing import Any

QUANTILE = NormalDist().inv_cdf(0.975)  # of intervals at 95 %, as those of FID are


@dataclass(frozen=True)
class Ratio:
    """A ratio with its 95 % interval from low to high, None where what it takes was not
    measured."""

    value: float
    interval: tuple[float, float] | None


def in_floors(m: Mapping[str, Any]) -> Ratio | None:
    """Raw `fid` over `fid_floor`; None where one is unknown or not above 0.

    The interval carries the uncertainty of both, by the delta method on the logarithm: log fid -
    log floor has about the variance (s / fid)² + (t / floor)². s is the half width of the interval
    of the debiased FID over the normal quantile, since the bias that is taken from it varies far
    less than the distance; t is `fid_floor_std`, the spread of single real-against-real splits,
    not over the root of their number, since the splits share images. The same real images are in
    both, which makes the interval rather too wide.
    """
    fid, floor = m.get("fid", 0.0), m.get("fid_floor", 0.0)
    if not (fid > 0 and floor > 0):
        return None
    ratio = float(fid / floor)
    if not {"fid_low", "fid_high", "fid_floor_std"} <= m.keys():
        return Ratio(ratio, None)
    half = (m["fid_high"] - m["fid_low"]) / 2
    factor = exp(hypot(half / fid, QUANTILE * m["fid_floor_std"] / floor))
    return Ratio(ratio, (ratio / factor, ratio * factor))


def floor_of(real: Mapping[str, Any], samples: int) -> float | None:
    """About what raw FID real images have among themselves at so many samples: the bias falls with
    their number as 1/n, from the floor that was measured. None where it was not."""
    if real.get("fid_floor", 0.0) <= 0 or "samples" not in real:
        return None
    return float(real["fid_floor"] * real["samples"] / samples)
