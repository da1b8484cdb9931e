"""The judge: its augmentation, its training, its rotation task, and how it is kept."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ganstudy.errors import InputError
from ganstudy.evaluation.extractor import load_extractor
from ganstudy.evaluation.judging import INFO, WEIGHTS, JudgeInfo, load_judge, rotated
from ganstudy.files import read_npz
from ganstudy.models.judge import Judge, augment
from ganstudy.models.saved import save_weights
from ganstudy.networks.classifier import Classifier
from ganstudy.training.batches import Batches
from ganstudy.training.checkpoint import CheckpointStore
from ganstudy.training.trainer import Callbacks, Row, Settings, Trainer
from training.tiny import CPU, SHAPE, batches, data, dataset, params, snapshot


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# Augmentation


def marked(count: int) -> torch.Tensor:
    """Black images with one white pixel each, off the centre."""
    images = torch.full((count, 1, 9, 9), -1.0)
    images[:, :, 3, 5] = 1
    return images


def test_without_shift_and_mirror_images_stay() -> None:
    images = torch.randn(4, 3, 8, 6, generator=rng())
    assert torch.equal(augment(images, 0, False, rng()), images)


def test_each_image_is_shifted_by_its_own_whole_pixels_and_the_rest_is_black() -> None:
    found = augment(marked(300), 2, False, rng())
    assert found.shape == (300, 1, 9, 9)
    places = {tuple(place) for place in (found[:, 0] == 1).nonzero()[:, 1:].tolist()}
    assert places == {(y, x) for y in range(1, 6) for x in range(3, 8)}
    assert ((found == 1).sum((1, 2, 3)) == 1).all()
    assert ((found == -1).sum((1, 2, 3)) == 80).all()


def test_half_of_the_images_are_mirrored() -> None:
    images = torch.arange(9.0).expand(400, 1, 9, 9).clone()
    found = augment(images, 0, True, rng())
    mirrored = (found == images.flip(3)).all(3).all(2)[:, 0]
    assert ((found == images).all(3).all(2)[:, 0] | mirrored).all()
    assert 150 < mirrored.sum() < 250


# Training


def test_it_learns_to_tell_two_classes() -> None:
    recipe = params().judge.model_copy(update={"width": 8, "shift": 0, "learning_rate": 0.01})
    judge = Judge(recipe, SHAPE, 2)
    images, labels = data()
    bright = labels[:, None, None, None] == 1
    images = np.where(bright, np.uint8(230), images // 4)
    source = Batches(dataset(images, labels), 10, 0, CPU)
    subject = Trainer(judge, source, Settings(10 * 40, 1.0, 0.9), CPU)
    subject.fit(None, Callbacks())
    assert subject.history[-1]["judge/accuracy"] == 1
    assert subject.history[-1]["judge/loss"] < 0.2


def test_a_resumed_judge_is_the_uninterrupted_judge_dropout_included(tmp_path: Path) -> None:
    def judged(seed: int) -> Trainer:
        torch.manual_seed(seed)  # no draw may come from torch's own generator
        judge = Judge(params().judge, SHAPE, 2)
        settings = Settings(40, 1.0, 0.9, checkpoint_seconds=-1)
        return Trainer(judge, batches(labels=True), settings, CPU)

    def stop(rows: list[Row]) -> None:
        if rows[-1]["round"] == 4:
            raise InterruptedError

    straight, store = judged(1), CheckpointStore(tmp_path)
    straight.fit(None, Callbacks())
    with pytest.raises(InterruptedError):
        judged(2).fit(store, Callbacks(log=stop))
    resumed = judged(3)
    resumed.fit(store, Callbacks())
    assert resumed.history == straight.history
    assert snapshot(resumed.players) == snapshot(straight.players)


def test_dropout_differs_from_batch_to_batch() -> None:
    (player,) = Judge(params().judge, SHAPE, 2).players()
    batch = batches(20, labels=True).draw(0, 0)
    again = replace(batch, index=1)
    losses = [player.objective(b)["loss"].item() for b in (batch, batch, again)]
    assert losses[0] == losses[1] != losses[2]


def test_it_wants_labels() -> None:
    (player,) = Judge(params().judge, SHAPE, 2).players()
    with pytest.raises(KeyError, match="no y in these batches"):
        player.objective(batches().draw(0, 0))


# Rotations


def test_rotation_turns_image_i_by_i_quarters() -> None:
    images = np.random.default_rng(0).integers(0, 256, (10, 5, 5, 3)).astype(np.uint8)
    before = images.copy()
    turned, turns = rotated(images)
    assert turns.tolist() == [0, 1, 2, 3, 0, 1, 2, 3, 0, 1]
    assert turns.dtype == np.int64
    for image, found, turn in zip(images, turned, turns, strict=True):
        assert np.array_equal(found, np.rot90(image, turn))
    assert np.array_equal(images, before)


# On disk


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A judge of 8×8 grey images."""
    info = JudgeInfo("key", "labels", 1, [8, 8], 3, 4, 6, 0.5, "digits", "d" * 64)
    save_weights(tmp_path / WEIGHTS, Classifier(SHAPE, 3, 4, 6))
    (tmp_path / INFO).write_text(json.dumps(asdict(info)))
    return tmp_path


IMAGES = np.zeros((4, 8, 8, 1), np.uint8)


def test_a_kept_judge_gives_features_and_logits(folder: Path) -> None:
    extractor, info = load_judge(folder, CPU)
    found = extractor.extract(IMAGES)
    assert (found.features.shape, found.logits.shape) == ((4, 6), (4, 3))
    assert info.accuracy == 0.5


def test_images_of_another_size_are_told_what_the_judge_saw(folder: Path) -> None:
    extractor = load_extractor(params().evaluate, folder, CPU)
    assert extractor.knows_classes
    with pytest.raises(InputError, match=r"28×28 with 3 channels, but the judge .* 8×8 with 1"):
        extractor.features(np.zeros((4, 28, 28, 3), np.uint8))


def test_cached_features_are_those_of_the_images_and_of_the_judge(
    folder: Path, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    extractor = load_extractor(params().evaluate, folder, CPU)
    other = IMAGES + 200
    fresh = [extractor.features(images) for images in (IMAGES, other)]
    for _ in range(2):
        for images, expected in zip((IMAGES, other), fresh, strict=True):
            found = extractor.features(images, cached=True)
            assert np.array_equal(found.features, expected.features)
            assert np.array_equal(found.logits, expected.logits)
    save_weights(folder / WEIGHTS, Classifier(SHAPE, 3, 4, 6))
    retrained = load_extractor(params().evaluate, folder, CPU).features(IMAGES, cached=True)
    assert not np.array_equal(retrained.features, fresh[0].features)


def test_a_judge_that_is_missing_or_broken_is_bad_input(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is missing: run `dvc repro judge`"):
        load_judge(tmp_path / "nowhere", CPU)
    (folder / INFO).write_text('{"task": "labels"}')
    with pytest.raises(InputError, match="does not describe a judge"):
        load_judge(folder, CPU)


def test_what_is_wrong_with_another_extractor_is_told_of_its_key(tmp_path: Path) -> None:
    unknown = params(evaluate__extractor="inception").evaluate
    with pytest.raises(InputError, match=r"evaluate\.extractor: 'inception' is not registered"):
        load_extractor(unknown, tmp_path, CPU)
    (tmp_path / "text.pth").write_text("no weights")
    for name, message in (("gone.pth", "cannot read"), ("text.pth", "is not a plain PyTorch")):
        weights = {"extractor": "inception-v3-compat", "weights": str(tmp_path / name)}
        chosen = params(**{f"evaluate__{key}": value for key, value in weights.items()}).evaluate
        with pytest.raises(InputError, match=rf"evaluate\.weights: .*{message}"):
            load_extractor(chosen, tmp_path, CPU)


def test_of_cached_features_only_the_last_are_kept(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.setattr("ganstudy.evaluation.extractor.CACHED", 2)
    extractor = load_extractor(params().evaluate, folder, CPU)
    for count in (2, 3, 4):
        extractor.features(IMAGES[:count], cached=True)
    kept = (tmp_path / ".checkpoints/features").glob("*/features.npz")
    assert sorted(len(read_npz(path)[0]) for path in kept) == [3, 4]
