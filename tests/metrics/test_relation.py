"""Relations of outputs to inputs: known answers, invariants, planted mistakes."""

import numpy as np
import pytest

from ganstudy import metrics

RNG = np.random.default_rng(0)


def pictures(count: int, share: float = 0.3) -> np.ndarray:
    return ((RNG.random((count, 6, 5, 1)) < share) * 255).astype(np.uint8)


def test_agreement_is_the_share_of_equal_pixels() -> None:
    x = np.array([[[[0], [255]], [[127], [128]]]], np.uint8)
    y = np.array([[[[0], [0]], [[0], [255]]]], np.uint8)
    assert metrics.agreement(x, y) == 0.75
    assert metrics.agreement(x, x) == 1


def test_agreement_over_shuffled_is_one_for_equal_and_exact_for_few() -> None:
    x, y = pictures(4), pictures(4)
    assert metrics.agreement_over_shuffled(x, x) == 1
    set_x, set_y = x >= 128, y >= 128
    wrong = np.mean([(set_x[i] == set_y[j]).mean() for i in range(4) for j in range(4) if i != j])
    expected = (metrics.agreement(x, y) - wrong) / (1 - wrong)
    assert metrics.agreement_over_shuffled(x, y) == pytest.approx(expected, abs=1e-12)


def test_pairs_without_relation_score_nothing_though_their_pixels_agree() -> None:
    x, y = pictures(3000, 0.05), pictures(3000, 0.05)
    black = np.zeros_like(y)
    assert metrics.agreement(x, y) > 0.89
    assert abs(metrics.agreement_over_shuffled(x, y)) < 0.02
    assert metrics.agreement(x, black) > 0.94
    assert metrics.agreement_over_shuffled(x, black) == pytest.approx(0, abs=1e-9)


def test_a_negative_agrees_less_than_wrong_pairs_do() -> None:
    x = pictures(50)
    assert metrics.agreement_over_shuffled(x, 255 - x) < -0.5


def test_images_that_are_all_alike_have_no_agreement_over_shuffled() -> None:
    black = np.zeros((3, 4, 4, 1), np.uint8)
    with pytest.raises(ValueError, match="all images are alike"):
        metrics.agreement_over_shuffled(black, black)
    with pytest.raises(ValueError, match="one shape"):
        metrics.agreement(black, black[:2])


def test_retrieval_finds_partners_through_small_changes_and_guesses_through_none() -> None:
    partners = RNG.normal(size=(40, 3))
    near = partners + 1e-6 * RNG.normal(size=partners.shape)
    assert metrics.retrieval(near, partners) == 1
    assert metrics.retrieval(near[::-1].copy(), partners) == 0
    half = near.copy()
    half[:20] = near[20:]
    assert metrics.retrieval(half, partners) == 0.5


def test_copies_of_one_vector_retrieve_what_guessing_does() -> None:
    assert metrics.retrieval(np.zeros((8, 2)), np.ones((8, 2))) == pytest.approx(1 / 8)


def test_retrieval_of_many_is_that_of_all_at_once() -> None:
    partners = RNG.normal(size=(300, 400))
    queries = partners + 20 * RNG.normal(size=partners.shape)
    squares = ((queries**2).sum(1)[:, None] + (partners**2).sum(1)) - 2 * queries @ partners.T
    expected = (squares.argmin(1) == np.arange(300)).mean()
    assert 0 < expected < 1
    assert metrics.retrieval(queries, partners) == pytest.approx(expected)


def test_the_ratio_is_to_what_untouched_inputs_find_or_guessing() -> None:
    partners = np.eye(10)
    halfway = np.eye(10)
    halfway[:5] = np.roll(np.eye(10), 1, axis=0)[:5]
    assert metrics.retrieval_ratio(partners, halfway, partners) == 2
    nowhere = np.roll(np.eye(10), 1, axis=0)
    assert metrics.retrieval_ratio(partners, nowhere, partners) == pytest.approx(10)


def test_class_kept_counts_equal_labels() -> None:
    assert metrics.class_kept(np.array([0, 1, 2, 2]), np.array([0, 1, 2, 1]), 3) == 0.75
    with pytest.raises(ValueError, match=r"after must be in 0 … 2"):
        metrics.class_kept(np.array([0]), np.array([3]), 3)


def test_a_fresh_probe_is_at_a_half_without_and_at_one_with_a_difference() -> None:
    x, y = RNG.normal(size=(400, 4)), RNG.normal(size=(400, 4))
    assert metrics.fresh_probe(x, y) == pytest.approx(0.5, abs=0.08)
    assert metrics.fresh_probe(x, y + 8) == 1


def test_a_fresh_probe_reaches_what_two_gaussians_allow() -> None:
    shift = np.array([1.0, 0, 0])  # 1 apart: Φ(½) = .691 of them are on their side of the middle
    x, y = RNG.normal(size=(4000, 3)), RNG.normal(size=(4000, 3)) + shift
    assert metrics.fresh_probe(x, y) == pytest.approx(0.691, abs=0.02)


def test_a_probe_that_saw_its_test_rows_would_tell_noise() -> None:
    """The plant: trained and tested on the same 60 rows of 50 features it tells domains apart."""
    from sklearn.linear_model import LogisticRegression

    x, y = RNG.normal(size=(30, 50)), RNG.normal(size=(30, 50))
    rows, domain = np.concatenate([x, y]), np.repeat([0, 1], 30)
    assert LogisticRegression(max_iter=1000).fit(rows, domain).score(rows, domain) > 0.9
    assert metrics.fresh_probe(x, y) < 0.75


def test_unequal_domains_do_not_make_the_majority_an_answer() -> None:
    x, y = RNG.normal(size=(900, 3)), RNG.normal(size=(100, 3))
    assert metrics.fresh_probe(x, y) == pytest.approx(0.5, abs=0.1)
    with pytest.raises(ValueError, match="target needs at least 5 samples"):
        metrics.fresh_probe(x, y[:4])
