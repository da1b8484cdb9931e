"""The games at their optimum on small discrete distributions, and each row's gradients by hand."""

import math
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
import torch
from scipy.special import expit, rel_entr
from scipy.stats import wasserstein_distance
from torch import Tensor

from ganstudy.objectives.adversarial import LOSSES, Scores

Array = np.ndarray
# How often each of four points occurs: among real samples, among generated ones.
GAMES = {
    "apart": ([3, 1, 0, 0], [0, 0, 2, 2]),
    "equal": ([1, 2, 3, 4], [1, 2, 3, 4]),
    "overlap": ([4, 3, 2, 1], [1, 1, 3, 5]),
    "dropped mode": ([5, 5, 5, 5], [9, 9, 1, 0]),
}
PLACES = np.array([-2.0, -0.5, 1.0, 4.0])
SURE = 60.0  # stands for the infinite score of a point that only one side has
games = pytest.mark.parametrize("game", GAMES)


def shares(game: str) -> tuple[Array, Array]:
    """The two distributions over the points."""
    p, q = (np.array(counts, float) for counts in GAMES[game])
    return p / p.sum(), q / q.sum()


def scored(game: str, scores: Array) -> tuple[Tensor, Tensor]:
    """What D's score of each point gives on batches drawn from the two distributions exactly."""
    p, q = (np.repeat(np.arange(4), counts) for counts in GAMES[game])
    return torch.from_numpy(scores[p]), torch.from_numpy(scores[q])


def all_pairs(game: str, scores: Array) -> tuple[Tensor, Tensor]:
    """The same, every real sample beside every generated one: the expectation over pairs."""
    pairs = list(product(*(np.repeat(np.arange(4), counts) for counts in GAMES[game])))
    real, fake = np.array(pairs).T
    return torch.from_numpy(scores[real]), torch.from_numpy(scores[fake])


def log_ratio(p: Array, q: Array) -> Array:
    """log p/q, `SURE` where one side has nothing and 0 where both have nothing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nan_to_num(np.log(p / q), nan=0.0, posinf=SURE, neginf=-SURE)


def jensen_shannon(p: Array, q: Array) -> float:
    middle = (p + q) / 2
    return float((rel_entr(p, middle) + rel_entr(q, middle)).sum() / 2)


def is_least(value: Callable[[Array], float], best: Array) -> bool:
    """Whether no D nearby, in any of many directions, gets below `best`."""
    rng = np.random.default_rng(0)
    steps = rng.normal(size=(200, len(best))) * rng.choice([0.01, 0.3, 2.0], (200, 1))
    return all(value(best + step) >= value(best) - 1e-12 for step in steps)


# Values at the optimum


@games
@pytest.mark.parametrize("name", ["minimax", "non_saturating", "dragan"])
def test_cross_entropy_at_its_optimal_d_is_log_4_minus_2_jsd(name: str, game: str) -> None:
    p, q = shares(game)

    def value(scores: Array) -> float:
        return LOSSES[name].discriminator(*scored(game, scores)).item()

    best = log_ratio(p, q)  # D = p / (p + q)
    assert -value(best) == pytest.approx(-math.log(4) + 2 * jensen_shannon(p, q), abs=1e-12)
    assert is_least(value, best)


def test_the_jsd_runs_from_nothing_on_equal_sides_to_log_2_on_disjoint_ones() -> None:
    for game, expected in (("equal", 0.0), ("apart", math.log(2))):
        best = log_ratio(*shares(game))
        value = -LOSSES["minimax"].discriminator(*scored(game, best)).item()
        assert (value + math.log(4)) / 2 == pytest.approx(expected, abs=1e-12)


@games
def test_least_squares_at_its_optimal_d_is_half_the_sum_of_pq_over_p_plus_q(game: str) -> None:
    p, q = shares(game)

    def value(scores: Array) -> float:
        return LOSSES["lsgan"].discriminator(*scored(game, scores)).item()

    best = p / np.where(p + q > 0, p + q, 1)  # Mao et al. 2017, eq. 5 with a = 0, b = 1
    expected = 0.5 * sum(a * b / (a + b) for a, b in zip(p, q, strict=True) if a + b)
    assert value(best) == pytest.approx(expected, abs=1e-12)
    assert is_least(value, best)


@games
def test_hinge_at_its_optimal_d_is_twice_what_the_sides_share(game: str) -> None:
    p, q = shares(game)

    def value(scores: Array) -> float:
        return LOSSES["hinge"].discriminator(*scored(game, scores)).item()

    best = np.sign(p - q)
    assert value(best) == pytest.approx(2 * np.minimum(p, q).sum(), abs=1e-12)
    assert is_least(value, best)


@games
@pytest.mark.parametrize("name", ["wgan", "wgan_gp"])
def test_the_wasserstein_value_is_the_difference_of_means_and_w1_at_best(name, game) -> None:
    p, q = shares(game)
    critic = LOSSES[name].discriminator
    any_scores = np.array([0.3, -7.0, 2.0, 11.0])
    assert -critic(*scored(game, any_scores)).item() == pytest.approx(any_scores @ (p - q))
    # On a line the best 1-Lipschitz critic rises where the real mass lies further right.
    slopes = np.sign(np.cumsum(q - p)[:-1])
    best = np.concatenate([[0.0], np.cumsum(slopes * np.diff(PLACES))])
    w1 = wasserstein_distance(PLACES, PLACES, p, q)
    assert -critic(*scored(game, best)).item() == pytest.approx(w1, abs=1e-12)


@pytest.mark.parametrize("name", ["relativistic", "r3gan"])
@pytest.mark.parametrize(("p", "q"), [(0.5, 0.5), (0.25, 0.5), (0.75, 0.125)])
def test_the_relativistic_value_on_two_points_is_a_binary_entropy(name, p, q) -> None:
    # Pairs that land on one point cost log 2. Of the others a share p(1-q) has the real sample on
    # the first point, (1-p)q on the second; the best difference of scores is their log ratio.
    right, wrong = p * (1 - q), (1 - p) * q
    chance = right / (right + wrong)
    entropy = -chance * math.log(chance) - (1 - chance) * math.log(1 - chance)
    expected = (right + wrong) * entropy + (1 - right - wrong) * math.log(2)
    game = list(product([0] * round(8 * p) + [1] * round(8 * (1 - p)), range(8)))
    real = np.array([x for x, _ in game])
    fake = np.array([0 if place < 8 * q else 1 for _, place in game])

    def value(scores: Array) -> float:
        sides = torch.from_numpy(scores[real]), torch.from_numpy(scores[fake])
        return LOSSES[name].discriminator(*sides).item()

    best = np.array([math.log(right / wrong), 0.0])
    assert value(best) == pytest.approx(expected, abs=1e-12)
    assert is_least(value, best)


def test_the_relativistic_value_is_log_2_on_equal_sides_and_nothing_on_disjoint_ones() -> None:
    loss = LOSSES["relativistic"]

    def value(scores: Array) -> float:
        return loss.discriminator(*all_pairs("equal", scores)).item()

    assert value(np.zeros(4)) == pytest.approx(math.log(2), abs=1e-12)
    assert is_least(value, np.zeros(4))
    sure = log_ratio(*shares("apart"))
    assert loss.discriminator(*all_pairs("apart", sure)).item() < 1e-12


# The generator where D is sure


def slopes(scores: Scores, real: Tensor, fake: Tensor) -> tuple[Array, Array]:
    """The gradients of each summand, not of the mean, in real and in fake scores."""
    real, fake = real.clone().requires_grad_(), fake.clone().requires_grad_()
    found = torch.autograd.grad(scores(real, fake), (real, fake), materialize_grads=True)
    return found[0].numpy() * len(real), found[1].numpy() * len(fake)


def test_the_saturating_g_stands_still_where_d_is_sure_and_the_other_moves() -> None:
    real, fake = torch.full((5,), 20.0).double(), torch.full((5,), -20.0).double()
    for name, speed in (("minimax", expit(-20)), ("non_saturating", expit(20)), ("wgan", 1.0)):
        _, found = slopes(LOSSES[name].generator, real, fake)
        np.testing.assert_allclose(found, -speed, rtol=1e-9)
    assert np.abs(slopes(LOSSES["minimax"].generator, real, fake)[1]).max() < 1e-8


def test_both_generators_pull_every_score_up_and_agree_where_d_knows_nothing() -> None:
    zero = torch.zeros(3).double()
    for name in ("minimax", "non_saturating"):
        np.testing.assert_allclose(slopes(LOSSES[name].generator, zero, zero)[1], -0.5)


# Gradients without autograd


def step(condition: Array) -> Array:
    return condition.astype(float)


Formula = Callable[[Array, Array], tuple[Array, Array]]
CROSS_ENTROPY: Formula = lambda r, f: (-expit(-r), expit(f))  # noqa: E731
NON_SATURATING: Formula = lambda r, f: (0 * r, -expit(-f))  # noqa: E731
MEAN_SCORE: Formula = lambda r, f: (0 * r, 0 * f - 1)  # noqa: E731
DIFFERENCE: Formula = lambda r, f: (0 * r - 1, 0 * f + 1)  # noqa: E731
PAIRED = (
    lambda r, f: (-expit(f - r), expit(f - r)),
    lambda r, f: (expit(r - f), -expit(r - f)),
)
# The slope of one summand in (real, fake): of D's loss, then of G's.
BY_HAND: dict[str, tuple[Formula, Formula]] = {
    "minimax": (CROSS_ENTROPY, lambda r, f: (0 * r, -expit(f))),
    "non_saturating": (CROSS_ENTROPY, NON_SATURATING),
    "dragan": (CROSS_ENTROPY, NON_SATURATING),
    "wgan": (DIFFERENCE, MEAN_SCORE),
    "wgan_gp": (DIFFERENCE, MEAN_SCORE),
    "lsgan": (lambda r, f: (r - 1, f), lambda r, f: (0 * r, f - 1)),
    "hinge": (lambda r, f: (-step(r < 1), step(f > -1)), MEAN_SCORE),
    "loss_sensitive": (lambda r, f: (-expit(-r), 0 * f), NON_SATURATING),
    "relativistic": PAIRED,
    "r3gan": PAIRED,
}


def test_no_row_of_the_table_lacks_its_formula() -> None:
    assert set(BY_HAND) == set(LOSSES)


@pytest.mark.parametrize("name", LOSSES)
def test_values_are_finite_and_gradients_are_the_formulas_up_to_scores_of_200(name: str) -> None:
    line = np.array([-200.0, -30.0, -4.5, -0.7, 0.0, 0.3, 2.5, 30.0, 200.0])
    real, fake = (grid.ravel() for grid in np.meshgrid(line, line))
    sides = torch.from_numpy(real), torch.from_numpy(fake)
    loss = LOSSES[name]
    for scores, formula in zip((loss.discriminator, loss.generator), BY_HAND[name], strict=True):
        assert scores(*sides).isfinite()
        assert scores(*(side.float() for side in sides)).isfinite()
        for found, expected in zip(slopes(scores, *sides), formula(real, fake), strict=True):
            np.testing.assert_allclose(found, expected, atol=1e-12)
        for found in slopes(scores, *(side.float() for side in sides)):
            assert np.isfinite(found).all()


# Raw scores, pairs


def test_least_squares_squares_raw_scores_without_a_sigmoid() -> None:
    fives = torch.full((4,), 5.0)
    zeros, ones = torch.zeros(4), torch.ones(4)
    assert LOSSES["lsgan"].discriminator(fives, zeros).item() == (5 - 1) ** 2 / 2
    assert LOSSES["lsgan"].discriminator(ones, fives).item() == 5**2 / 2
    assert LOSSES["lsgan"].generator(zeros, fives).item() == (5 - 1) ** 2 / 2


@pytest.mark.parametrize("name", ["relativistic", "r3gan"])
def test_the_relativistic_terms_are_means_over_pairs_not_terms_of_means(name: str) -> None:
    real = torch.tensor([6.0, -6.0]).double()
    fake = torch.tensor([-6.0, 6.0]).double()  # equal means: of means, both terms were log 2
    each = np.log1p(np.exp([12.0, -12.0]))
    assert LOSSES[name].generator(real, fake).item() == pytest.approx(each.mean(), rel=1e-12)
    assert LOSSES[name].discriminator(real, fake).item() == pytest.approx(each.mean(), rel=1e-12)
    swapped = fake.flip(0)  # other partners, other value: the pairs are those of the batch
    assert LOSSES[name].generator(real, swapped).item() == pytest.approx(math.log(2), rel=1e-12)


def test_the_relativistic_generator_wants_the_generated_score_above_the_real_one() -> None:
    real, fake = torch.tensor([3.0, 1.0]).double(), torch.tensor([1.0, 2.5]).double()
    expected = np.log1p(np.exp([2.0, -1.5])).mean()
    assert LOSSES["relativistic"].generator(real, fake).item() == pytest.approx(expected, rel=1e-12)


def test_the_loss_sensitive_game_leaves_generated_scores_to_its_margin() -> None:
    loss = LOSSES["loss_sensitive"]
    real = torch.tensor([0.0, 2.0]).double()
    expected = np.log1p(np.exp([0.0, -2.0])).mean()
    for fake in (-9.0, 0.0, 9.0):
        value = loss.discriminator(real, torch.full((2,), fake).double()).item()
        assert value == pytest.approx(expected, rel=1e-12)
    assert loss.needs == "margin"
    assert [name for name, row in LOSSES.items() if row.needs] == ["loss_sensitive"]
