"""Abilities by number right: mirt's digits, identities, defined answers."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from irt import ItemParameters, ResponseMatrix, calibrate, estimate_abilities, irf, score_table, sem
from irt import test_information as information_of
from irt.calibration.result import Population
from irt.errors import FitError, ResponsesError
from irt.scoring.result import ScoreTable

# fscores(mirt(data, 1, "2PL", TOL = 1e-8), method = "EAPsum", full.scores = FALSE): F1, SE_F1, expected of 1,000.
LSAT6_EAPSUM = (
    [-1.8967701, -1.4129571, -0.93520881, -0.44552491, 0.074604125, 0.64562088],
    [0.80127688, 0.8043789, 0.81048842, 0.82190718, 0.83886348, 0.85900664],
    [2.2764882, 20.468774, 89.027606, 229.12616, 362.42205, 296.67892],
)
LSAT7_EAPSUM = (
    [-1.8697835, -1.4318646, -0.94885394, -0.41319641, 0.15173286, 0.72718485],
    [0.69269966, 0.68386559, 0.69422853, 0.72109585, 0.7587717, 0.80093205],
    [10.089857, 44.658993, 109.773, 207.73827, 319.18596, 308.55392],
)


@pytest.mark.parametrize(("name", "digits"), [("lsat6", LSAT6_EAPSUM), ("lsat7", LSAT7_EAPSUM)])
def test_mirt(request, name, digits):
    found = score_table(calibrate(request.getfixturevalue(name)))
    # mirt's digits end at 1e-8, but its slopes stop 1e-5 from the maximum.
    np.testing.assert_allclose(found.theta, digits[0], atol=2e-5)
    np.testing.assert_allclose(found.se, digits[1], atol=2e-5)
    np.testing.assert_allclose(1000 * found.expected, digits[2], atol=2e-3)


def test_is_the_posterior_over_patterns(lsat7):
    """Identity: by the law of total expectation and variance, from all 32 patterns."""
    fitted = calibrate(lsat7)
    patterns = np.array(list(product((0, 1), repeat=5)))
    persons = estimate_abilities(ResponseMatrix.from_array(patterns), fitted)
    theta = np.linspace(-8, 8, 801)
    p = irf(theta, fitted.items)
    likelihood = np.where(patterns[:, None, :] == 1, p, 1 - p).prod(axis=2)
    share = likelihood @ np.exp(-0.5 * theta**2) / np.exp(-0.5 * theta**2).sum()
    found = score_table(fitted)
    for score in range(6):
        same = patterns.sum(axis=1) == score
        weights = share[same] / share[same].sum()
        mean = weights @ persons.theta[same]
        variance = weights @ (persons.se[same] ** 2 + (persons.theta[same] - mean) ** 2)
        # The grid ends at +-6.
        assert found.theta[score] == pytest.approx(mean, abs=1e-6)
        assert found.se[score] == pytest.approx(np.sqrt(variance), abs=1e-6)
        assert found.expected[score] == pytest.approx(share[same].sum(), abs=1e-7)


def test_with_one_slope_it_is_eap(lsat6):
    """Identity: in the 1PL the number right says all."""
    fitted = calibrate(lsat6, model="1PL")
    persons = estimate_abilities(lsat6, fitted)
    found = score_table(fitted)
    right = lsat6.scores.sum(axis=1)
    np.testing.assert_allclose(found.theta[right], persons.theta, atol=1e-9)
    np.testing.assert_allclose(found.se[right], persons.se, atol=1e-9)


def test_observed_shares(lsat6):
    more = ResponseMatrix.from_array(
        np.vstack([lsat6.scores, [1, 1, -1, 1, 1]]), weights=[*lsat6.weights, 7], item_ids=lsat6.item_ids
    )
    found = score_table(calibrate(lsat6), more)
    # LSAT6 has these numbers of persons with 0 to 5 right; who left an item out does not enter.
    np.testing.assert_allclose(1000 * found.observed, [3, 20, 85, 237, 357, 298], rtol=1e-12)
    assert found.n_observed == 1000


class TestNothingObserved:
    def test_without_answers(self, lsat6):
        found = score_table(calibrate(lsat6))
        assert np.isnan(found.observed).all()
        assert found.n_observed == 0

    def test_an_item_that_nobody_was_given(self, lsat6):
        found = score_table(calibrate(lsat6), lsat6.take(items=np.arange(4)))
        assert np.isnan(found.observed).all()
        assert found.n_observed == 0

    def test_other_items(self, lsat6):
        with pytest.raises(ResponsesError, match="None of the 1 items"):
            score_table(calibrate(lsat6), ResponseMatrix.from_array([[1]], item_ids=["x"]))


def test_reliability_is_the_correlation_with_a_repeat(lsat7, simulate):
    """Recovery: two simulated administrations."""
    fitted = calibrate(lsat7)
    theta = np.random.default_rng(21).normal(size=100_000)
    first, second = (
        simulate(seed, len(theta), fitted.items.discrimination, fitted.items.intercept, theta=theta).scores.sum(axis=1)
        for seed in (22, 23)
    )
    # The standard error of a correlation of .46 from 100,000 persons is 0.0025.
    assert score_table(fitted).reliability == pytest.approx(np.corrcoef(first, second)[0, 1], abs=0.01)


class TestPopulation:
    def test_moving_it_moves_the_scale(self, lsat6):
        """Identity: items as they look to a group with mean 0.4 and standard deviation 1.5."""
        fitted = calibrate(lsat6)
        items = fitted.items
        seen = ItemParameters.from_arrays(
            items.item_ids, 1.5 * items.discrimination, intercept=items.intercept + 0.4 * items.discrimination
        )
        found, plain = score_table(fitted, population=(0.4, 1.5)), score_table(replace(fitted, items=seen))
        np.testing.assert_allclose(found.theta, 0.4 + 1.5 * plain.theta, atol=1e-12)
        np.testing.assert_allclose(found.se, 1.5 * plain.se, atol=1e-12)
        np.testing.assert_allclose(found.expected, plain.expected, atol=1e-14)
        assert found.reliability == pytest.approx(plain.reliability, rel=1e-12)
        assert found.population == (0.4, 1.5)

    def test_the_calibrations_own(self, lsat6):
        fitted = replace(calibrate(lsat6), population=Population(mean=0.4, sd=1.5))
        np.testing.assert_array_equal(score_table(fitted).theta, score_table(fitted, population=(0.4, 1.5)).theta)

    def test_must_spread(self, lsat6):
        with pytest.raises(FitError, match=r"a finite mean and a positive standard deviation, not \(0, 0\)"):
            score_table(calibrate(lsat6), population=(0, 0))


def test_ability_at_the_expected_score(lsat6):
    found = score_table(calibrate(lsat6))
    assert isinstance(found, ScoreTable)
    assert np.isnan(found.theta_expected).tolist() == [True, False, False, False, False, True]
    assert (np.diff(found.theta_expected[1:5]) > 0).all()


def test_a_long_exam_has_defined_ends(lsat6):
    """200 items: scores far below what guessing brings have shares near 1e-30, and still an ability."""
    fitted = calibrate(lsat6)
    items = ItemParameters.from_arrays(
        [f"q{k}" for k in range(200)], np.full(200, 1.2), difficulty=np.linspace(-2, 2, 200), guessing=0.25
    )
    found = score_table(replace(fitted, items=items))
    assert np.isfinite(found.theta).all()
    assert (np.diff(found.theta) > -1e-9).all()
    assert found.expected.sum() == pytest.approx(1.0, abs=1e-12)


class TestSem:
    def test_is_one_over_the_root_of_the_information(self):
        items = ItemParameters.from_arrays(["a", "b"], [1.0, 2.0], difficulty=[0.0, 1.0])
        theta = np.array([-1.0, 0.0, 3.0])
        np.testing.assert_allclose(sem(theta, items), information_of(theta, items) ** -0.5, rtol=1e-14)

    def test_nothing_told_is_nan(self):
        assert np.isnan(sem(0.0, ItemParameters.from_arrays(["a"], [0.0], intercept=[1.0])))[0]
