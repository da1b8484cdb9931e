"""Domains: a perfect translation, none, and one to the wrong partners."""

from pathlib import Path

import numpy as np
import pytest

from ganstudy.data.domains import domains
from ganstudy.dataset import Dataset
from ganstudy.evaluation.domains import DomainProtocol
from ganstudy.evaluation.shared import measured
from ganstudy.evaluation.translated import translations, untouched
from ganstudy.study.runs import LEFT_OUT
from training.tiny import CPU, params

CLASSES = 3


def negatives(count: int, seed: int) -> Dataset:
    """Images whose left column tells the class, and their negatives, row by row."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % CLASSES
    a = rng.integers(0, 100, (count, 8, 8, 1)).astype(np.uint8)
    a[:, :, :3] = (labels * 80)[:, None, None, None]
    return domains(a, 255 - a, labels, labels, CLASSES)


TRAIN, TEST = negatives(60, 0), negatives(24, 1)


def values(outputs: dict[str, np.ndarray], *, partnered: bool = True) -> dict:
    return measured(translations(outputs, TEST, TRAIN, partnered=partnered))


def test_the_right_translation_finds_every_partner_and_keeps_every_class() -> None:
    found = values({"a_to_b": TEST.fields["b"], "a_rounded": TEST.fields["a"]})
    assert found["a_to_b/l1"] == found["a_rounded/l1"] == 0
    assert found["a_to_b/retrieval"] == found["a_to_b/class_kept"] == 1
    assert found["a_to_b/class_told"] == 1
    assert not any(name.startswith("b_to_a") for name in found)


def test_wrong_partners_of_the_right_look_are_told_from_right_ones() -> None:
    shifted = np.roll(TEST.fields["b"], 1, axis=0)  # by one class too
    found = values({"a_to_b": shifted})
    assert found["a_to_b/retrieval"] == found["a_to_b/class_kept"] == 0


def test_where_nobody_knows_partners_none_are_looked_for() -> None:
    found = values({"a_to_b": TEST.fields["b"]}, partnered=False)
    assert "a_to_b/l1" not in found
    assert "belong to each other" in found[f"{LEFT_OUT}a_to_b/retrieval"]
    assert found["a_to_b/class_kept"] == 1


def test_inputs_as_they_are_are_the_baseline() -> None:
    found = measured(untouched(TEST, TRAIN, partnered=True))
    expected = np.abs(255 - 2 * TEST.fields["a"].astype(float)).mean() / 255
    assert found["a_to_b/l1"] == found["b_to_a/l1"] == pytest.approx(expected)
    assert found["a_to_b/retrieval_ratio"] == pytest.approx(
        found["a_to_b/retrieval"] / max(found["a_to_b/retrieval"], 1 / 24)
    )


def test_columns_are_read_from_what_was_given_to_what_came_back(tmp_path: Path) -> None:
    outputs = {"a_to_b": TEST.fields["b"][:5], "a_rounded": TEST.fields["a"][:5]}
    shown = DomainProtocol(params(), CPU).shown(outputs, TEST)
    assert list(shown) == ["a", "a as b", "a again"]
    assert {len(column) for column in shown.values()} == {5}
