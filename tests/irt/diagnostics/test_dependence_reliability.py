"""Q3 and the reliability of ability estimates, on LSAT6 and LSAT7."""

import numpy as np
import pytest

from irt import ItemParameters
from irt.calibration import calibrate
from irt.diagnostics import empirical_reliability, marginal_reliability, q3
from irt.errors import ResponsesError
from irt.samples import LSAT6_COUNTS, LSAT7_COUNTS, lsat, simulate_2pl
from irt.scoring import AbilityEstimates, estimate_abilities


def fitted(counts):
    matrix = lsat(counts)
    calibration = calibrate(matrix)
    return matrix, calibration, estimate_abilities(matrix, calibration)


@pytest.fixture(scope="module")
def lsat6():
    return fitted(LSAT6_COUNTS)


@pytest.fixture(scope="module")
def lsat7():
    return fitted(LSAT7_COUNTS)


# R> m <- mirt(expand.table(LSAT7), 1, "2PL", quadpts = 61, TOL = 1e-8); residuals(m, type = "Q3"); empirical_rxx(
#    fscores(m, full.scores.SE = TRUE)); marginal_rxx(m)      # mirt 1.45.1
# The fits agree to about 1e-6, so do what follows from them.
FITTED = 1e-5


def test_reference_q3(lsat7):
    values, n = q3(*lsat7)
    first = [-0.13448365, -0.21373527, -0.012105381, 0.0086957659]
    np.testing.assert_allclose(values[0, 1:], first, atol=FITTED)
    assert np.isnan(np.diag(values)).all()
    assert (n == 1000).all()


def test_reference_empirical_reliability(lsat6, lsat7):
    assert empirical_reliability(lsat6[2]) == pytest.approx(0.30108915, abs=FITTED)
    assert empirical_reliability(lsat7[2]) == pytest.approx(0.45230498, abs=FITTED)


def test_reference_marginal_reliability(lsat6, lsat7):
    assert marginal_reliability(lsat6[1]) == pytest.approx(0.29894921, abs=FITTED)
    assert marginal_reliability(lsat7[1]) == pytest.approx(0.44181901, abs=FITTED)


def test_recovery_q3_sees_a_copied_item_and_items_left_out_are_nan():
    items = ItemParameters.from_arrays(
        [f"q{j}" for j in range(15)], np.full(15, 1.2), difficulty=np.linspace(-1, 1, 15)
    )
    scores = simulate_2pl(800, items, seed=6).scores.copy()
    copied = np.random.default_rng(7).random(800) < 0.6
    scores[copied, 5] = scores[copied, 4]
    scores[:, 9] = 1
    from irt import ResponseMatrix

    matrix = ResponseMatrix.from_array(scores)
    calibration = calibrate(matrix)
    values, _ = q3(matrix, calibration, estimate_abilities(matrix, calibration))
    assert np.nanargmax(values) in (4 * 15 + 5, 5 * 15 + 4)
    assert values[4, 5] > 0.4
    assert np.isnan(values[9]).all()
    np.testing.assert_allclose(values, values.T, atol=1e-12)


def test_nobody_has_no_reliability():
    nobody = AbilityEstimates(("a",), np.zeros(1), np.ones(1), "EAP", np.array([3]))
    assert np.isnan(empirical_reliability(nobody))


def test_identity_weights_are_persons(lsat7):
    matrix, calibration, abilities = lsat7
    from irt import ResponseMatrix

    rows, weights = np.unique(matrix.scores, axis=0, return_counts=True)
    patterns = estimate_abilities(ResponseMatrix.from_array(rows), calibration)
    weighted = empirical_reliability(patterns, weights.astype(float))
    assert weighted == pytest.approx(empirical_reliability(abilities), abs=1e-10)  # sums in another order
    assert np.isnan(empirical_reliability(patterns, np.zeros(len(rows))))


def test_identity_the_scale_of_the_population_does_not_matter(lsat7):
    from dataclasses import replace

    from irt.calibration.result import Population

    calibration = lsat7[1]
    slopes, intercepts = calibration.items.discrimination / 2, calibration.items.intercept
    # The same exam on a scale with theta' = 2 theta + 1.
    items = ItemParameters.from_arrays(calibration.items.item_ids, slopes, intercept=intercepts - slopes)
    moved = replace(calibration, items=items, population=Population(mean=1.0, sd=2.0))
    # Another grid of the same rule, whose error is below 3e-9.
    assert marginal_reliability(moved) == pytest.approx(marginal_reliability(calibration), abs=1e-8)


def test_identity_q3_of_persons_with_an_ability(lsat6):
    matrix, calibration, _ = lsat6
    likeliest = estimate_abilities(matrix, calibration, "ML")
    known = np.isfinite(likeliest.theta)
    part = matrix.take(persons=known)
    values, n = q3(matrix, calibration, likeliest)
    alone, n_alone = q3(part, calibration, estimate_abilities(part, calibration, "ML"))
    assert known.sum() == 1000 - 298 - 3  # all right and all wrong have no maximum
    np.testing.assert_array_equal(n, n_alone)
    np.testing.assert_allclose(values, alone, atol=1e-12)


def test_identity_q3_of_the_items_that_are_there(lsat6):
    matrix, calibration, abilities = lsat6
    some = [4, 0, 2]
    values, _ = q3(matrix.take(items=np.array(some)), calibration, abilities)
    np.testing.assert_allclose(values, q3(matrix, calibration, abilities)[0][np.ix_(some, some)], atol=1e-12)


def test_message_q3_of_other_persons(lsat6):
    matrix, calibration, abilities = lsat6
    with pytest.raises(ResponsesError, match="1000 abilities for 5 students"):
        q3(matrix.take(persons=np.arange(5)), calibration, abilities)


def test_no_reliability_where_nothing_varies():
    sure = AbilityEstimates(("a", "b"), np.zeros(2), np.zeros(2), "EAP", np.ones(2, dtype=np.int64))
    assert np.isnan(empirical_reliability(sure))


def test_message_weights_of_other_persons(lsat6):
    with pytest.raises(ResponsesError, match="1000 abilities, but 3 weights"):
        empirical_reliability(lsat6[2], np.ones(3))
