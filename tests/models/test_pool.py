"""A pool of past samples: what goes in comes out once, and by one chance in two."""

from collections import Counter

import pytest
import torch

from ganstudy.models.pool import Pool
from ganstudy.spaces import Image, Points
from ganstudy.training.player import Batch


def batch(index: int) -> Batch:
    return Batch({"x": torch.zeros(1)}, index, index, 0)


def numbered(start: int, count: int) -> torch.Tensor:
    return torch.arange(start, start + count, dtype=torch.float32)[:, None]


@pytest.mark.parametrize("each", [1, 3, 4, 10, 13])
def test_nothing_is_lost_and_nothing_comes_out_twice(each: int) -> None:
    pool, out = Pool(Points(1, 1.0), 10, "a"), Counter()
    for index in range(40):
        shown = pool.swapped(numbered(1 + index * each, each), batch(index))
        assert len(shown) == each
        out.update(shown.flatten().int().tolist())
    kept = Counter(pool.kept.flatten().int().tolist())
    # While it fills, samples are shown and kept as well; later a sample is shown or kept.
    assert max(out.values()) <= 2
    assert set(out) | set(kept) == set(range(1, 40 * each + 1))
    assert len(kept) == 10


def test_until_it_is_full_samples_pass_and_then_half_of_them_are_past_ones() -> None:
    pool = Pool(Points(1, 1.0), 50, "a")
    for index in range(10):
        fresh = numbered(index * 5, 5)
        assert torch.equal(pool.swapped(fresh, batch(index)), fresh)
    assert torch.equal(pool.kept.flatten(), torch.arange(50.0))
    past = []
    for index in range(10, 210):
        fresh = numbered(index * 5, 5)
        past.append((pool.swapped(fresh, batch(index)) != fresh).float().mean())
    assert abs(float(torch.stack(past).mean()) - 0.5) < 0.06  # 4 deviations of 1,000 draws


def test_a_pool_of_none_passes_all_and_images_keep_their_shape() -> None:
    images = torch.rand(3, 1, 4, 4)
    assert Pool(Image(1, 4, 4), 0, "a").swapped(images, batch(0)) is images
    pool = Pool(Image(1, 4, 4), 2, "a")
    for index in range(4):
        assert pool.swapped(images, batch(index)).shape == images.shape
