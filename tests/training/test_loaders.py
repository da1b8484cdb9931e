"""Stores: on the device or in their file, the batches are the same."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from ganstudy import files
from ganstudy.training import loaders
from ganstudy.training.device import memory
from ganstudy.training.loaders import (
    DeviceLoader,
    EpochSampler,
    Loader,
    StreamingLoader,
    loaders_of,
)
from ganstudy.training.trainer import Callbacks
from training.tiny import CPU, data, dataset, params, trainer, weights


def mapped(folder: Path, samples: np.ndarray) -> np.ndarray:
    """The samples as `load_split` gives them."""
    files.write_npz(folder / "x.npz", samples)
    return files.read_npz(folder / "x.npz")[0]


def placed(
    kind: type[DeviceLoader | StreamingLoader], x: np.ndarray, y: np.ndarray, seed: int = 0
) -> Loader:
    """Batches of 4 in one of the ways."""
    return kind({"x": x, "y": y}, partial(EpochSampler, len(x), 4, seed), CPU)


def drawn(store: Loader, indices: range | list[int]) -> list[tuple[bytes, list[int]]]:
    found = []
    for index in indices:
        fields = store.batch(index)
        found.append((fields["x"].numpy().tobytes(), fields["y"].tolist()))
    return found


@pytest.mark.parametrize("kind", ["images", "points"])
def test_both_ways_give_the_same_batches_over_epochs(tmp_path: Path, kind: str) -> None:
    samples, labels = data(22)
    if kind == "points":
        samples = samples[:, 0, :2, 0].astype(np.float32) / 7
    whole, streamed = (
        placed(place, mapped(tmp_path, samples), labels, 3)
        for place in (DeviceLoader, StreamingLoader)
    )
    expected = drawn(whole, range(15))  # three epochs of 5, each without 2 of the 22
    assert drawn(streamed, range(15)) == expected
    assert len({batch for batch, _ in expected}) == 15


def test_a_resumed_run_reads_on_in_the_middle_of_an_epoch_and_players_may_draw_again() -> None:
    samples, labels = data()
    whole = placed(DeviceLoader, samples, labels)
    order = [7, 8, 7, 8, 9, 10, 8, 23, 2]
    assert drawn(placed(StreamingLoader, samples, labels), order) == drawn(whole, order)


def test_a_file_may_not_be_written_to_and_no_one_is_warned(tmp_path: Path, recwarn) -> None:
    images, labels = data()
    whole = placed(DeviceLoader, mapped(tmp_path, images), labels)
    whole.batch(0)["x"].fill_(0)
    assert drawn(whole, [0]) == drawn(placed(DeviceLoader, images, labels), [0])
    assert not recwarn.list


def test_training_ends_with_the_same_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    def trained() -> list[bytes]:
        torch.manual_seed(0)
        training = trainer(params(train__loss="wgan"), "gan-wgan-0")  # two steps of D a round
        training.fit(None, Callbacks())
        return weights(training.average)

    expected = trained()
    monkeypatch.setattr(loaders, "SHARE", 0)
    monkeypatch.setattr(loaders, "DeviceLoader", None)
    assert trained() == expected


def test_samples_go_to_the_device_where_they_take_its_share_of_memory_at_most() -> None:
    share = int(loaders.SHARE * memory(CPU))
    for size, kind in ((share, DeviceLoader), (share + 1, StreamingLoader)):
        samples = np.broadcast_to(np.uint8(0), (size, 1, 1, 1))  # takes no memory itself
        assert store_of_kind(samples) is kind


def store_of_kind(samples: np.ndarray) -> type:
    (store,) = loaders_of(dataset(samples), 4, 0, CPU)
    return type(store)


def test_what_cannot_be_read_fails_where_it_is_drawn() -> None:
    labels = np.arange(3)  # fewer than samples
    store = placed(StreamingLoader, data()[0], labels)
    with pytest.raises(IndexError):
        drawn(store, range(5))
