"""Batches: everything seen once an epoch, in an order of (seed, epoch) alone."""

import numpy as np
import pytest
import torch

from ganstudy.errors import InputError
from ganstudy.seeding import derive, numpy_generator, torch_generator
from ganstudy.spaces import Image
from ganstudy.training.batches import Batches
from training.tiny import CPU, SHAPE, batches, data, dataset


def rows(source: Batches, index: int) -> list[int]:
    """Which images batch `index` holds: the first pixel of image i is i."""
    return SHAPE.decode(source.draw(index, index)["x"])[:, 0, 0, 0].tolist()


def epoch(source: Batches, number: int, per_epoch: int = 5) -> list[int]:
    return [row for i in range(per_epoch) for row in rows(source, number * per_epoch + i)]


def test_every_image_is_seen_once_an_epoch() -> None:
    source = batches(4)
    for number in range(3):
        assert sorted(epoch(source, number)) == list(range(20))


def test_the_order_changes_with_the_epoch_and_with_the_seed_and_with_nothing_else() -> None:
    first, again, other = batches(4, 0), batches(4, 0), batches(4, 1)
    assert epoch(first, 0) == epoch(again, 0) != epoch(other, 0)
    assert epoch(first, 0) != epoch(first, 1)
    assert epoch(first, 0) != sorted(epoch(first, 0))


def test_any_batch_can_be_drawn_at_any_time() -> None:
    source = batches(4)
    straight = [rows(source, index) for index in range(15)]
    fresh = batches(4)
    assert [rows(fresh, index) for index in (11, 3, 14, 0)] == [
        straight[index] for index in (11, 3, 14, 0)
    ]


def test_the_rest_of_an_epoch_is_left_out() -> None:
    source = batches(6)  # 3 batches of 6 from 20
    seen = epoch(source, 0, 3)
    assert len(seen) == len(set(seen)) == 18


def test_labels_stay_with_their_images() -> None:
    source = batches(4, labels=True)
    for index in range(5):
        batch = source.draw(index, 0)
        assert batch["y"].dtype == torch.int64
        places = SHAPE.decode(batch["x"])[:, 0, 0, 0]
        assert torch.equal(batch["y"], places.long() % 2)


def test_pixels_go_to_minus_one_to_one_and_back_exactly() -> None:
    shape, every = Image(1, 16, 16), torch.arange(256, dtype=torch.uint8).view(1, 16, 16, 1)
    before = every.clone()
    floats = shape.encode(every)
    assert (floats.min(), floats.max()) == (-1, 1)
    assert floats.dtype == torch.float32
    assert torch.equal(shape.decode(floats), every)
    assert torch.equal(every, before)
    outside = torch.tensor([-1.2, 1.2, 0.0]).view(1, 1, 1, 3)
    assert Image(1, 1, 3).decode(outside).flatten().tolist() == [0, 255, 128]


def test_images_are_channels_first_and_labels_none_without() -> None:
    images = np.zeros((4, 8, 6, 3), np.uint8)
    images[..., 1] = 255
    batch = Batches(dataset(images), 2, 0, CPU).draw(0, 0)
    assert batch["x"].shape == (2, 3, 8, 6)
    assert batch["x"].mean((0, 2, 3)).tolist() == [-1, 1, -1]
    assert batch.get("y") is None


def test_a_batch_larger_than_the_data_says_what_is_possible() -> None:
    with pytest.raises(InputError, match=r"there are 20: 20 or less"):
        batches(21)
    assert batches(20).draw(0, 0)["x"].shape == (20, 1, 8, 8)


def test_the_callers_images_are_not_written_to() -> None:
    images, _ = data()
    before = images.copy()
    source = Batches(dataset(images), 4, 0, CPU)
    source.draw(0, 0)["x"].fill_(0)
    assert np.array_equal(images, before)
    assert source.draw(0, 0)["x"].std() > 0


def test_draws_depend_on_seed_purpose_and_step() -> None:
    keys = [(s, p, i) for s in (0, 1) for p in ("a", "b") for i in (0, 1, 11)]
    assert len({derive(*key) for key in keys}) == len(keys)
    assert all(0 <= derive(*key) < 2**63 for key in keys)
    assert derive(0, "data order", 3) == 2783779963661911321  # else no old run repeats
    a, b = (torch.rand(3, generator=torch_generator(0, "a", 1)) for _ in range(2))
    assert torch.equal(a, b)
    assert numpy_generator(0, "a").random() == numpy_generator(0, "a").random()


def test_a_batchs_randomness_is_its_own() -> None:
    source = batches(4)
    one, two = source.draw(0, 0), source.draw(1, 0)

    def draw(batch, purpose):
        return torch.rand(1, generator=batch.rng(purpose)).item()

    found = {draw(one, "z"), draw(two, "z"), draw(one, "other"), draw(one, "z")}
    assert len(found) == 3
