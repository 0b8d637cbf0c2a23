"""Identity, recovery and message: items held at given values, with and without a free population."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.special import expit

from irt import FitError, ItemParameters, Population, ResponseMatrix, TooFewAnswersError, calibrate
from irt.calibration.file import from_dict, to_dict


@pytest.fixture(scope="module")
def made():
    """3,000 able persons of wide spread (mean 0.8, standard deviation 1.3), and the items that they answered."""
    rng = np.random.default_rng(9)
    a, b, theta = rng.lognormal(0.1, 0.3, 10), rng.normal(0, 1, 10), rng.normal(0.8, 1.3, 3000)
    scores = (rng.random((3000, 10)) < expit(a * (theta[:, None] - b))).astype(int)
    matrix = ResponseMatrix.from_array(scores)
    return matrix, ItemParameters.from_arrays(matrix.item_ids, a, difficulty=b)


@pytest.fixture(scope="module")
def anchored(made):
    matrix, items = made
    return calibrate(matrix, fixed_items=items.take(range(5)), free_population=True)


class TestFreePopulation:
    def test_population_is_recovered(self, anchored):
        found = anchored.population
        assert not found.standard
        # About 1.3 / sqrt(3000), with what is not known of single abilities.
        assert 0.02 < found.mean_se < 0.04
        assert 0.02 < found.sd_se < 0.04
        assert abs(found.mean - 0.8) < 3 * found.mean_se
        assert abs(found.sd - 1.3) < 3 * found.sd_se

    def test_items_come_out_on_the_scale_of_the_fixed_ones(self, anchored, made):
        z = (anchored.items.difficulty - made[1].difficulty)[5:] / anchored.standard_errors.difficulty[5:]
        assert np.abs(z).max() < 3.5

    def test_fixed_items_stay_and_have_no_error(self, anchored, made):
        np.testing.assert_array_equal(anchored.items.discrimination[:5], made[1].discrimination[:5])
        np.testing.assert_array_equal(anchored.items.intercept[:5], made[1].intercept[:5])
        np.testing.assert_array_equal(anchored.standard_errors.discrimination[:5], 0)
        np.testing.assert_array_equal(anchored.standard_errors.difficulty[:5], 0)
        assert (anchored.standard_errors.discrimination[5:] > 0).all()
        assert (anchored.covariance[:10] == 0).all()

    def test_counts_what_is_free(self, anchored):
        assert anchored.status.code == "converged"
        assert anchored.n_parameters == 2 * 5 + 2

    def test_file(self, anchored):
        again = from_dict(json.loads(json.dumps(to_dict(anchored), allow_nan=False)))
        assert again.population == anchored.population


def test_items_held_at_their_estimates_change_nothing(made):
    matrix, _ = made
    free = calibrate(matrix)
    held = calibrate(matrix, fixed_items=free.items.take([0, 3, 7]))
    # Twice the tolerance of the fit.
    np.testing.assert_allclose(held.items.discrimination, free.items.discrimination, atol=5e-6)
    np.testing.assert_allclose(held.items.intercept, free.items.intercept, atol=5e-6)
    assert held.log_likelihood == pytest.approx(free.log_likelihood, abs=1e-6)
    assert held.population == Population()
    at_their_estimates = calibrate(matrix, fixed_items=free.items.take([0, 3, 7]), free_population=True)
    # The estimates were made for mean 0 and standard deviation 1, which are the best for them.
    assert at_their_estimates.population.mean == pytest.approx(0, abs=5e-6)
    assert at_their_estimates.population.sd == pytest.approx(1, abs=5e-6)


def test_one_common_slope_is_that_of_the_fixed_items(made):
    matrix, items = made
    equal = ItemParameters.from_arrays(matrix.item_ids[:3], [0.9, 0.9, 0.9], difficulty=items.difficulty[:3])
    fitted = calibrate(matrix, "1PL", fixed_items=equal, free_population=True)
    np.testing.assert_array_equal(fitted.items.discrimination, 0.9)
    assert fitted.n_parameters == 7 + 2
    with pytest.raises(FitError, match="1PL has one slope for all items, but the fixed items have several"):
        calibrate(matrix, "1PL", fixed_items=items.take([0, 1]))


def test_fixed_items_with_guessing_in_a_2pl(made):
    matrix, _ = made
    guessed = ItemParameters.from_arrays(matrix.item_ids[:1], [1.0], difficulty=[0.0], guessing=[0.2])
    fitted = calibrate(matrix, fixed_items=guessed)
    assert fitted.items.guessing[0] == pytest.approx(0.2, abs=1e-15)
    assert (fitted.items.guessing[1:] == 0).all()
    assert fitted.covariance.shape == (20, 20)


def test_a_constant_item_can_be_held(made):
    matrix, items = made
    scores = matrix.scores.copy()
    scores[:, 0] = 1
    fitted = calibrate(ResponseMatrix.from_array(scores), fixed_items=items.take([0, 1]))
    assert len(fitted.items) == 10
    assert fitted.status.code == "converged"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"item_ids": ("a", "b")}, "None of the fixed items is among the items"),
        ({"discrimination": [np.nan, 1]}, "fixed values of item Item_1 cannot be held"),
        ({"discrimination": [1, 50]}, "fixed values of item Item_2 cannot be held.*within 40 of 0"),
        ({"guessing": [0.5, 0.2], "upper_asymptote": [0.5, 1]}, "guessing below its upper asymptote"),
        ({"item_ids": ("Item_1", "Item_1")}, "held fixed twice"),
    ],
)
def test_values_that_cannot_be_held(made, change, words):
    values = {"item_ids": ("Item_1", "Item_2"), "discrimination": [1.0, 1.0], "intercept": [0.0, 0.0]} | change
    with pytest.raises(FitError, match=words):
        calibrate(made[0], fixed_items=ItemParameters.from_arrays(**values))


def test_nothing_left_to_estimate(made):
    matrix, items = made
    with pytest.raises(TooFewAnswersError, match="held fixed, so there is nothing to estimate"):
        calibrate(matrix, fixed_items=items)
    assert calibrate(matrix, fixed_items=items, free_population=True).n_parameters == 2


@pytest.mark.parametrize("n", [1, 40])
def test_students_who_do_not_differ_have_no_spread_to_estimate(made, n):
    alike = ResponseMatrix.from_array(np.tile([1, 0] * 5, (n, 1)), item_ids=made[1].item_ids[:10])
    with pytest.raises(TooFewAnswersError, match="differ no more than chance"):
        calibrate(alike, fixed_items=made[1], free_population=True)


def test_a_free_population_needs_fixed_items(made):
    with pytest.raises(FitError, match="can only be free where items held fixed set the scale"):
        calibrate(made[0], free_population=True)
