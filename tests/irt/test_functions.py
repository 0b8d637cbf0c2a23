"""Curves and information: reference digits, derivative, invariants."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from irt import ItemParameters, calibrate, expected_score, irf, item_information
from irt import test_information as total_information
from irt.functions import irf_derivatives, log_irf


@pytest.fixture
def items():
    return ItemParameters.from_arrays(
        ["plain", "steep", "reversed", "guessed", "capped"],
        [1.0, 3.0, -1.2, 1.5, 0.8],
        difficulty=[0.0, 1.0, -0.5, 0.7, -1.0],
        guessing=[0, 0, 0, 0.25, 0.1],
        upper_asymptote=[1, 1, 1, 1, 0.9],
    )


THETA = np.linspace(-5, 5, 41)


def test_information_of_lsat6(lsat6):
    # testinfo(mirt(LSAT6, 1, "2PL"), seq(-3, 3, .5)); parameters agree to 1e-6.
    expected = [
        0.52990055, 0.56287166, 0.57887993, 0.5781329, 0.55920053, 0.51980219, 0.46018317,
        0.38595449, 0.30700774, 0.2332137, 0.17084052, 0.12188534, 0.08540412,
    ]  # fmt: skip
    fitted = calibrate(lsat6)
    np.testing.assert_allclose(total_information(np.arange(-3, 3.1, 0.5), fitted.items), expected, atol=2e-6)
    # iteminfo of each item at 0.
    at_zero = [0.037720432, 0.10316621, 0.19536681, 0.080443071, 0.043486644]
    np.testing.assert_allclose(item_information(0.0, fitted.items)[0], at_zero, atol=1e-6)


def test_curve_passes_half_way_at_the_difficulty(items):
    middle = (items.guessing + items.upper_asymptote) / 2
    np.testing.assert_allclose(np.diag(irf(items.difficulty, items)), middle, rtol=1e-14)


def test_shape_and_limits(items):
    p = irf(THETA, items)
    assert p.shape == (41, 5)
    assert (p > items.guessing).all()
    assert (p < items.upper_asymptote).all()
    assert (np.sign(np.diff(p, axis=0)) == np.sign(items.discrimination)).all()


def test_information_is_squared_slope_over_variance(items):
    """Derivative: central differences of the curve, good to 1e-9 at this step."""
    step = 1e-5
    slope = (irf(THETA + step, items) - irf(THETA - step, items)) / (2 * step)
    p = irf(THETA, items)
    np.testing.assert_allclose(item_information(THETA, items), slope**2 / (p * (1 - p)), rtol=1e-6, atol=1e-12)


def test_information_of_the_2pl_has_one_top_at_the_difficulty(items):
    two = items.take([0, 1, 2])
    information = item_information(np.linspace(-6, 6, 2401), two)
    turns = np.diff(np.sign(np.diff(information, axis=0)), axis=0) != 0
    np.testing.assert_array_equal(turns.sum(axis=0), 1)
    np.testing.assert_allclose(np.linspace(-6, 6, 2401)[information.argmax(axis=0)], two.difficulty, atol=0.005)
    np.testing.assert_allclose(np.diag(item_information(two.difficulty, two)), two.discrimination**2 / 4, rtol=1e-12)


def test_expected_score_rises_and_adds_up(items):
    rising = items.take([0, 1, 3, 4])
    score = expected_score(THETA, rising)
    assert (np.diff(score) > 0).all()
    np.testing.assert_allclose(score, irf(THETA, rising).sum(axis=1), rtol=1e-14)


def test_logarithms_keep_their_digits_in_the_tails(items):
    right, wrong = log_irf(THETA, items)
    np.testing.assert_allclose(np.exp(right), irf(THETA, items), rtol=1e-12)
    np.testing.assert_allclose(np.exp(wrong), 1 - irf(THETA, items), rtol=1e-9)
    far = log_irf(60.0, items.take([0]))[1][0, 0]
    assert far == pytest.approx(-60.0, abs=1e-12)


def test_derivatives_by_the_parameters_equal_finite_differences(items):
    step, found = 1e-6, irf_derivatives(THETA, items)
    for k, name in enumerate(("discrimination", "intercept", "guessing", "upper_asymptote")):
        up = replace(items, **{name: getattr(items, name) + step})
        down = replace(items, **{name: getattr(items, name) - step})
        numeric = (irf(THETA, up) - irf(THETA, down)) / (2 * step)
        np.testing.assert_allclose(found[k], numeric, atol=1e-8, err_msg=name)


def test_scalar_ability(items):
    np.testing.assert_array_equal(irf(0.5, items), irf([0.5], items))


def test_no_items():
    none = ItemParameters.from_arrays([], [], difficulty=[])
    assert irf(THETA, none).shape == (41, 0)
    np.testing.assert_array_equal(total_information(THETA, none), 0.0)
