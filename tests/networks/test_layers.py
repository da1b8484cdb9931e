"""Minibatch standard deviation and conditions."""

import pytest
import torch
from torch import Tensor

from ganstudy.networks.layers import Condition, MinibatchStd, concat_condition, projection_score


def maps(count: int = 6, seed: int = 0) -> Tensor:
    return torch.randn(count, 3, 4, 5, generator=torch.Generator().manual_seed(seed))


def test_minibatch_std_appends_the_mean_spread_as_one_channel() -> None:
    x = maps().double()
    found = MinibatchStd()(x)
    assert found.shape == (6, 4, 4, 5)
    assert torch.equal(found[:, :3], x)
    spread = found[:, 3]
    assert spread.unique().numel() == 1
    expected = x.std(0, correction=0).mean()
    assert spread[0, 0, 0].item() == pytest.approx(expected.item(), abs=1e-6)


def test_a_collapsed_batch_is_told_apart() -> None:
    diverse, collapsed = maps(), maps(1).expand(6, -1, -1, -1)
    layer = MinibatchStd()
    assert layer(collapsed)[0, 3, 0, 0] < 1e-3
    assert layer(diverse)[0, 3, 0, 0] > 0.5


def test_minibatch_std_lets_gradients_pass_to_every_image_even_of_a_collapsed_batch() -> None:
    for x in (maps(), maps(1).repeat(6, 1, 1, 1)):
        x.requires_grad_()
        (slope,) = torch.autograd.grad(MinibatchStd()(x)[:, 3].sum(), x)
        assert slope.isfinite().all()
    x = maps().requires_grad_()
    (slope,) = torch.autograd.grad(MinibatchStd()(x)[0, 3, 0, 0], x)
    assert (slope.flatten(1).abs().sum(1) > 0).all()


def test_minibatch_std_keeps_bfloat16_and_computes_in_float32() -> None:
    x = 100 + 0.5 * maps(64)  # E[x²] - E[x]² in bfloat16 would be noise
    found = MinibatchStd()(x.bfloat16())
    assert found.dtype == torch.bfloat16
    expected = x.bfloat16().float().std(0, correction=0).mean().item()
    assert found[0, 3, 0, 0].item() == pytest.approx(expected, rel=0.02)


def test_a_condition_is_a_row_of_its_table() -> None:
    condition = Condition(3, 4)
    y = torch.tensor([2, 0, 2])
    assert torch.equal(condition(y), condition.table.weight[y])
    assert Condition(0, 4)(None) is None
    assert (Condition(0, 4).size, condition.size) == (0, 4)


def test_without_a_condition_nothing_is_added() -> None:
    z, score = torch.ones(2, 3), torch.ones(2)
    assert concat_condition(z, None) is z
    assert projection_score(score, z, None) is score
    assert concat_condition(z, torch.zeros(2, 4)).shape == (2, 7)
    assert projection_score(score, z, 2 * z).tolist() == [7, 7]
