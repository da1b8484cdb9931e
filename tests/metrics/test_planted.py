"""The faults planted in 8×8 digits, each by the metrics that must and must not see it."""

import numpy as np
import pytest

from ganstudy.metrics import (
    class_coverage,
    frechet_distance,
    inception_score,
    memorization,
    per_class_coverage,
    precision_recall_density_coverage,
    soft_confusion,
)
from metrics.planted import Digits, digits


@pytest.fixture(scope="module")
def data() -> Digits:
    return digits()


class View:
    """Every metric of one sample set."""

    def __init__(self, data: Digits, images: np.ndarray) -> None:
        features, reference = data.features(images), data.features(data.reference)
        self.fid = frechet_distance(features, reference)
        self.overlap = precision_recall_density_coverage(reference, features)
        self.inception = inception_score(data.logits(images))
        self.memory = memorization(data.features(data.train), reference, features)
        share = np.bincount(data.reference_labels) / len(data.reference)
        confusion = soft_confusion(data.posteriors(data.reference), data.reference_labels, 10)
        self.classes = class_coverage(data.posteriors(images), confusion, share)


@pytest.fixture(scope="module")
def real(data) -> View:
    return View(data, data.heldout)


def test_heldout_real_images(data, real):
    assert np.mean(data.judge.predict(data.heldout) == data.heldout_labels) > 0.93
    assert min(real.overlap.precision, real.overlap.recall, real.overlap.coverage) > 0.93
    assert real.memory.mem1 < 0.05
    assert real.memory.ct_z > -3
    assert real.classes.captured == 10
    assert real.classes.total_variation < 0.1


def test_training_copies_are_seen_by_memorisation_alone(data, real):
    copies = View(data, data.copies())
    assert copies.memory.mem1 == 1
    assert copies.memory.ct_z < -20
    assert copies.fid < 1.1 * real.fid
    assert copies.overlap.coverage > 0.93


def test_one_prototype_a_class_has_a_better_inception_score_than_real(data, real):
    prototypes = View(data, data.prototypes())
    assert prototypes.inception.score > real.inception.score
    assert prototypes.fid > 5 * real.fid
    assert prototypes.overlap.recall == 0
    assert prototypes.overlap.precision > 0.9
    assert prototypes.classes.captured == 10


def test_prototypes_are_collapsed_inside_every_class(data):
    images = data.prototypes()
    reference = data.features(data.reference), data.reference_labels
    fake = per_class_coverage(*reference, data.features(images), np.arange(len(images)) % 10, 10)
    real = per_class_coverage(*reference, data.features(data.heldout), data.heldout_labels, 10)
    assert (real.coverage > 0.8 * real.expected).all()
    assert fake.coverage.mean() < 0.7 * real.coverage.mean()


def test_blur_has_a_better_inception_score_and_looks_like_copying_to_one_score(data, real):
    blurred = View(data, data.blurred())
    assert blurred.inception.score > real.inception.score
    assert blurred.overlap.recall < 0.5
    assert blurred.fid > 2 * real.fid
    assert blurred.memory.ct_z < -3
    assert blurred.memory.mem1 < 0.1


def test_imbalance_moves_class_shares_and_inception_score(data, real):
    imbalanced = View(data, data.imbalanced())
    assert imbalanced.inception.entropy_marginal < real.inception.entropy_marginal - 0.1
    assert imbalanced.inception.score < real.inception.score
    assert imbalanced.classes.total_variation > 0.3
    assert imbalanced.overlap.precision > 0.9


def test_with_two_classes_kept_labels_show_more_and_the_correction_two(data):
    images = data.two_classes()
    share = np.bincount(data.judge.predict(images), minlength=10) / len(images)
    assert np.count_nonzero(share) > 2
    assert View(data, images).classes.captured == 2
