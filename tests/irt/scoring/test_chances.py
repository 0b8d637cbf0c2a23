"""Probabilities and bands: what they are, and whether the intervals hold what they promise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from irt import CalibrationOptions, ResponseMatrix, calibrate, curve_band, estimate_abilities, irf, probabilities
from irt.errors import FitError, ResponsesError


@pytest.fixture(scope="module")
def fitted(lsat6):
    return calibrate(lsat6)


class TestProbabilities:
    def test_are_the_curve_at_the_ability(self, fitted, lsat6):
        abilities = estimate_abilities(lsat6, fitted)
        found = probabilities(lsat6, fitted)
        np.testing.assert_allclose(found.probability, irf(abilities.theta, fitted.items), rtol=1e-14)
        np.testing.assert_array_equal(found.correct, lsat6.scores)
        assert found.person_ids == lsat6.person_ids
        assert found.item_ids == lsat6.item_ids

    def test_lie_inside_their_interval(self, fitted, lsat6):
        found = probabilities(lsat6, fitted)
        assert (found.lower > 0).all()
        assert (found.lower < found.probability).all()
        assert (found.probability < found.upper).all()
        assert (found.upper < 1).all()

    def test_variance_of_a_product_of_independent_estimates(self, fitted, lsat6):
        """Reference: the spread of a * theta + d over a million draws of both."""
        abilities = estimate_abilities(lsat6, fitted)
        found = probabilities(lsat6, fitted)
        rng = np.random.default_rng(81)
        person, item = 7, 2
        mean = [fitted.items.discrimination[item], fitted.items.intercept[item]]
        draws = rng.multivariate_normal(mean, fitted.item_covariance()[item], 1_000_000)
        theta = rng.normal(abilities.theta[person], abilities.se[person], 1_000_000)
        upper = np.log(found.upper / (1 - found.upper))[person, item]
        middle = np.log(found.probability / (1 - found.probability))[person, item]
        # The standard deviation of a million draws is good to 0.1 %.
        assert (upper - middle) / 1.959964 == pytest.approx((draws[:, 0] * theta + draws[:, 1]).std(), rel=0.005)

    def test_items_without_calibration_are_nan(self, fitted, lsat6):
        more = ResponseMatrix.from_array(
            np.hstack([np.ones((32, 1)), lsat6.scores]), item_ids=["new", *lsat6.item_ids], weights=lsat6.weights
        )
        found = probabilities(more, fitted)
        for table in (found.probability, found.lower, found.upper):
            assert np.isnan(table[:, 0]).all()
            assert np.isfinite(table[:, 1:]).all()
        np.testing.assert_allclose(found.probability[:, 1:], probabilities(lsat6, fitted).probability, rtol=1e-12)

    def test_person_without_an_ability_is_nan(self, fitted):
        matrix = ResponseMatrix.from_array([[1, 1, 1, 1, 1], [1, 0, 1, 0, 1]])
        found = probabilities(matrix, fitted, estimate_abilities(matrix, fitted, "ML"))
        assert np.isnan(found.probability[0]).all()
        assert np.isfinite(found.probability[1]).all()

    def test_unknown_item_errors_leave_no_interval(self, fitted, lsat6):
        covariance = fitted.covariance.copy()
        covariance[:2] = covariance[:, :2] = np.nan
        found = probabilities(lsat6, replace(fitted, covariance=covariance))
        assert np.isfinite(found.probability).all()
        assert np.isnan(found.lower[:, 0]).all()
        assert np.isfinite(found.lower[:, 1:]).all()

    def test_abilities_of_others_are_refused(self, fitted, lsat6):
        others = estimate_abilities(ResponseMatrix.from_array([[1, 0, 1, 0, 1]]), fitted)
        with pytest.raises(ResponsesError, match="those of the persons in the matrix, in the same order"):
            probabilities(lsat6, fitted, others)


class TestPredictive:
    def test_is_the_average_over_the_posterior(self, fitted, lsat6):
        """Reference: the posterior written out on 4,001 points, for a population of its own."""
        abilities = estimate_abilities(lsat6, fitted, population=(0.3, 1.2))
        found = probabilities(lsat6, fitted, abilities, kind="predictive")
        theta = np.linspace(-10, 10, 4001)
        p = irf(theta, fitted.items)
        likelihood = np.where(lsat6.scores[:, None, :] == 1, p, 1 - p).prod(axis=2)
        posterior = likelihood * np.exp(-0.5 * ((theta - 0.3) / 1.2) ** 2)
        posterior /= posterior.sum(axis=1, keepdims=True)
        # The grid ends at 6 standard deviations.
        np.testing.assert_allclose(found.probability, posterior @ p, atol=1e-7)

    def test_is_closer_to_one_half_in_an_interval_of_the_same_size(self, fitted, lsat6):
        bold, found = (probabilities(lsat6, fitted, kind=kind) for kind in ("estimate", "predictive"))
        assert (np.abs(found.probability - 0.5) < np.abs(bold.probability - 0.5) + 0.01).all()
        np.testing.assert_array_equal(found.lower, bold.lower)

    def test_adds_up_to_the_score_that_was_reached(self, simulate):
        """Identity: means over the posterior add up over persons to the expected shares, up to sampling."""
        slopes, intercepts = np.full(6, 1.5), np.linspace(-2, 2, 6)
        matrix = simulate(85, 4000, slopes, intercepts)
        found = probabilities(matrix, calibrate(matrix), kind="predictive")
        # At the maximum of the likelihood they are equal but for the fit's tolerance.
        np.testing.assert_allclose(found.probability.mean(axis=0), matrix.scores.mean(axis=0), atol=1e-5)

    def test_person_without_an_ability_is_nan(self, fitted):
        matrix = ResponseMatrix.from_array([[1, 1, 1, 1, 1]])
        found = probabilities(matrix, fitted, estimate_abilities(matrix, fitted, "ML"), kind="predictive")
        assert np.isnan(found.probability).all()

    def test_unknown_kind(self, fitted, lsat6):
        with pytest.raises(FitError, match="one of estimate, predictive, not 'mean'"):
            probabilities(lsat6, fitted, kind="mean")


@pytest.fixture(scope="module")
def guessed(simulate):
    """Answers of which a quarter of the wrong ones are lucky, their 3PL, and the true probabilities."""
    rng = np.random.default_rng(86)
    slopes, intercepts, theta = rng.lognormal(0, 0.3, 20), rng.normal(0, 1, 20), rng.normal(size=1500)
    answers = simulate(87, 1500, slopes, intercepts, theta=theta).scores.copy()
    lucky = (answers == 0) & (rng.random(answers.shape) < 0.25)
    matrix = ResponseMatrix.from_array(np.where(lucky, 1, answers))
    truth = 0.25 + 0.75 / (1 + np.exp(-(np.outer(theta, slopes) + intercepts)))
    return matrix, calibrate(matrix, model="3PL"), truth


class TestAsymptotes:
    def test_intervals_hold_the_true_probability(self, guessed):
        """Recovery: one exam of 30,000 pairs, whose 20 items go together: about a percentage point."""
        matrix, fitted, truth = guessed
        found = probabilities(matrix, fitted)
        held = float(((truth > found.lower) & (truth < found.upper)).mean())
        assert held == pytest.approx(0.95, abs=0.03)
        assert ((found.lower < found.probability) & (found.probability < found.upper)).all()

    def test_far_left_only_the_error_of_guessing_is_left(self, guessed):
        """Identity: the interval of guessing itself, on the logit scale."""
        matrix, fitted, _ = guessed
        one = matrix.take(np.arange(1))
        abilities = replace(estimate_abilities(one, fitted), theta=np.array([-60.0]), se=np.array([0.5]))
        found = probabilities(one, fitted, abilities)
        g = fitted.items.guessing
        half = 1.959963984540054 * fitted.standard_errors.guessing / (g * (1 - g))
        np.testing.assert_allclose(found.upper[0], 1 / (1 + (1 - g) / g * np.exp(-half)), rtol=1e-6)
        np.testing.assert_allclose(found.lower[0], 1 / (1 + (1 - g) / g * np.exp(half)), rtol=1e-6)

    def test_at_a_known_ability_it_is_the_band(self, guessed):
        matrix, fitted, _ = guessed
        few = matrix.take(np.arange(40))
        abilities = estimate_abilities(few, fitted)
        found = probabilities(few, fitted, replace(abilities, se=np.zeros(40)))
        band = curve_band(abilities.theta, fitted)
        np.testing.assert_allclose(found.lower, band.lower, atol=1e-12)
        np.testing.assert_allclose(found.upper, band.upper, atol=1e-12)


def test_flat_and_extreme_items_have_intervals(fitted, lsat6):
    """A slope of 0 (no difficulty at all) and a curve that is at its end."""
    items = replace(
        fitted.items,
        discrimination=np.array([0.0, 1e-12, 1.0, 30.0, 1.0]),
        intercept=np.array([1.0, 1.0, 40.0, 0.0, -40.0]),
    )
    found = probabilities(lsat6, replace(fitted, items=items))
    for table in (found.probability, found.lower, found.upper):
        assert np.isfinite(table).all()
    assert (found.lower <= found.probability).all()
    assert (found.probability <= found.upper).all()


@pytest.mark.parametrize(
    ("n_persons", "n_items", "prior"), [(400, 12, "weak"), (500, 30, None), (2000, 8, None)], ids=str
)
def test_intervals_hold_the_true_probability(simulate, n_persons, n_items, prior):
    """Recovery: over several exams, 95 % of all person-item pairs, for known truth and fitted items."""
    held = []
    for seed in range(8):
        rng = np.random.default_rng(1000 + seed)
        slopes, intercepts = rng.lognormal(0, 0.3, n_items), rng.normal(0, 1, n_items)
        theta = rng.normal(size=n_persons)
        matrix = simulate(2000 + seed, n_persons, slopes, intercepts, theta=theta)
        fitted = calibrate(matrix, options=CalibrationOptions(prior=prior))
        truth = 1 / (1 + np.exp(-(np.outer(theta, slopes) + intercepts)))
        found = probabilities(matrix, fitted)
        held.append(float(((truth > found.lower) & (truth < found.upper)).mean()))
    # Pairs of one exam go together: exams differ by about 0.5 percentage points, their mean by 0.2. Posteriors that
    # are not quite normal cost up to 1.
    assert np.mean(held) == pytest.approx(0.95, abs=0.015), held


class TestCurveBand:
    def test_holds_the_curve_and_widens_away_from_the_answers(self, fitted):
        theta = np.linspace(-4, 4, 81)
        band = curve_band(theta, fitted)
        np.testing.assert_allclose(band.probability, irf(theta, fitted.items), rtol=1e-14)
        assert ((band.lower < band.probability) & (band.probability < band.upper)).all()
        width = np.log(band.upper / (1 - band.upper)) - np.log(band.lower / (1 - band.lower))
        # Each item's band on the logit scale has one waist.
        assert (np.sum(np.diff(np.sign(np.diff(width, axis=0)), axis=0) > 0, axis=0) <= 1).all()

    def test_covers_the_true_curve(self, simulate):
        slopes, intercepts = np.linspace(0.6, 1.6, 10), np.linspace(-1.5, 1.5, 10)
        theta = np.linspace(-2, 2, 9)
        truth = 1 / (1 + np.exp(-(np.outer(theta, slopes) + intercepts)))
        held = []
        for seed in range(40):
            band = curve_band(theta, calibrate(simulate(3000 + seed, 600, slopes, intercepts)))
            held.append(float(((truth > band.lower) & (truth < band.upper)).mean()))
        # 400 nearly independent curves: a standard error of 1.1 percentage points.
        assert np.mean(held) == pytest.approx(0.95, abs=0.033)
