"""Several processes compute what one does at the same global batch, to rounding."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from ganstudy import distributed
from ganstudy.errors import InputError
from training import together

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def joined(tmp_path_factory) -> dict[str, np.ndarray]:
    """What two processes end with."""
    out = tmp_path_factory.mktemp("ranks") / "joined.npz"
    subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone"),
            *("--nproc-per-node", "2", "-m", "training.together", str(out)),
        ],
        env={**os.environ, "PYTHONPATH": f"{ROOT}/src:{ROOT}/tests", "OMP_NUM_THREADS": "1"},
        check=True,
        timeout=300,
    )
    with np.load(out) as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def alone() -> dict[str, np.ndarray]:
    """What this process ends with."""
    torch.set_default_dtype(torch.float64)
    try:
        return dict(together.results())
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("case", [*together.CASES, "features", "logits"])
def test_two_processes_end_where_one_does(case: str, alone, joined) -> None:
    names = [name for name in alone if name.startswith(case)]
    assert names
    assert [name for name in joined if name.startswith(case)] == names
    for name in names:
        np.testing.assert_allclose(joined[name], alone[name], rtol=1e-7, atol=1e-9, err_msg=name)


def test_a_batch_that_does_not_divide_is_refused(monkeypatch) -> None:
    monkeypatch.setattr(distributed, "size", lambda: 3)
    with pytest.raises(InputError, match=r"a batch of 64 does not divide among 3.* 63 or 66"):
        distributed.share_of(64)


def test_alone_every_function_is_the_plain_one() -> None:
    x = torch.randn(6, 2)
    assert distributed.mean(x) is distributed.shard(x) is distributed.gathered(x) is x
    assert torch.equal(distributed.draw_sharded(lambda n: x[:n], 4), x[:4])
    assert torch.equal(distributed.in_turns(6, 4, lambda rows: x[rows]), x)
    assert (distributed.size(), distributed.rank(), distributed.is_main()) == (1, 0, True)
