"""Statistics over seeds against hand counts, SciPy, and what must hold for any numbers."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ganstudy.reports.statistics import (
    ALPHA,
    LEVEL,
    Outcomes,
    difference,
    estimate,
    friedman_test,
    holm,
    iqm,
    least_p,
    level,
    median,
    pairs,
    probability_better,
    rank_test,
    seeds_needed,
    variance_split,
)

INF = np.inf
RUNS = st.lists(st.one_of(st.integers(0, 9).map(float), st.just(INF)), min_size=5, max_size=5)


def outcomes(*rows: list[float], lower_is_better: bool = True) -> Outcomes:
    """Losses a, b, c … of which a run failed where its value is inf."""
    given_ = np.array(rows)
    values = np.where(np.isinf(given_), 0.0, given_)  # a failed run has a value that must not count
    names = [chr(ord("a") + index) for index in range(len(rows))]
    return Outcomes(names, list(range(given_.shape[1])), values, np.isinf(given_), lower_is_better)


# Aggregates


def test_interquartile_mean_leaves_out_a_quarter_at_each_end() -> None:
    assert iqm(np.array([8.0, 1, 7, 2, 6, 3, 5, 4])) == 4.5  # of 3, 4, 5, 6
    assert iqm(np.array([1.0, 2, 3, 4, 100])) == 3  # of 2, 3, 4
    assert iqm(np.array([1.0, 2, 6])) == 3  # too few to leave any out


def test_failed_runs_are_the_worst_of_the_order_not_a_number_in_it() -> None:
    assert median(np.array([1.0, 2, 3, INF, INF])) == 3
    assert median(np.array([1.0, 2, INF, INF])) == INF
    assert iqm(np.array([1.0, 2, 3, 4, INF])) == 3
    assert iqm(np.array([1.0, 2, 3, INF, INF])) == INF
    found = estimate([1, 2, 3, INF, INF])
    assert (found.low, found.value, found.high) == (1, 3, INF)


@pytest.mark.parametrize(
    ("runs", "low", "wanted"),
    [  # 1 - 2 P(Binomial(n, 1/2) < low), by hand
        *((2, 1, 1 / 2), (3, 1, 3 / 4), (5, 1, 15 / 16), (6, 1, 31 / 32), (7, 1, 63 / 64)),
        *((8, 1, 127 / 128), (9, 2, 1 - 20 / 512), (12, 3, 1 - 158 / 4096)),
    ],
)
def test_interval_of_the_median_is_between_two_runs_at_its_exact_level(runs, low, wanted) -> None:
    found = estimate(np.random.default_rng(0).permutation(runs) + 1.0)
    assert (found.low, found.value, found.high) == (low, (runs + 1) / 2, runs + 1 - low)
    assert found.level == level(runs) == pytest.approx(wanted)


def test_no_narrower_interval_reaches_what_is_promised() -> None:
    for runs in range(6, 60):
        found = estimate(np.arange(runs, dtype=float))
        narrower = stats.binom.cdf(found.low + 1, runs, 0.5)  # ranks low + 2 and its mirror
        assert found.level >= LEVEL > 1 - 2 * narrower
    assert level(5) < LEVEL <= level(6)


def test_one_run_has_no_interval() -> None:
    found = estimate([3.0])
    assert (found.low, found.value, found.high, found.level) == (3, 3, 3, 0)


def test_intervals_hold_the_truth_as_often_as_their_level_says() -> None:
    rng = np.random.default_rng(1)
    for runs in (3, 5, 7, 9):
        for draw in (rng.standard_cauchy, rng.normal):  # whatever the distribution
            held = np.mean([estimate(draw(size=runs)).holds(0) for _ in range(2000)])
            error = 4 * np.sqrt(level(runs) * (1 - level(runs)) / 2000)
            assert held == pytest.approx(level(runs), abs=error)


def test_the_interval_by_resampling_is_found_out() -> None:
    """What a percentile bootstrap of 7 medians calls 95 % are the ranks 2 and 6."""
    planted = np.sort(np.random.default_rng(2).normal(size=(4000, 7)), axis=1)
    held = np.mean((planted[:, 1] <= 0) & (planted[:, 5] >= 0))
    assert held == pytest.approx(0.875, abs=0.03)
    assert held < LEVEL < level(7)


@settings(deadline=None, max_examples=25)
@given(RUNS, RUNS, st.permutations(range(5)))
def test_order_of_seeds_changes_no_digit_and_swapping_only_the_sign(a, b, order) -> None:
    a, b = np.array(a), np.array(b)
    assert estimate(a[order]) == estimate(a)
    assert iqm(a[order]) == iqm(a)
    assert difference(b, a) == difference(a, b).turned(-1)
    assert probability_better(a, b) + probability_better(b, a) == pytest.approx(1)
    assert rank_test(a, b) == rank_test(b[order], a[order])


def test_difference_is_paired_seed_by_seed() -> None:
    base = np.array([10.0, 20, 30, 40, 50])
    found = difference(base + 1, base)  # the same seeds are hard for both
    assert (found.low, found.value, found.high) == (1, 1, 1)
    shuffled = difference(base + 1, base[[3, 0, 4, 1, 2]])
    assert shuffled.low < 0 < shuffled.high
    assert found.level == shuffled.level == level(5)


def test_differences_of_failed_runs_have_a_direction() -> None:
    found = difference([INF, INF, 3, 4], [INF, 1, INF, 5])
    assert (found.low, found.value, found.high) == (-INF, -0.5, INF)
    assert difference([INF, 1], [1, INF]).value == 0
    assert difference([INF, 1], [1, INF]) == difference([1, INF], [INF, 1]).turned(-1)
    assert difference([INF, INF, INF], [1, 2, 3]).low == INF


# Pairs


def test_probability_better_is_what_counting_gives() -> None:
    assert probability_better([1, 2, 3], [2, 3, 4]) == pytest.approx(7 / 9)  # 6 wins and 2 ties
    assert probability_better([1, 2], [3, INF]) == 1
    assert probability_better([INF, INF], [INF]) == 0.5
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=6), rng.normal(size=4)
    u = stats.mannwhitneyu(a, b).statistic
    assert probability_better(a, b) == pytest.approx(1 - u / 24)


@pytest.mark.parametrize("sizes", [(3, 3), (5, 5), (4, 6), (8, 8), (9, 9), (12, 12), (7, 20)])
def test_rank_test_is_scipys_exact_mann_whitney(sizes: tuple[int, int]) -> None:
    rng = np.random.default_rng(3)
    for _ in range(2):
        a, b = rng.normal(size=sizes[0]), rng.normal(size=sizes[1]) + 0.8
        wanted = stats.mannwhitneyu(a, b, method="exact").pvalue
        assert rank_test(a, b) == pytest.approx(wanted, rel=1e-12)


def test_rank_test_counts_orders_where_runs_tie() -> None:
    a, b = [1, 2, INF, INF], [3, 4, 5, INF]
    ranks = stats.rankdata([*a, *b])
    sums = np.array([sum(chosen) for chosen in combinations(ranks, 4)])
    below, above = (np.mean(side) for side in (sums <= sums[0], sums >= sums[0]))
    assert rank_test(a, b) == pytest.approx(min(1, 2 * min(below, above)))
    assert rank_test([INF, INF, INF], [INF, INF, INF]) == 1
    assert rank_test([2, 2, 2], [2, 2, 2]) == 1


def test_rank_test_of_many_tied_runs_is_what_drawing_orders_gives() -> None:
    rng = np.random.default_rng(4)
    a, b = rng.integers(0, 4, 10).astype(float), np.array([*rng.integers(1, 5, 8), INF, INF])
    drawn = stats.permutation_test(
        (stats.rankdata([*a, *b])[:10], stats.rankdata([*a, *b])[10:]),
        lambda x, y, axis: x.sum(axis=axis),
        n_resamples=20_000,
        vectorized=True,
        rng=rng,
    )
    assert rank_test(a, b) == pytest.approx(drawn.pvalue, abs=0.01)


def test_more_seeds_than_can_be_counted_are_tested_too() -> None:
    rng = np.random.default_rng(4)
    a, b = rng.normal(size=60), rng.normal(size=60) + 0.4
    wanted = stats.mannwhitneyu(a, b, method="exact").pvalue
    assert rank_test(a, b) == pytest.approx(wanted, rel=0.1)


def test_no_clearer_result_exists_than_the_least_p() -> None:
    assert least_p(3) == pytest.approx(0.1)
    assert least_p(5) == pytest.approx(2 / 252)
    assert least_p(9) == pytest.approx(2 / 48_620)
    for seeds in (2, 3, 5, 8, 9, 12, 30, 50):  # by an approximation it would be .0004 for 9
        apart = np.arange(seeds, dtype=float)
        assert rank_test(apart, apart + 100) == pytest.approx(least_p(seeds), rel=1e-9)
    assert least_p(5, 55) == pytest.approx(110 / 252)
    for losses in (1, 55, 2_000):  # the last takes 9 seeds
        needed = seeds_needed(losses)
        assert least_p(needed, losses) <= ALPHA < least_p(needed - 1, losses)
    assert seeds_needed(2_000) > 8


def test_holm_corrects_as_in_the_textbook() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == [1, 1]
    assert holm([0.04]) == [0.04]
    assert holm([]) == []


def test_equal_losses_tie_and_clearly_different_ones_differ() -> None:
    rng = np.random.default_rng(5)
    good, poor = rng.normal(10, 1, 6), rng.normal(30, 1, 6)
    found = {(p.first, p.second): p for p in pairs(outcomes(good, good, poor))}
    assert found["a", "b"].verdict == "tie"
    assert found["a", "b"].better == 0.5
    for first in "ab":
        pair = found[first, "c"]
        assert pair.verdict == "differ"
        assert pair.better == 1
        assert pair.gap.high < 0
        assert pair.p_holm == pytest.approx(3 * 2 / 924)


def test_what_few_seeds_cannot_confirm_stays_open() -> None:
    [pair] = pairs(outcomes([1, 2, 3], [11, 12, 13]))
    assert pair.gap.high < 0
    assert pair.verdict == "open"  # p = .1


def test_a_test_that_the_interval_does_not_confirm_stays_open() -> None:
    first, second = [1.0, 2, 3, 4, 5, 6, 20], [19.0, 11, 12, 13, 14, 15, 16]
    [pair] = pairs(outcomes(first, second))
    assert pair.p_holm <= ALPHA
    assert pair.gap.holds(0)  # at seed 6 the order is turned round
    assert pair.verdict == "open"


def test_a_failed_run_lowers_its_loss_against_every_other() -> None:
    rows = [[1.0, 2, 3, 4, 5], [1.5, 2.5, 3.5, 4.5, 5.5], [7.0, 8, 9, 10, 11]]
    sound = {(p.first, p.second): p for p in pairs(outcomes(*rows))}
    rows[0][0] = INF  # what was the best run of the best loss
    ill = {(p.first, p.second): p for p in pairs(outcomes(*rows))}
    for pair in (("a", "b"), ("a", "c")):
        assert ill[pair].better < sound[pair].better
        assert ill[pair].gap.high > sound[pair].gap.high
    assert ill["b", "c"].better == sound["b", "c"].better


def test_the_value_of_a_failed_run_counts_for_nothing() -> None:
    rows = np.array([[1.0, 2, 3], [4.0, 5, 6]])
    failed = np.array([[False, False, True], [False, False, False]])
    found = [
        pairs(Outcomes("ab", [0, 1, 2], np.where(failed, lie, rows), failed))
        for lie in (-50.0, 3.0, np.nan)
    ]
    assert found[0] == found[1] == found[2]


def test_higher_is_better_is_the_mirror_of_lower() -> None:
    rows = [[1.0, 2, 3, 4, INF], [3.0, 5, 6, 7, 8]]
    [low] = pairs(outcomes(*rows))
    [high] = pairs(
        outcomes(*([-v if v < INF else v for v in row] for row in rows), lower_is_better=False)
    )
    assert (high.better, high.p, high.verdict) == (low.better, low.p, low.verdict)
    assert high.gap == low.gap.turned(-1)


def test_pairs_are_of_the_seeds_that_both_have() -> None:
    rows = np.array([[1.0, 2, np.nan, 4], [9.0, np.nan, 7, 6], [np.nan, np.nan, np.nan, 5]])
    [pair] = pairs(Outcomes("abc", range(4), rows, np.zeros((3, 4), bool)))
    assert (pair.first, pair.second, pair.seeds) == ("a", "b", 2)


@pytest.mark.parametrize(
    ("names", "values", "message"),
    [
        ("ab", np.zeros((2, 3)), "losses, seeds"),
        ("aa", np.zeros((2, 2)), "must differ"),
        ("ab", np.array([[1, INF], [1, 2]]), "finite"),
    ],
)
def test_outcomes_that_do_not_fit_are_refused(names, values, message) -> None:
    with pytest.raises(ValueError, match=message):
        Outcomes(names, [0, 1], values, np.zeros((2, 2), bool))


def test_numbers_that_are_none_are_refused() -> None:
    for wrong in ([np.nan, 1], [-INF, 1], [], [[1, 2]]):
        with pytest.raises(ValueError, match="costs must be"):
            estimate(wrong)


# All losses at once


def test_friedman_test_of_full_agreement_is_what_counting_gives() -> None:
    # Three seeds order three losses alike: (1 / 6)² of all orders.
    p = friedman_test(outcomes([1, 1, 1], [2, 2, 2], [3, 3, 3]))
    assert p == pytest.approx(1 / 36, abs=0.006)


def test_friedman_test_is_scipys_where_that_one_is_right() -> None:
    rng = np.random.default_rng(6)
    values = rng.normal(size=(4, 40)) + np.array([[0.0], [0.1], [0.3], [0.5]])
    wanted = stats.friedmanchisquare(*values).pvalue
    assert friedman_test(outcomes(*values)) == pytest.approx(wanted, abs=0.02)


def test_friedman_test_finds_what_pairs_of_few_seeds_cannot() -> None:
    rng = np.random.default_rng(7)
    found = outcomes(*(rng.normal(size=5) + 3 * loss for loss in range(10)))
    assert min(pair.p_holm for pair in pairs(found)) > ALPHA  # 45 pairs of 5 seeds
    assert friedman_test(found) <= 0.001
    assert friedman_test(outcomes([1, 2], [3, 4])) is None


# Variance


def test_variance_is_split_by_hand() -> None:
    values, half = np.array([10.0, 10 + np.sqrt(8)]), 1.959964  # variance 4; sampling 1
    split = variance_split(values, values - half, values + half)
    assert split.between == pytest.approx(2)
    assert split.sampling == pytest.approx(1, rel=1e-6)
    assert split.seed_share == pytest.approx(0.75, rel=1e-6)
    assert variance_split(values, values - 9, values + 9).seed_share == 0
    assert variance_split([3.0, 3.0], [2.0, 2.0], [4.0, 4.0]).seed_share == 0
    assert variance_split([3.0], [2.0], [4.0]) is None


def test_variance_split_finds_the_seeds_share_of_a_made_scatter() -> None:
    rng = np.random.default_rng(8)
    values = rng.normal(50, 3, 4000) + rng.normal(0, 4, 4000)  # 9 of 25 is the seed's
    half = 1.96 * 4
    split = variance_split(values, values - half, values + half)
    assert split.seed_share == pytest.approx(9 / 25, abs=0.05)
