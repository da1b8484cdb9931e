"""Pairs of one code and predicted labels: what is right, what is shuffled, what lacks."""

import numpy as np
import pytest

from ganstudy.data.domains import domains
from ganstudy.data.edges import outlined
from ganstudy.evaluation.adapted import adapted
from ganstudy.evaluation.adapted import columns as adapted_columns
from ganstudy.evaluation.coupled import columns, coupled, unrelated
from ganstudy.evaluation.shared import measured
from ganstudy.study.runs import LEFT_OUT

RNG = np.random.default_rng(0)
A = RNG.integers(0, 2, (60, 8, 8, 1)).astype(np.uint8) * 255
LABELS = np.arange(60) % 3
TEST = domains(A, outlined(A)[::-1].copy(), LABELS, LABELS[::-1].copy(), 3)


def test_images_of_one_code_agree_as_far_as_they_are_related() -> None:
    right = measured(coupled({"a": A, "b": outlined(A)}, TEST, "digits_edges"))
    assert right == {"agreement_over_shuffled": 1, "agreement": 1}
    wrong = measured(coupled({"a": A, "b": np.roll(outlined(A), 1, 0)}, TEST, "digits_edges"))
    assert abs(wrong["agreement_over_shuffled"]) < 0.1 < wrong["agreement"]
    baseline = measured(unrelated(TEST, "digits_edges"))
    assert abs(baseline["agreement_over_shuffled"]) < 0.1


def test_a_relation_that_nobody_knows_is_left_out_and_said() -> None:
    found = measured(coupled({"a": A, "b": A}, TEST, "domains"))
    assert found == {LEFT_OUT + "agreement_over_shuffled": "a known relation of the domains"}


def test_each_domain_has_a_distance_of_its_own() -> None:
    def features(images: np.ndarray) -> np.ndarray:
        return images.reshape(len(images), -1)[:, :5] / 255.0

    outputs = {"a": TEST.fields["a"], "b": 255 - TEST.fields["b"]}
    found = measured(coupled(outputs, TEST, "digits_edges", features))
    assert found["a/fid"] == pytest.approx(0, abs=1e-6)
    assert found["b/fid"] > 0.01


def test_other_outputs_have_no_such_rows() -> None:
    assert coupled({"a_to_b": A}, TEST, "digits_edges") == []
    assert columns({"a_to_b": A}, "digits_edges") == {}
    assert list(columns({"a": A, "b": A}, "digits_edges")) == ["a", "b", "b of this a"]


def test_labels_are_measured_in_both_domains_and_features_probed() -> None:
    features = {f"features_{side}": RNG.normal(size=(60, 4)).astype(np.float32) for side in "ab"}
    half = np.where(np.arange(60) < 30, TEST.fields["label_b"], (TEST.fields["label_b"] + 1) % 3)
    outputs = {"label_b": half, "label_a": LABELS, **features}
    found = measured(adapted(outputs, TEST, 0))
    assert (found["target_accuracy"], found["source_accuracy"]) == (0.5, 1)
    assert 0.3 < found["fresh_probe"] < 0.7
    told = outputs | {"features_b": features["features_b"] + 9}
    assert measured(adapted(told, TEST, 0))["fresh_probe"] == 1


def test_labels_without_truth_are_left_out() -> None:
    found = measured(adapted({"label_b": LABELS}, TEST.only({"a", "b", "label_a"}), 0))
    assert found == {LEFT_OUT + "target_accuracy": "labels of b"}


def test_what_a_label_means_is_shown_by_an_image_of_the_source() -> None:
    shown = adapted_columns({"label_b": LABELS[:5]}, TEST)
    assert list(shown) == ["b", "told as", "is"]
    for row in range(5):
        np.testing.assert_array_equal(shown["told as"][row], A[LABELS[row]])
        np.testing.assert_array_equal(shown["is"][row], A[TEST.fields["label_b"][row]])
