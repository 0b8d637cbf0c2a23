"""Bands: what they are, that they hold what they promise, and what is said where nothing can be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit

from benchmarks.coverage import study
from irt import (
    CalibrationOptions,
    ItemParameters,
    calibrate,
    curve_band,
    difficulty_interval,
    expected_score,
    expected_score_band,
    irf,
)
from irt.scoring.logits import average_irf, logit_gradient, logit_irf
from irt.scoring.simultaneous import path_length, scheffe, tube

#: Slopes weak, steep, reversed; an asymptote that is fixed, and ones that are not.
MIXED = ItemParameters.from_arrays(
    list("abcdef"),
    [0.02, 1.0, -0.7, 2.5, 1.2, 0.8],
    intercept=[0.5, 0.0, 1.0, -2.0, 4.0, -3.0],
    guessing=[0, 0.2, 0.1, 0.25, 0, 0.3],
    upper_asymptote=[1, 1, 0.95, 0.9, 0.98, 1],
)
THETA = np.linspace(-4, 4, 17)


@pytest.fixture(scope="module")
def fitted(lsat6):
    return calibrate(lsat6)


@pytest.fixture(scope="module")
def four(fitted):
    """Five items with four parameters each, with errors of a plausible size that go together."""
    rng = np.random.default_rng(11)
    spread = rng.normal(size=(20, 20)) / 4 + np.eye(20)
    scale = np.tile([0.2, 0.25, 0.04, 0.02], 5)
    items = MIXED.take([1, 2, 3, 4, 5])
    covariance = spread @ spread.T * np.multiply.outer(scale, scale) / 2
    return replace(fitted, items=items, covariance=covariance, options=CalibrationOptions(model="4PL"))


class TestLogits:
    def test_gradient(self):
        """Derivative: central differences by each parameter."""
        names = ("discrimination", "intercept", "guessing", "upper_asymptote")
        found = logit_gradient(THETA, MIXED, 4)
        for place, name in enumerate(names):
            step = np.full(6, 1e-6)
            if place > 1:
                # Asymptotes at 0 and 1 are fixed.
                step[(getattr(MIXED, name) == 0) | (getattr(MIXED, name) == 1)] = 0
            above, below = (replace(MIXED, **{name: getattr(MIXED, name) + move}) for move in (step, -step))
            numerical = (logit_irf(THETA, above) - logit_irf(THETA, below)) / 2e-6
            np.testing.assert_allclose(np.broadcast_to(found[place], (17, 6)), numerical, atol=1e-7, err_msg=name)

    def test_is_the_logit_of_the_curve(self):
        np.testing.assert_allclose(logit_irf(THETA, MIXED), logit(irf(THETA, MIXED)), atol=1e-12)

    def test_far_ends_stay_finite(self):
        steep = replace(MIXED, discrimination=np.array([0.0, 300.0, -300.0, 300.0, 300.0, 300.0]))
        for part in (logit_irf(np.array([-40.0, 40.0]), steep), *logit_gradient(np.array([-40.0, 40.0]), steep, 4)):
            assert np.isfinite(part).all()

    def test_average_over_the_errors(self, four):
        """Reference: 400,000 draws of each item's parameters."""
        rng = np.random.default_rng(12)
        found = average_irf(THETA, four.items, four.item_covariance())
        for j in range(5):
            mean = [getattr(four.items, name)[j] for name in four.items.__slots__[1:]]
            a, d, g, u = rng.multivariate_normal(mean, four.item_covariance()[j], 400_000).T
            drawn = [(g + (u - g) * expit(a * theta + d)).mean() for theta in THETA[::4]]
            # The standard error of these means is below 5e-4; the rule itself is good to 1e-3.
            np.testing.assert_allclose(found[::4, j], drawn, atol=2e-3)


class TestTubes:
    def test_nothing_moves(self):
        assert tube(np.array(0.0)) == pytest.approx(1.959963984540054, abs=1e-12)

    def test_scheffe(self):
        # R: sqrt(qchisq(.95, 1:3))
        assert [scheffe(k) for k in (1, 2, 3)] == pytest.approx([1.959964, 2.447747, 2.795483], abs=1e-6)

    def test_a_half_circle_needs_about_what_scheffe_says(self):
        """A line over all abilities: exact without the two ends that the formula adds."""
        assert scheffe(2) < tube(np.array(np.pi)) < scheffe(2) + 0.11

    def test_length_of_a_quarter_circle(self):
        angle = np.linspace(0, np.pi / 2, 50)
        path = np.stack([np.cos(angle), np.sin(angle)], axis=1) * np.linspace(1, 3, 50)[:, None]
        found = path_length((path[1:] * path[:-1]).sum(axis=1), (path**2).sum(axis=1))
        assert found == pytest.approx(np.pi / 2, abs=1e-7)

    def test_holds_a_simulated_path(self):
        """Recovery: the largest deviation along a path through eight dimensions, 40,000 draws."""
        rng = np.random.default_rng(13)
        theta = np.linspace(0, 1, 200)[:, None]
        path = np.sin(theta * rng.uniform(1, 5, 8) + rng.uniform(0, 6, 8))
        path /= np.linalg.norm(path, axis=1, keepdims=True)
        length = path_length((path[1:] * path[:-1]).sum(axis=1), np.ones(200))
        largest = np.abs(path @ rng.normal(size=(8, 40_000))).max(axis=0)
        # The standard error of the share is 0.1 %; the formula is an upper bound, nearly reached.
        assert 0.948 < (largest < tube(length)).mean() < 0.958


class TestCurveBand:
    def test_is_the_envelope_of_curves_in_the_ellipse(self, fitted):
        """Identity: Thissen & Wainer's envelope, found by going round the ellipse."""
        band = curve_band(THETA, fitted, simultaneous=True)
        angle = np.linspace(0, 2 * np.pi, 2000)
        circle = scheffe(2) * np.stack([np.cos(angle), np.sin(angle)])
        for j, covariance in enumerate(fitted.item_covariance()):
            a, d = np.linalg.cholesky(covariance) @ circle
            drawn = np.multiply.outer(THETA, fitted.items.discrimination[j] + a) + fitted.items.intercept[j] + d
            # 2,000 points miss the extreme by 1e-6 of its distance.
            np.testing.assert_allclose(band.lower[:, j], expit(drawn.min(axis=1)), atol=1e-5)
            np.testing.assert_allclose(band.upper[:, j], expit(drawn.max(axis=1)), atol=1e-5)

    def test_whole_curves_need_more_than_points(self, fitted, four):
        for calibration in (fitted, four):
            point, whole = (curve_band(THETA, calibration, simultaneous=choice) for choice in (False, True))
            assert (whole.lower < point.lower).all()
            assert (point.upper < whole.upper).all()
            assert (point.lower < point.probability).all()
            assert (point.simultaneous, whole.simultaneous) == (False, True)

    def test_errors_of_asymptotes_count(self, four):
        """Reference: the spread of the log-odds over 200,000 draws with errors a tenth as large."""
        small = replace(four, covariance=four.covariance / 100)
        band = curve_band(THETA, small)
        rng, j = np.random.default_rng(14), 2
        mean = [getattr(four.items, name)[j] for name in four.items.__slots__[1:]]
        a, d, g, u = rng.multivariate_normal(mean, small.item_covariance()[j], 200_000).T
        for i in (0, 8, 16):
            spread = logit(g + (u - g) * expit(a * THETA[i] + d)).std()
            half = (logit(band.upper[i, j]) - logit(band.lower[i, j])) / 2
            # The standard deviation of the draws is good to 0.2 %, the line to 1 % at these sizes.
            assert half / 1.959964 == pytest.approx(spread, rel=0.02)

    def test_fixed_parameters_leave_nothing_open(self, fitted):
        held = replace(fitted, covariance=np.zeros((10, 10)))
        for simultaneous in (False, True):
            band = curve_band(THETA, held, simultaneous=simultaneous)
            np.testing.assert_allclose(band.lower, band.probability, atol=1e-15)
            np.testing.assert_allclose(band.upper, band.probability, atol=1e-15)

    def test_unknown_errors_are_nan(self, fitted):
        covariance = fitted.covariance.copy()
        covariance[:2] = covariance[:, :2] = np.nan
        band = curve_band(THETA, replace(fitted, covariance=covariance), simultaneous=True)
        assert np.isnan(band.lower[:, 0]).all()
        assert np.isfinite(band.probability).all()
        assert np.isfinite(band.lower[:, 1:]).all()


class TestScoreBand:
    def test_variance_is_that_of_the_sum(self, fitted):
        """Reference: the spread of the expected score over 50,000 draws with errors a tenth as large."""
        small = replace(fitted, covariance=fitted.covariance / 100)
        band = expected_score_band(THETA, small)
        rng = np.random.default_rng(15)
        flat = np.stack([fitted.items.discrimination, fitted.items.intercept], axis=1).ravel()
        a, d = rng.multivariate_normal(flat, small.covariance, 50_000).reshape(-1, 5, 2).transpose(2, 0, 1)
        for i in (2, 8, 14):
            spread = logit(expit(a * THETA[i] + d).sum(axis=1) / 5).std()
            half = (logit(band.upper[i] / 5) - logit(band.lower[i] / 5)) / 2
            # Draws: 0.3 %; the move for flat curves is a hundredth of what it is at full size.
            assert half / 1.959964 == pytest.approx(spread, rel=0.03)

    @pytest.mark.parametrize("simultaneous", [False, True])
    def test_lies_between_no_and_full_marks(self, fitted, four, simultaneous):
        for calibration in (fitted, four):
            band = expected_score_band(THETA, calibration, simultaneous=simultaneous)
            np.testing.assert_allclose(band.expected, expected_score(THETA, calibration.items), rtol=1e-14)
            assert (band.lower > 0).all()
            assert (band.lower < band.expected).all()
            assert (band.expected < band.upper).all()
            assert (band.upper < 5).all()

    def test_one_unknown_error_leaves_no_band(self, fitted):
        covariance = fitted.covariance.copy()
        covariance[:2] = covariance[:, :2] = np.nan
        band = expected_score_band(THETA, replace(fitted, covariance=covariance), simultaneous=True)
        assert np.isnan(band.lower).all()
        assert np.isfinite(band.expected).all()


@pytest.mark.parametrize("simultaneous", [False, True])
@pytest.mark.parametrize("band", [curve_band, expected_score_band])
def test_no_band_at_the_end_of_a_curve(fitted, four, band, simultaneous):
    for calibration in (fitted, four):
        with np.errstate(all="raise", under="ignore"):
            found = band([np.inf, 0.0, -np.inf, np.nan], calibration, simultaneous=simultaneous)
            nothing = band([], calibration, simultaneous=simultaneous)
        assert np.isnan([found.lower[[0, 2, 3]], found.upper[[0, 2, 3]]]).all()
        assert np.isfinite([found.lower[1], found.upper[1]]).all()
        assert len(nothing.lower) == 0


class TestDifficultyInterval:
    def test_ends_where_the_band_leaves_one_half(self, fitted):
        lower, upper = difficulty_interval(fitted)
        bounded = np.isfinite(lower) & np.isfinite(upper)
        assert bounded.any()
        for j in np.flatnonzero(bounded):
            assert lower[j] < fitted.items.difficulty[j] < upper[j]
            ends = curve_band([lower[j], upper[j]], fitted)
            assert ends.upper[0, j] == pytest.approx(0.5, abs=1e-9)
            assert ends.lower[1, j] == pytest.approx(0.5, abs=1e-9)

    def test_a_weak_item_may_lie_anywhere(self, fitted):
        slopes = fitted.items.discrimination * np.array([0.1, 1, 1, 1, 0])
        lower, upper = difficulty_interval(replace(fitted, items=replace(fitted.items, discrimination=slopes)))
        assert np.isinf(lower).tolist() == np.isinf(upper).tolist() == [True, False, False, False, True]

    def test_is_the_usual_one_where_much_is_known(self, fitted):
        known = replace(fitted, covariance=fitted.covariance / 1e6)
        lower, upper = difficulty_interval(known)
        np.testing.assert_allclose((upper - lower) / 2, 1.959964 * fitted.standard_errors.difficulty / 1e3, rtol=1e-4)


def test_intervals_hold_what_they_promise():
    """Recovery: a small part of benchmarks/coverage.py. Limits: 93 and 97 %, and four standard errors of 60 exams."""
    for name, (coverage, error) in study("2PL", 250, 12, 60).items():
        # An interval that held in all exams has an error of 0: then one exam in a hundred.
        room = 4 * max(error, 0.01)
        assert 0.93 - room < coverage < 0.97 + room, name
