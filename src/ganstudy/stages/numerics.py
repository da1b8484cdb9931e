"""Stage `numerics`: fingerprints of what the code computes, so that refactoring never retrains."""

from pathlib import Path

from ganstudy.files import write_json
from ganstudy.fingerprints import evaluation, sampling, training
from ganstudy.params import Params


def run(params: Params, out: Path) -> None:
    """Writes `out/<model>-<loss>.json` for every recipe whose model can learn such data, and
    `out/judge.json`, `out/sampling.json` and `out/evaluation.json`."""
    for family in training.families(params):
        write_json(out / f"{family}.json", training.fingerprint(params, family))
    if params.judge is not None:
        write_json(out / "judge.json", training.judge_fingerprint(params))
    write_json(out / "sampling.json", sampling.fingerprint(params))
    write_json(out / "evaluation.json", evaluation.fingerprint(params))
