"""Differential item functioning by logistic regression."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import chi2 as chi_squared
from unfair_exams import exam

from irt import ResponseMatrix
from irt.comparing import Strata, logistic_dif, mantel_haenszel, share_difference


def highest(columns, answers):
    """Largest log-likelihood of a logistic regression, by an optimiser that knows nothing of groups or levels."""
    design = np.column_stack([np.ones(len(answers)), *columns])

    def loss(b):
        z = design @ b
        return np.logaddexp(0, z).sum() - answers @ z, design.T @ (1 / (1 + np.exp(-z)) - answers)

    found = minimize(loss, np.zeros(design.shape[1]), jac=True, method="BFGS", options={"gtol": 1e-7})
    return -found.fun


@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_identity_with_the_written_out_likelihood(missing):
    matrix, focal, everybody = exam(400, 5, steeper=[3], harder=[8], missing=missing)
    found = logistic_dif(matrix, focal, everybody)
    answered = matrix.scores >= 0
    share = (matrix.scores == 1).sum(axis=1) / np.maximum(answered.sum(axis=1), 1)
    score = np.rint(share * 12)
    for j in (0, 3, 8):
        who = answered[:, j]
        y, s, g = matrix.scores[who, j].astype(float), score[who] / 6 - 1, focal[who].astype(float)
        alone, uniform, both = (highest(columns, y) for columns in ([s], [s, g], [s, g, s * g]))
        empty = highest([], y)
        # 1e-6: the optimiser stops at a gradient of 1e-7
        assert found.chi2[j] == pytest.approx(2 * (both - alone), abs=1e-6)
        assert found.chi2_uniform[j] == pytest.approx(2 * (uniform - alone), abs=1e-6)
        assert found.chi2_nonuniform[j] == pytest.approx(2 * (both - uniform), abs=1e-6)
        assert found.p_value[j] == pytest.approx(chi_squared.sf(found.chi2[j], 2), rel=1e-9)
        r2 = [(1 - np.exp(2 * (empty - top) / len(y))) / (1 - np.exp(2 * empty / len(y))) for top in (alone, both)]
        assert found.effect[j] == pytest.approx(r2[1] - r2[0], abs=1e-8)


def test_identity_anchors_make_the_score():
    matrix, focal, everybody = exam(400, 5, harder=[8])
    anchors = np.arange(12) < 6
    found = logistic_dif(matrix, focal, everybody, anchors)
    for j, items in ((2, list(range(6))), (9, [*range(6), 9])):
        y, s, g = matrix.scores[:, j].astype(float), matrix.scores[:, items].sum(axis=1) / 3 - 1, focal.astype(float)
        assert found.chi2_uniform[j] == pytest.approx(2 * (highest([s, g], y) - highest([s], y)), abs=1e-6)


def test_recovery_a_slope_that_differs_is_not_uniform_and_a_difficulty_is():
    matrix, focal, everybody = exam(3000, 21, steeper=[5], harder=[9])
    found = logistic_dif(matrix, focal, everybody)
    assert found.p_value_nonuniform[5] < 1e-4
    assert found.p_value_uniform[9] < 1e-6
    assert found.p_value_nonuniform[9] > 0.01
    assert mantel_haenszel(matrix, focal, everybody).delta[9] < -1
    assert found.effect_class[9] in "BC"


def test_recovery_fair_items_are_called_unfair_as_often_as_said():
    """400 tests at 5 %; the number below .05 has a standard deviation of 4.4 (items of an exam are nearly independent).

    The groups are equally able: with different abilities the score of a short exam is no perfect match.
    """
    p_values = [logistic_dif(*exam(600, 100 + 3 * k, n_items=40, apart=0.0)).p_value for k in range(10)]
    assert 20 - 3 * 4.4 < (np.concatenate(p_values) < 0.05).sum() < 20 + 3 * 4.4


def test_invariant_swapping_the_groups_changes_nothing():
    matrix, focal, everybody = exam(500, 5, steeper=[3], harder=[8])
    one, other = logistic_dif(matrix, focal, everybody), logistic_dif(matrix, ~focal, everybody)
    np.testing.assert_allclose(one.chi2, other.chi2, atol=1e-8)
    np.testing.assert_allclose(one.chi2_uniform, other.chi2_uniform, atol=1e-8)


def test_identity_a_weight_of_two_is_the_row_twice():
    matrix, focal, everybody = exam(200, 5)
    double = ResponseMatrix.from_array(matrix.scores, weights=np.full(200, 2.0))
    twice = ResponseMatrix.from_array(np.vstack([matrix.scores, matrix.scores]))
    pair = np.r_[focal, focal], np.r_[everybody, everybody]
    for compare in (logistic_dif, mantel_haenszel):
        np.testing.assert_allclose(compare(double, focal, everybody).chi2, compare(twice, *pair).chi2, rtol=1e-9)


def tables(*columns):
    """One item from its right and wrong answers of the reference, then of the focal group, by level."""
    return Strata(*(np.array(column, dtype=float)[:, None] for column in columns))


PARTED = {
    "nobody of a group right": (([0, 3, 5], [4, 2, 1], [0, 0, 0], [2, 4, 1]), "are alike"),
    "no such group": (([0, 3, 5], [4, 2, 1], [0, 0, 0], [0, 0, 0]), "are alike"),
    "a level parts a group": (([0, 3, 5], [4, 2, 1], [0, 1, 6], [5, 2, 0]), "parts right from wrong"),
    "a group at one level": (([0, 3, 5], [4, 2, 1], [0, 6, 0], [0, 4, 0]), "parts right from wrong"),
}


@pytest.mark.parametrize("case", PARTED)
@pytest.mark.filterwarnings("error")
def test_message_no_finite_estimate(case):
    from irt.comparing.logistic import logistic_tests

    columns, words = PARTED[case]
    found = logistic_tests(tables(*columns))
    assert np.isnan([found.chi2[0], found.p_value[0], found.chi2_nonuniform[0], found.effect[0]]).all()
    assert words in found.reasons[0]
    # one slope for both groups can be had as long as neither group is one-sided
    assert np.isnan(found.chi2_uniform[0]) == ("alike" in words)


def test_there_is_no_reason_where_there_is_a_test():
    from irt.comparing.logistic import logistic_tests

    found = logistic_tests(tables([1, 3, 5], [4, 2, 1], [1, 2, 6], [5, 2, 1]))
    assert found.reasons == ("",)
    assert np.isfinite(found.chi2).all()


def test_reference_share_difference_by_hand():
    # focal 10 at level 1, 30 at level 2; the gaps are .3 - .5 and .6 - .7: (10 * -.2 + 30 * -.1) / 40
    found = share_difference(tables([5, 14], [5, 6], [3, 18], [7, 12]))
    assert found.difference[0] == pytest.approx(-0.125, abs=1e-12)


def test_identity_error_of_the_share_difference_is_that_of_dealing_answers_at_random():
    counts = np.array([[4, 2], [3, 5], [2, 6], [2, 3]])  # right and wrong of both groups at two levels
    said = share_difference(tables(*counts)).se[0]
    rng = np.random.default_rng(3)
    n_reference, n_focal = counts[0] + counts[1], counts[2] + counts[3]
    right = rng.hypergeometric(counts[0] + counts[2], counts[1] + counts[3], n_focal, size=(200_000, 2))
    gap = right / n_focal - (counts[0] + counts[2] - right) / n_reference
    # 200,000 deals know a standard deviation to 0.16 %
    assert said == pytest.approx(np.std(gap @ n_focal / n_focal.sum()), rel=0.006)
