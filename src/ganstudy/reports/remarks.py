"""What a reader must know before any number: runs that are not there, or were not trained alike."""

from collections.abc import Mapping, Sequence

from ganstudy.params import Params
from ganstudy.reports.study import Study
from ganstudy.study.runs import LEFT_OUT, Run

BUDGET = "images"  # of the section train


def remarks(study: Study) -> list[str]:
    """One paragraph for each thing that is wrong with the grid; none where all is well."""
    return [*_missing(study), *_lacking(study), *_unlike(study)]


def budget(study: Study) -> str:
    """How many images each run was shown, in words."""
    budgets = sorted({run.meta["params"]["train"][BUDGET] for run in study.runs})
    if len(budgets) == 1:
        return f"{budgets[0]:,} images shown to each"
    return f"**different budgets**: {budgets[0]:,} to {budgets[-1]:,} images shown"


def left_out(study: Study) -> list[str]:
    """Metrics that could not be measured, a sentence for each reason."""
    found: dict[str, dict[str, list[str]]] = {}  # by reason and name, of which rows of the table
    rows = {"real images": study.real, **{run.key: run.metrics for run in study.runs}}
    for key, metrics in rows.items():
        for name, value in metrics.items():
            if name.startswith(LEFT_OUT):
                names = found.setdefault(str(value), {})
                names.setdefault(name.removeprefix(LEFT_OUT), []).append(key)
    return [
        ", ".join(f"{name} of {_some(keys, len(rows))}" for name, keys in names.items())
        + f": {reason}."
        for reason, names in found.items()
    ]


def _some(keys: Sequence[str], of: int) -> str:
    return "every row" if len(keys) == of else ", ".join(keys)


def _missing(study: Study) -> list[str]:
    if not study.missing:
        return []
    of = len(study.params.run_keys())
    by_reason: dict[str, list[str]] = {}
    for key, reason in study.missing.items():
        by_reason.setdefault(reason.replace(key, "*"), []).append(key)
    told = "; ".join(f"{', '.join(keys)} ({reason})" for reason, keys in by_reason.items())
    return [
        f"**Unfinished**: {len(study.missing)} of {of} runs of this study are missing, and nothing "
        f"can be said of them: {told}. Losses with fewer seeds than others have wider intervals, "
        "and every number below may change."
    ]


def _lacking(study: Study) -> list[str]:
    """Pieces that are not shown, by reason."""
    by_reason: dict[str, list[str]] = {}
    for key, pieces in study.lacking.items():
        for name, reason in pieces.items():
            by_reason.setdefault(reason.replace(key, "*"), []).append(f"{name} of {key}")
    if not by_reason:
        return []
    told = "; ".join(f"{', '.join(names)} ({reason})" for reason, names in by_reason.items())
    return [f"**Not all is shown**: {told}. Metrics and what is concluded from them stand."]


def _unlike(study: Study) -> list[str]:
    """Settings of training in which runs differ from each other or from params.yaml."""
    found = _differences(study.params, study.runs)
    if not found:
        return []
    told = "; ".join(
        f"`train.{name}` is {wanted} in params.yaml, but "
        + ", ".join(f"{value} for {', '.join(keys)}" for value, keys in others.items())
        for name, (wanted, others) in found.items()
    )
    what = "**Not one budget**" if BUDGET in found else "**Not trained alike**"
    return [
        f"{what}: {told}. Differences between these runs and the others are not differences of "
        "losses: nothing about losses may be concluded from them; train them anew."
    ]


def _differences(
    params: Params, runs: Sequence[Run]
) -> Mapping[str, tuple[str, dict[str, list[str]]]]:
    """By name: the value of params, and by other value the runs that have it."""
    found: dict[str, tuple[str, dict[str, list[str]]]] = {}
    for name, wanted in params.train.model_dump(mode="json").items():
        for run in runs:
            value = run.meta["params"]["train"].get(name, wanted)  # a model may not depend on it
            if value != wanted:
                others = found.setdefault(name, (str(wanted), {}))[1]
                others.setdefault(str(value), []).append(run.key)
    return found
