"""Abilities: reference digits, identities, defined answers for every pattern."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from irt import Calibration, ItemParameters, ResponseMatrix, calibrate, estimate_abilities, irf
from irt.calibration.file import from_dict
from irt.calibration.result import Population
from irt.errors import FitError, ResponsesError
from irt.scoring.estimating_equations import equation

METHODS = ("EAP", "MAP", "ML", "WLE")


def known(items: ItemParameters) -> Calibration:
    """A calibration with these parameters, by way of the file format."""
    records = [
        {"item_id": name, "discrimination": a, "intercept": d, "guessing": g, "upper_asymptote": u}
        for name, a, d, g, u in zip(
            items.item_ids,
            items.discrimination.tolist(),
            items.intercept.tolist(),
            items.guessing.tolist(),
            items.upper_asymptote.tolist(),
            strict=True,
        )
    ]
    return from_dict({"format": "itemwise-calibration/1", "model": "4PL", "status": "converged", "items": records})


@pytest.fixture(scope="module")
def fitted(lsat6):
    return calibrate(lsat6)


# fscores(mirt(LSAT6, 1, "2PL"), method = ..., full.scores = FALSE): theta and SE of four patterns; None is Inf or NA.
PATTERNS = [[0, 0, 0, 0, 0], [0, 0, 0, 0, 1], [0, 0, 0, 1, 0], [0, 0, 0, 1, 1]]
EXPECTED = {
    "EAP": ([-1.8967701, -1.4748138, -1.4545279, -1.0294369], [0.80127688, 0.80227565, 0.80241059, 0.80712636]),
    "MAP": ([-1.8952596, -1.4795084, -1.4595327, -1.0412965], [0.79552458, 0.79612974, 0.79623623, 0.80025398]),
    "ML": ([np.nan, -4.3572941, -4.2726218, -2.8678752], [np.nan, 1.6527097, 1.6259853, 1.360454]),
    "WLE": ([-5.7039017, -3.9514983, -3.890606, -2.7566144], [2.0505284, 1.3957062, 1.3845674, 1.2715537]),
}


@pytest.mark.parametrize("method", METHODS)
def test_lsat6_patterns(fitted, method):
    found = estimate_abilities(ResponseMatrix.from_array(PATTERNS), fitted, method)
    theta, se = EXPECTED[method]
    np.testing.assert_allclose(found.theta, theta, atol=1e-5)
    # mirt differentiates numerically: its standard errors of ML and WLE end at 1e-4.
    np.testing.assert_allclose(found.se, se, atol=2e-6 if method in ("EAP", "MAP") else 1e-4)


def test_eap_against_the_definition(fitted):
    """Reference: the posterior written out on 4,001 points."""
    theta = np.linspace(-10, 10, 4001)
    a, d = fitted.items.discrimination, fitted.items.intercept
    p = 1 / (1 + np.exp(-(np.outer(theta, a) + d)))
    answers = np.array([1, 0, -1, 1, 0])
    density = np.exp(-0.5 * theta**2) * np.where(answers == 1, p, np.where(answers == 0, 1 - p, 1)).prod(axis=1)
    density /= density.sum()
    found = estimate_abilities(ResponseMatrix.from_array([answers]), fitted)
    mean = density @ theta
    # The grid ends at +-6.
    assert found.theta[0] == pytest.approx(mean, abs=1e-7)
    assert found.se[0] == pytest.approx(np.sqrt(density @ (theta - mean) ** 2), abs=1e-6)


class TestEveryPatternHasAnAnswer:
    @pytest.fixture
    def matrix(self):
        return ResponseMatrix.from_array([[1] * 5, [0] * 5, [-1] * 5, [1, 0, -1, -1, -1], [-1, 1, -1, -1, -1]])

    @pytest.mark.parametrize("method", ["EAP", "MAP"])
    def test_with_a_population(self, fitted, matrix, method):
        found = estimate_abilities(matrix, fitted, method)
        assert found.theta[0] > found.theta[4] > 0 > found.theta[1]
        # Without answers: the population.
        assert found.theta[2] == pytest.approx(0.0, abs=1e-9)
        assert found.se[2] == pytest.approx(1.0, abs=1e-7)
        assert found.items_answered.tolist() == [5, 5, 0, 2, 1]

    def test_ml(self, fitted, matrix):
        found = estimate_abilities(matrix, fitted, "ML")
        assert np.isnan(found.theta).tolist() == [True, True, True, False, True]
        np.testing.assert_array_equal(np.isnan(found.se), np.isnan(found.theta))

    def test_wle(self, fitted, matrix):
        found = estimate_abilities(matrix, fitted, "WLE")
        assert np.isnan(found.theta).tolist() == [False, False, True, False, False]
        assert found.theta[0] > 0 > found.theta[1]

    def test_all_wrong_on_a_reversed_item_is_not_an_extreme(self):
        items = ItemParameters.from_arrays(["a", "b"], [1.0, -1.0], difficulty=[0.0, 0.0])
        matrix = ResponseMatrix.from_array([[0, 0], [1, 1], [1, 0]], item_ids=["a", "b"])
        found = estimate_abilities(matrix, known(items), "ML")
        np.testing.assert_allclose(found.theta[:2], 0.0, atol=1e-9)
        assert np.isnan(found.theta[2])

    def test_nobody(self, fitted):
        for method in METHODS:
            assert estimate_abilities(ResponseMatrix.from_array(np.zeros((0, 5))), fitted, method).theta.shape == (0,)


@pytest.mark.parametrize("method", ["MAP", "ML", "WLE"])
def test_estimates_solve_their_equation(simulate, method):
    rng = np.random.default_rng(61)
    items = ItemParameters.from_arrays(
        [f"Item_{k}" for k in range(1, 41)], rng.lognormal(0, 0.5, 40), difficulty=rng.normal(0, 1.5, 40)
    )
    matrix = simulate(62, 500, items.discrimination, items.intercept, missing=0.3, theta=rng.normal(0, 2, 500))
    found = estimate_abilities(matrix, known(items), method)
    there = np.isfinite(found.theta)
    assert there.sum() > 450
    there = equation(found.theta[there], matrix.scores[there], items, method)
    np.testing.assert_allclose(there.value / there.falling, 0.0, atol=1e-10)


@pytest.mark.parametrize("asymptotes", [False, True])
def test_derivative_of_the_equations(asymptotes):
    """Derivative: central differences, with a negative slope and a missing answer."""
    items = ItemParameters.from_arrays(
        list("abcdef"),
        [1, 0.7, -0.5, 2, 1.3, 0.8],
        intercept=[0, 1, -1, 0.3, -0.7, 2],
        guessing=np.array([0.2, 0, 0.1, 0, 0, 0.3]) * asymptotes,
        upper_asymptote=1 - np.array([0, 0.05, 0, 0, 0.1, 0]) * asymptotes,
    )
    theta, step = np.linspace(-3, 3, 25), 1e-5
    scores = np.tile(np.array([1, 0, 1, -1, 0, 1], dtype=np.int8), (25, 1))

    for method in ("MAP", "ML", "WLE"):
        above, below = (equation(theta + move, scores, items, method).value for move in (step, -step))
        falling = equation(theta, scores, items, method).falling
        np.testing.assert_allclose(falling, -(above - below) / (2 * step), atol=1e-8, err_msg=method)


def heights(items, patterns, theta):
    """Log-likelihood of complete patterns at each ability, written out."""
    p = irf(theta, items)
    return patterns.scores @ np.log(p.T) + (1 - patterns.scores) @ np.log(np.maximum(1 - p, 1e-300).T)


@pytest.fixture(scope="module")
def items():
    """Eight items with guessing, three of them with an upper asymptote."""
    rng = np.random.default_rng(31)
    return ItemParameters.from_arrays(
        [f"Item_{k}" for k in range(1, 9)],
        rng.lognormal(0.5, 0.5, 8),
        difficulty=rng.normal(0, 1.5, 8),
        guessing=rng.uniform(0.05, 0.35, 8),
        upper_asymptote=np.where(np.arange(8) % 3 == 0, 0.97, 1.0),
    )


@pytest.fixture(scope="module")
def patterns():
    """All 256 patterns of eight items."""
    return ResponseMatrix.from_array((np.arange(256)[:, None] >> np.arange(8)) & 1)


class TestAsymptotes:
    """Likelihoods with guessing and upper asymptotes: several maxima, or none."""

    @pytest.mark.parametrize("method", ["MAP", "ML"])
    def test_the_highest_of_all_maxima(self, items, patterns, method):
        """Reference: the highest point of 16,001, for all 256 patterns."""
        theta = np.linspace(-40, 40, 16_001)
        height = heights(items, patterns, theta) - (0.5 * theta**2 if method == "MAP" else 0)
        rising = np.diff(height, axis=1) > 1e-12
        n_tops = (rising[:, :-1] & ~rising[:, 1:]).sum(axis=1)
        assert (n_tops > 1).sum() >= (5 if method == "ML" else 0)
        best = height.argmax(axis=1)
        exists = height.max(axis=1) > np.maximum(height[:, 0], height[:, -1]) + 1e-8
        found = estimate_abilities(patterns, known(items), method)
        np.testing.assert_array_equal(np.isfinite(found.theta), exists)
        # Distance of the points.
        np.testing.assert_allclose(found.theta[exists], theta[best[exists]], atol=5.1e-3)

    def test_fewer_right_than_guessing_brings_is_not_a_number(self, items, patterns):
        found = estimate_abilities(patterns, known(items), "ML")
        nobody = np.isnan(found.theta)
        right = patterns.scores.sum(axis=1)
        assert nobody[right == 0].all()
        assert nobody[right == 1].any()
        # With guessing a lucky answer is no evidence of ability: the other methods say how weak the person is.
        for method in ("EAP", "MAP", "WLE"):
            other = estimate_abilities(patterns, known(items), method)
            assert np.isfinite(other.theta).all()
            assert (other.theta[nobody & (right < 4)] < 0).all()

    def test_warms_estimate_solves_its_equation(self, items, patterns):
        found = estimate_abilities(patterns, known(items), "WLE")
        there = equation(found.theta, patterns.scores, items, "WLE")
        np.testing.assert_allclose(there.value, 0.0, atol=1e-9)
        assert (there.falling > 0).all()


def test_several_maxima_without_asymptotes():
    """Warm's weight has a top at each group of steep items: the estimate is the highest of 8,001 points."""
    items = ItemParameters.from_arrays(
        [f"Item_{k}" for k in range(1, 5)], [6.0, 6.0, 6.0, 6.0], difficulty=[-2.0, -1.8, 1.8, 2.0]
    )
    patterns = ResponseMatrix.from_array((np.arange(16)[:, None] >> np.arange(4)) & 1)
    theta = np.linspace(-8, 8, 8001)
    p = irf(theta, items)
    height = heights(items, patterns, theta) + 0.5 * np.log((36 * p * (1 - p)).sum(axis=1))
    top = height.max(axis=1)
    found = estimate_abilities(patterns, known(items), "WLE")
    reached = np.array([np.interp(at, theta, row) for at, row in zip(found.theta, height, strict=True)])
    # Between points 0.002 apart the curve falls by 1e-5 at most; patterns of two equal tops may have either.
    np.testing.assert_allclose(reached, top, atol=1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_flat_items_say_nothing_of_however_many_persons(method):
    items = ItemParameters.from_arrays(["a", "b"], [0.0, 0.0], intercept=[2.0, -1.0])
    matrix = ResponseMatrix.from_array(np.tile([[0, 1], [1, 1]], (5000, 1)), item_ids=["a", "b"])
    found = estimate_abilities(matrix, known(items), method)
    nothing = (0.0, 1.0) if method in ("EAP", "MAP") else (np.nan, np.nan)
    np.testing.assert_allclose(found.theta, nothing[0], atol=1e-9)
    np.testing.assert_allclose(found.se, nothing[1], atol=1e-7)


def test_nearly_flat_items_lead_nowhere():
    """Beyond 40 logits there is no estimate, and no number that looks like one."""
    items = ItemParameters.from_arrays(["a", "b"], [0.001, 0.001], intercept=[2.0, 2.0])
    matrix = ResponseMatrix.from_array([[0, 1]], item_ids=["a", "b"])
    for method in ("ML", "WLE"):
        found = estimate_abilities(matrix, known(items), method)
        assert np.isnan(found.theta[0])
        assert np.isnan(found.se[0])


def test_contradictions_of_steep_items_have_no_error():
    """The easy one wrong and the hard one right: between them the likelihood is level to 40 digits."""
    items = ItemParameters.from_arrays(["a", "b"], [100.0, 100.0], difficulty=[-1.0, 1.0])
    found = estimate_abilities(ResponseMatrix.from_array([[0, 1]], item_ids=["a", "b"]), known(items), "ML")
    assert -1 < found.theta[0] < 1
    assert np.isnan(found.se[0])


class TestPopulation:
    @pytest.mark.parametrize("method", ["EAP", "MAP"])
    def test_moving_it_moves_the_scale(self, fitted, lsat6, method):
        """Identity: items as they look to a group with mean -0.5 and standard deviation 0.8."""
        items = fitted.items
        seen = ItemParameters.from_arrays(
            items.item_ids, 0.8 * items.discrimination, intercept=items.intercept - 0.5 * items.discrimination
        )
        found = estimate_abilities(lsat6, fitted, method, population=(-0.5, 0.8))
        plain = estimate_abilities(lsat6, known(seen), method)
        np.testing.assert_allclose(found.theta, -0.5 + 0.8 * plain.theta, atol=1e-8)
        np.testing.assert_allclose(found.se, 0.8 * plain.se, atol=1e-8)
        assert found.population == (-0.5, 0.8)

    @pytest.mark.parametrize("method", ["ML", "WLE"])
    def test_says_nothing_to_the_likelihood(self, fitted, lsat6, method):
        found = estimate_abilities(lsat6, fitted, method, population=(3.0, 0.1))
        np.testing.assert_array_equal(found.theta, estimate_abilities(lsat6, fitted, method).theta)

    def test_without_answers_it_is_all_there_is(self, fitted):
        nothing = ResponseMatrix.from_array([[-1] * 5])
        for method in ("EAP", "MAP"):
            found = estimate_abilities(nothing, fitted, method, population=(2.0, 0.5))
            assert found.theta[0] == pytest.approx(2.0, abs=1e-9)
            assert found.se[0] == pytest.approx(0.5, abs=1e-7)

    def test_the_calibrations_own(self, fitted, lsat6):
        own = replace(fitted, population=Population(mean=-0.5, sd=0.8))
        found = estimate_abilities(lsat6, own)
        np.testing.assert_array_equal(found.theta, estimate_abilities(lsat6, fitted, population=(-0.5, 0.8)).theta)

    @pytest.mark.parametrize("population", [(0, -1), (np.nan, 1), (0, np.inf)])
    def test_must_spread(self, fitted, lsat6, population):
        with pytest.raises(FitError, match="a finite mean and a positive standard deviation"):
            estimate_abilities(lsat6, fitted, population=population)


@pytest.mark.parametrize("method", METHODS)
def test_tables_of_weighted_scores_change_nothing(simulate, method):
    """Identity: many persons are looked up in a table, few are estimated one by one."""
    rng = np.random.default_rng(41)
    slopes = rng.lognormal(0, 0.4, 12) * np.where(np.arange(12) == 5, -1, 1)
    items = ItemParameters.from_arrays([f"Item_{k}" for k in range(1, 13)], slopes, intercept=rng.normal(0, 1, 12))
    matrix = simulate(42, 20_000, slopes, items.intercept)
    few = matrix.take(np.arange(300))
    many, one = (estimate_abilities(chosen, known(items), method) for chosen in (matrix, few))
    assert np.isfinite(one.theta).sum() > 290
    # Cubics between points 0.01 or 0.02 apart; one by one, the error is that before the last step of up to 1e-6.
    np.testing.assert_allclose(many.theta[:300], one.theta, atol=1e-8)
    np.testing.assert_allclose(many.se[:300], one.se, rtol=1e-6)


class TestIdentities:
    @pytest.mark.parametrize("method", METHODS)
    def test_items_are_matched_by_id(self, fitted, method):
        matrix = ResponseMatrix.from_array([[1, 0, 1, 1, 0], [0, 1, -1, 1, 1]])
        mixed = matrix.take(items=np.array([4, 2, 0, 1, 3]))
        more = ResponseMatrix.from_array(
            np.hstack([mixed.scores, [[1], [0]]]), item_ids=[*mixed.item_ids, "not calibrated"]
        )
        first, second = estimate_abilities(matrix, fitted, method), estimate_abilities(more, fitted, method)
        np.testing.assert_allclose(first.theta, second.theta, atol=1e-9)
        np.testing.assert_array_equal(first.items_answered, second.items_answered)

    def test_blocks_of_persons_make_no_difference(self, fitted, lsat6, monkeypatch):
        whole = estimate_abilities(lsat6, fitted)
        monkeypatch.setattr("irt.scoring.posterior.BLOCK", 5)
        np.testing.assert_allclose(estimate_abilities(lsat6, fitted).theta, whole.theta, atol=1e-12)

    def test_eap_variance_adds_up(self, fitted, lsat6):
        """Variance of the means plus mean of the variances is that of the population, up to sampling."""
        found = estimate_abilities(lsat6, fitted)
        w = lsat6.weights / lsat6.weights.sum()
        mean = w @ found.theta
        total = w @ (found.theta - mean) ** 2 + w @ found.se**2
        # Exactly 1 in expectation; the standard error of a variance from 1,000 persons is 0.045 at most.
        assert total == pytest.approx(1.0, abs=0.1)


def test_recovery_of_abilities(simulate):
    """The interval of two posterior standard deviations holds 95 % of true abilities, for a long exam."""
    rng = np.random.default_rng(71)
    slopes, intercepts, theta = rng.lognormal(0, 0.3, 40), rng.normal(0, 1, 40), rng.normal(size=4000)
    items = ItemParameters.from_arrays([f"Item_{k}" for k in range(1, 41)], slopes, intercept=intercepts)
    matrix = simulate(72, 4000, slopes, intercepts, theta=theta)
    for method in METHODS:
        found = estimate_abilities(matrix, known(items), method)
        there = np.isfinite(found.theta)
        covered = (np.abs(found.theta - theta) < 1.96 * found.se)[there].mean()
        # 0.35 percentage points of sampling error; EAP is exact, the others asymptotic.
        assert covered == pytest.approx(0.95, abs=0.012 if method == "EAP" else 0.02)


class TestMessages:
    def test_unknown_method(self, fitted, lsat6):
        with pytest.raises(FitError, match="one of EAP, MAP, ML, WLE, not 'eap'"):
            estimate_abilities(lsat6, fitted, "eap")

    def test_other_exam(self, fitted):
        matrix = ResponseMatrix.from_array([[1, 0]], item_ids=["x", "y"])
        with pytest.raises(ResponsesError, match=r"None of the 2 items .* \(answers: x, y; calibration: Item_1, Item"):
            estimate_abilities(matrix, fitted)
