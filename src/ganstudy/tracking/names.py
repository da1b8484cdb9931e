"""What values are called in MLflow: `final/` is what runs are compared by, the rest is in groups.

The last part of a name is the one in `reports/metrics`, but for classes, which are named:
`class/Shirt/coverage`. What is a setting or a count of images is a tag; a seed of the evaluation is
among the params.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

# The dozen of images; of points, modes.
FINAL = (
    *("fid_debiased", "fid_low", "fid_high", "fid_relative", "recall", "coverage", "precision"),
    *("density", "fid", "kid", "inception_score", "seconds"),
    *("modes_captured", "modes_captured_strict", "high_quality", "mode_kl"),
)
COST = ("watched",)
TAGS = (
    *("samples", "reference", "classes", "modes", "judge_accuracy", "failed"),
    *("threads", "processes"),
)
LEFT_OUT = ("seed",)
ALARM = "alarm "
_CLASS = re.compile(r"class_(\w+)_(\d+)")
_FOREIGN = re.compile(r"[^\w. -]")  # what MLflow takes in no name


def grouped(values: Mapping[str, Any], classes: Sequence[str] = ()) -> dict[str, Any]:
    """`values` under their names in MLflow; a tag is a text. `classes` names them."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if name in LEFT_OUT:
            continue
        if name in TAGS or isinstance(value, str):
            found[name] = str(value)
        else:
            found[_grouped(name, classes)] = value
    return found


def _grouped(name: str, classes: Sequence[str]) -> str:
    *_, own = name.split("/")  # before it, which of several outputs it is of
    if own in FINAL:
        return f"final/{name}"
    if own in COST:
        return f"cost/{name}"
    if name.startswith(ALARM):
        return f"alarm/{name.removeprefix(ALARM)}"
    if part := _CLASS.fullmatch(name):
        what, index = part[1], int(part[2])
        named = classes[index] if index < len(classes) else part[2]
        return f"class/{_FOREIGN.sub('-', named)}/{what}"
    return f"measured/{name}"
