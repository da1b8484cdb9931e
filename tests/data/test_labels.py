"""Few labels: balanced, nested, fixed by their seed, and refused where there are not as many."""

import numpy as np
import pytest

from ganstudy.data.labels import few_labels, labelled_alone
from ganstudy.dataset import labelled_data
from ganstudy.errors import InputError
from ganstudy.keys import RunKey
from ganstudy.models.playing import seen
from ganstudy.spaces import labelled
from training.tiny import data, dataset, params

SEMI = {"generator": {"learning_rate": 0.001, "betas": [0.5, 0.9]}}
RECIPE = {"semi_gan-features": {**SEMI, "classifier": SEMI["generator"]}}


def rows(count: int = 60, classes: int = 3):
    """Images that tell their row in two pixels."""
    images = np.zeros((count, 8, 8, 1), np.uint8)
    images[:, 0, 0, 0] = np.arange(count)
    labels = np.arange(count) % classes
    return labelled_data(images, labels, labelled((8, 8, 1), classes=classes))


def drawn(per_class: int, seed: int) -> set[int]:
    return set(few_labels(rows(), per_class, seed).fields["labelled"][:, 0, 0, 0].tolist())


def test_each_class_has_its_count_and_each_sample_its_own_label() -> None:
    found = few_labels(rows(), 4, 0)
    names, labels = found.fields["labelled"][:, 0, 0, 0], found.fields["y"]
    assert np.bincount(labels).tolist() == [4, 4, 4]
    assert (names % 3 == labels).all()
    assert len(set(names.tolist())) == 12
    assert len(found.fields["x"]) == 60  # and nobody is told their labels
    assert found.groups == (("x",), ("labelled", "y"))


def test_draws_are_fixed_by_their_seed_nested_and_differ() -> None:
    draws = [drawn(4, seed) for seed in range(3)]
    assert drawn(4, 0) == draws[0]
    assert len(set(map(frozenset, draws))) == 3
    assert all(drawn(2, seed) < draws[seed] for seed in range(3))


def test_more_than_there_are_or_a_class_without_any_is_one_line() -> None:
    with pytest.raises(
        InputError, match=r"labels_per_class: 21: of class 0 there are 20 .*: 20 or"
    ):
        few_labels(rows(), 21, 0)
    whole = rows()
    lacking = whole.fields["y"].copy()
    lacking[lacking == 1] = 2
    empty = labelled_data(whole.fields["x"], lacking, whole.spaces)
    with pytest.raises(InputError, match=r"of class 1 there are 0 training samples: it has none"):
        few_labels(empty, 1, 0)
    with pytest.raises(InputError, match="this data has none"):
        few_labels(whole.only({"x"}), 1, 0)


def test_a_model_sees_the_labels_that_it_may_and_no_more() -> None:
    images, classes = data()
    whole = dataset(images, classes)
    few = params(data__labels_per_class=3, models=RECIPE)
    run, semi = RunKey.parse("gan-wgan-1"), RunKey.parse("semi_gan-features-1")
    assert set(seen(few, run, whole).fields) == {"x"}
    partly = seen(few, semi, whole)
    assert len(partly.fields["y"]) == 6
    assert len(partly.fields["x"]) == 20
    conditional = params(data__labels_per_class=3, train__conditional=True)
    alone = seen(conditional, run, whole)  # the leak would be to see all 20
    assert np.array_equal(alone.fields["x"], labelled_alone(partly).fields["x"])
    assert len(seen(params(train__conditional=True), run, whole).fields["y"]) == 20
